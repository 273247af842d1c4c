"""The nets that PEARL's tables and figures need, for each data set and scale."""

from __future__ import annotations

from lab.nets.zoo import NetName
from lab.training.plans import NETS, PAPER_CROP

DERAINERS = ("prenet", "rescan", "mprnet", "transweather")  # the paper's four; the first makes its tables here
SETS = ("scenes", "objects", "camvid", "cityscapes", "voc")  # that its displays are made on
RECIPES = ("clean", "sat", "derain", "nat", "pearl", "pearl_ama")
BEHIND = ("derain", "nat", "pearl", "pearl_ama")  # what a derainer of its own needs beside the clean segmenter


def core(dataset: str, seeds: int) -> list[NetName]:
    """The six nets of table 1, with PReNet and PSPNet."""
    return [NetName(dataset, recipe, seed=seed) for seed in range(seeds) for recipe in RECIPES]


def derained(dataset: str, recipes: tuple[str, ...]) -> list[NetName]:
    """Those recipes with each of the other derain nets."""
    return [NetName(dataset, recipe, derain) for derain in DERAINERS[1:] for recipe in recipes]


def unseen(dataset: str, segmenter: str, derain_on: str | None = None) -> list[NetName]:
    """A segmenter that PReNet's derainers never met, and the one that NAT makes behind the plain derainer."""
    names = [NetName(dataset, "clean", segmenter=segmenter)]
    return [*names, NetName(dataset, "nat", segmenter=segmenter, derain_on=derain_on)]


def nets(dataset: str, scale: str) -> list[NetName]:
    """What the displays need on that data set, each net after those it is trained from."""
    if dataset not in SETS:
        return []
    if scale == "paper" or dataset in PAPER_CROP:
        whole = [*core(dataset, seeds=1), *derained(dataset, BEHIND), *unseen(dataset, "deeplabv3")]
        if dataset == "cityscapes":
            return whole + unseen("voc", "pspnet", derain_on="cityscapes")
        elsewhere = unseen("objects", "pspnet", derain_on=dataset)[1:]  # small: its clean segmenter is shipped
        return whole + (elsewhere if scale == "small" else [])
    if dataset == "objects":
        return unseen("objects", "pspnet", derain_on="scenes")
    if dataset == "scenes":
        others = [*derained("scenes", BEHIND), *unseen("scenes", "deeplabv3"), *nets("objects", scale)]
        return [*core("scenes", seeds=3), *others]
    elsewhere = unseen("objects", "pspnet", derain_on=dataset)[1:]
    return [
        *core(dataset, seeds=1),
        *derained(dataset, ("derain", "pearl_ama")),
        *unseen(dataset, "deeplabv3"),
        *elsewhere,
    ]


NETS.add("pearl", nets)
