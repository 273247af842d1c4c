"""How its nets are trained, and which there are."""

from __future__ import annotations

from lab.nets.zoo import NetName
from lab.training.plans import NETS, PLANS, Plan
from pearl_core.train import Schedule

PLANS.add(
    "toy_pairs",
    Plan(
        {"toy_net": {}},
        {},
        {"derain": Schedule(4, 1e-3), "toy_noise": Schedule(3, 1e-3)},
        batch=2,
        crop={"derain": 16, "toy_noise": 16},
    ),
)


def nets(dataset: str, scale: str) -> list[NetName]:
    recipes = ("derain", "toy_noise") if dataset == "toy_pairs" else ()
    return [NetName(dataset, recipe, "toy_net") for recipe in recipes]


NETS.add("toy", nets)
