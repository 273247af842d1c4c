"""Attacks against the authors' own code, on a net of five layers: every point looked at, in float64 (`published`)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pearl_core.attacks import objectives as loss
from pearl_core.attacks import zoo
from pearl_core.attacks.alma import AlmaProx, Best, Step, proximal
from pearl_core.attacks.balls import L2, Linf
from pearl_core.attacks.compose import Ascent, ascend
from pearl_core.attacks.objectives import minus
from pearl_core.attacks.searches import FixedSteps
from pearl_core.layers import IMAGENET_MEAN, IMAGENET_STD, Normalize
from pearl_core.pipeline import Pipeline
from pearl_core.types import VOID
from tests import parity

MEAN, STD = np.array(IMAGENET_MEAN), np.array(IMAGENET_STD)  # in float64
SEA = {
    "ce-avg": loss.cross_entropy,
    "segpgd-loss": loss.balanced_cross_entropy,
    "cospgd-loss": loss.cosine_cross_entropy(torch.sigmoid),
    "js-avg": loss.published_jensen_shannon,
    "mask-ce-avg": loss.masked_cross_entropy,
    "mask-norm-corrlog-avg": loss.masked_spherical,
}
PACKAGE = {
    "pgd": (loss.cross_entropy, loss.cross_entropy),
    "segpgd": (loss.balanced_cross_entropy, loss.towards(loss.balanced_cross_entropy)),
    "cospgd": (loss.cosine_cross_entropy(), loss.towards(loss.cosine_cross_entropy())),
}
SEA_FILES = (*SEA, "mask-ce-bal-2024")


def network(known: dict, dtype=torch.float64) -> Pipeline:
    layers = nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=2, dilation=2), nn.ReLU()
    net = nn.Sequential(*layers, nn.Conv2d(8, 5, 1))
    return Pipeline(None, parity.filled(net, known["network"] | {"shared_entries": []})).to(dtype)


def problem(known: dict, run: dict, dtype=torch.float64):
    """The picture, the labels, and the numbers of the random start."""
    rule = known["problem"]["input"] | {"multiplier": 1}
    (x,) = parity.inputs({"inputs": [rule]})
    rows = known["problem"][f"label_rows_{run['parameters']['labels']}"]
    y = torch.tensor([[VOID if c == "v" else int(c) for c in row] for row in rows]).view(len(x), *x.shape[2:])
    u = np.random.RandomState(rule["seed"] + 200).uniform(0, 1, size=rule["shape"]).astype(np.float32)
    return x.to(dtype), y, torch.from_numpy(u).to(dtype)


def starting_at(attack: Ascent, uniform, monkeypatch) -> Ascent:
    """The attack with the fixture's random numbers in place of its own."""
    monkeypatch.setattr("pearl_core.attacks.problem.uniform_like", lambda images, seed, keys: uniform)
    return replace(attack, random_start=True)


def seen(net, points, y):
    """Accuracy and mean cross-entropy over the labelled pixels of each point and image."""
    accuracy, entropy = [], []
    for x in points:
        with torch.no_grad():
            logits = net(x).logits
        valid = y != VOID
        accuracy.append([(logits[i].argmax(0) == y[i])[valid[i]].double().mean().item() for i in range(len(x))])
        entropy.append([
            F.cross_entropy(logits[i : i + 1], y[i : i + 1], ignore_index=VOID).item() for i in range(len(x))
        ])  # fmt: skip
    return np.array(accuracy), np.array(entropy)


def looked_at(attack: Ascent, net, x, y, monkeypatch):
    """Every point the attack looks at, and what it returns."""
    points = []
    handle = net.register_forward_pre_hook(lambda _, given: points.append(given[0].detach().clone()))
    attacked = attack(net, x, y)
    handle.remove()
    return points, attacked


def assert_same_course(points, net, y, run) -> None:
    known = run["float64"]
    accuracy, entropy = seen(net, points[:: known.get("trace_every", 1)], y)
    wanted = {name: np.array(known["trace"][name]) for name in ("accuracy", "ce")}
    n = min(len(entropy), len(wanted["ce"]))
    np.testing.assert_allclose(entropy[:n], wanted["ce"][:n], rtol=0, atol=1e-9)
    np.testing.assert_array_equal(accuracy[:n], wanted["accuracy"][:n])
    places = known["final"]["adversarial"]["probe_index"]
    for at, values in known.get("points", {}).items():
        if int(at) < len(points):
            np.testing.assert_allclose(points[int(at)].flatten()[places], values, rtol=0, atol=1e-9)


def assert_same_end(attacked, final, atol=1e-9) -> None:
    known = final["adversarial"]
    np.testing.assert_allclose(attacked.flatten()[known["probe_index"]], known["probe_value"], rtol=0, atol=atol)


def runs(files):
    for file in files:
        for run in parity.fixture(f"attack-{file}")["runs"]:
            yield pytest.param(file, run["name"], id=f"{file}-{run['name']}")


def get(file: str, name: str):
    known = parity.fixture(f"attack-{file}")
    return known, next(run for run in known["runs"] if run["name"] == name)


def apgd_of(settings: dict) -> Ascent:
    objective = SEA.get(settings["loss"]) or loss.by_class(SEA["mask-ce-avg"], torch.tensor(settings["weights"]))
    made = zoo.apgd if settings["function"] == "apgd_train" else zoo.red_eps_apgd
    attack = made(255 * settings["eps"], settings["n_iter"], objective, protocol="published", random_start=False)
    return attack if settings["track_loss"] else replace(attack, track=objective)


@pytest.mark.parametrize("file, name", runs(f"apgd-{file}" for file in SEA_FILES))
def test_apgd_and_red_eps(file, name, monkeypatch):
    known, run = get(file, name)
    net, (x, y, u) = network(known), problem(known, run)
    attack = apgd_of(run["parameters"])
    attack = starting_at(attack, u, monkeypatch) if run["parameters"]["use_rs"] else attack
    points, attacked = looked_at(attack, net, x, y, monkeypatch)
    assert_same_course(points, net, y, run)
    assert_same_end(attacked, run["float64"]["final"])


@pytest.mark.parametrize("file, name", runs(f"apgd-{file}" for file in SEA_FILES))
def test_apgd_and_red_eps_in_float32(file, name, monkeypatch):
    known, run = get(file, name)
    if run["float32_vs_float64"]["max_abs"] > 1e-6:
        pytest.skip("a sign attack: the authors' own float32 and float64 runs part")
    net, (x, y, u) = network(known, torch.float32), problem(known, run, torch.float32)
    attack = apgd_of(run["parameters"])
    attack = starting_at(attack, u, monkeypatch) if run["parameters"]["use_rs"] else attack
    assert_same_end(attack(net, x, y), run["float32"]["final"], atol=1e-5)


@pytest.mark.parametrize("file, name", runs(f"cospgd-package-{name}" for name in PACKAGE))
def test_the_package_of_cospgd(file, name, monkeypatch):
    known, run = get(file, name)
    settings, net, (x, y, u) = run["parameters"], network(known), problem(known, run)
    plain, towards = PACKAGE[file.rsplit("-", 1)[1]]
    shape = {"inf": Linf, "two": L2}[settings["norm"]]
    objective = minus(towards) if settings["targeted"] else plain
    attack = ascend(objective, shape(settings["epsilon"]), FixedSteps(settings["alpha"], settings["iterations"]))
    if settings["start"] == "random":
        attack = starting_at(attack, u, monkeypatch)
    target = torch.full_like(y, 1) if settings["targeted"] else y
    points, attacked = looked_at(attack, net, x, target, monkeypatch)
    assert_same_course([*points, attacked], net, y, run)
    assert_same_end(attacked, run["float64"]["final"])


# ---- DDC-AT: radius and step in pixels, the net's input normalised ----


@pytest.mark.parametrize("file, name", runs(["ddcat-bim"]))
def test_bim_of_ddcat(file, name, monkeypatch):
    known, run = get(file, name)
    settings, (x, y, _) = run["parameters"], problem(known, run)
    norm = Normalize()
    norm.mean, norm.std = (torch.tensor(v).double().view(1, -1, 1, 1) for v in (MEAN, STD))
    net = Pipeline(None, nn.Sequential(norm, network(known).segment))
    eps, steps = 255 * settings["eps"], settings["k_number"]
    attack = zoo.ddcat_bim(eps, steps, protocol="published" if name.startswith("test") else "corrected")
    points, attacked = looked_at(attack, net, x, y, monkeypatch)
    if name.startswith("train"):  # theirs looks at each point twice
        points = [p for point in points for p in (point, point)]
    course = [*points, attacked]
    assert_same_course(course, net, y, run)
    assert_same_end(attacked, run["float64"]["final"])


# ---- ALMA-prox: on a net with kinks chaotic, so the first steps and the operator; on a smooth one to the end ----

ALMA = "alma-prox"
ALMA_LONG = "alma-prox-long"


def alma_of(settings: dict) -> AlmaProx:
    steps, threshold, towards = (settings[name] for name in ("num_steps", "adv_threshold", "targeted"))
    return zoo.alma_prox(steps, threshold, protocol="published", towards=towards)


@pytest.mark.parametrize("name", [p.values[1] for p in runs([ALMA]) if p.values[1].startswith("steps")])
def test_the_first_steps_of_alma_prox(name):
    known, run = get(ALMA, name)
    settings, net, (x, y, _) = run["parameters"], network(known), problem(known, run)
    target = torch.full_like(y, 1) if settings["targeted"] else y
    batches = [slice(0, 1), slice(1, 2)] if settings["labels"] == "void" else [slice(None)]  # as they were made
    walks = [alma_of(settings).walk(net, x[part], target[part]) for part in batches]
    points = [x + torch.cat([next(walk)[0] for walk in walks]) for _ in range(21)]
    assert_same_course(points, net, y, run)


def test_the_proximal_operator_of_alma_prox():
    known, run = get(ALMA, "prox-operator")
    x, _, _ = problem(known, known["runs"][0])
    g = np.random.RandomState(known["problem"]["input"]["seed"] + 300)
    draw = lambda *shape: torch.from_numpy(g.standard_normal(shape))  # noqa: E731
    delta, metric, weight = 0.05 * draw(*x.shape), 10 * draw(*x.shape).abs() + 0.1, 0.5 * draw(len(x)).abs() + 0.1
    points = (
        proximal(delta, 0.01 * weight, -x, 1 - x, together=True),
        proximal(delta, weight, -x, 1 - x, metric, together=True),
    )
    for ours, name in zip(points, ("without_metric", "with_metric"), strict=True):
        wanted = run["float64"][name]
        np.testing.assert_allclose(ours.flatten()[wanted["probe_index"]], wanted["probe_value"], rtol=0, atol=1e-12)
        np.testing.assert_allclose(ours.abs().amax((1, 2, 3)), run["float64"][f"linf_{name.split('_')[0]}"], atol=1e-12)


def smooth_network(known: dict) -> Pipeline:
    layers = nn.Conv2d(3, 8, 8, stride=8), nn.Tanh(), nn.Conv2d(8, 8, 3, padding=1), nn.Tanh(), nn.Conv2d(8, 5, 1)
    net = nn.Sequential(*layers, nn.Upsample(scale_factor=8, mode="bilinear", align_corners=True))
    return Pipeline(None, parity.filled(net, known["network"] | {"shared_entries": []}))


def watched(attack: AlmaProx, net, x, target) -> tuple[list[Step], list[np.ndarray]]:
    """The course of a batch, and at every step the multipliers and penalties that the loss used, (2, B, H, W)."""
    asked, used, course = [], [], []

    def slope(now, rho, mu):
        asked.append(torch.stack([mu, rho]).numpy())
        return attack.slope(now, rho, mu)

    for step in replace(attack, slope=slope).walk(net, x, target):
        course.append(step)
        used.append(asked[-1])
    return course, used


def assert_same_multipliers(used: np.ndarray, valid: np.ndarray, trace: dict) -> None:
    """Of every traced step and image, over the labelled pixels; `used` is (T, 2, B, H, W)."""
    for image, labelled in enumerate(valid):
        mu, rho = used[:, 0, image][:, labelled], used[:, 1, image][:, labelled]
        wanted = {name: np.array(values)[:, image] for name, values in trace.items()}
        np.testing.assert_allclose(mu.mean(1), wanted["mean_mu"], rtol=1e-9)
        np.testing.assert_allclose(rho.mean(1), wanted["mean_rho"], rtol=1e-10)
        np.testing.assert_array_equal((mu <= 1e-12).sum(1), wanted["mu_at_floor"])
        np.testing.assert_array_equal((mu < 1e-6).sum(1), wanted["mu_below_1e-6"])


@pytest.mark.parametrize("name", [p.values[1] for p in runs([ALMA_LONG])])
def test_alma_prox_from_the_picture_to_the_end(name):
    """Success early, late and never; pixels that are void, and pixels that may stay; multipliers at their floor."""
    known, run = get(ALMA_LONG, name)
    settings, wanted, net, (x, y, _) = run["parameters"], run["float64"], smooth_network(known), problem(known, run)
    attack, target = alma_of(settings), torch.full_like(y, 1) if settings["targeted"] else y
    parts = [slice(0, 1), slice(1, 2)] if settings["images"] == "one at a time" else [slice(None)]
    courses, used = zip(*(watched(attack, net, x[part], target[part]) for part in parts), strict=True)
    steps = [Step(*map(torch.cat, zip(*some, strict=True))) for some in zip(*courses, strict=True)]
    shares = torch.stack([step.share for step in steps])

    there = (shares >= attack.threshold).int()
    assert [int(t.argmax()) if t.any() else None for t in there.T] == run["first_success"]
    at, places = wanted["trace_steps"], wanted["final"]["adversarial"]["probe_index"]
    np.testing.assert_allclose(shares[at], wanted["trace"]["share"], rtol=0, atol=1e-7)  # which are float32
    for i, values in wanted["points"].items():
        np.testing.assert_allclose((x + steps[int(i)].delta).flatten()[places], values, rtol=0, atol=1e-11)
    assert_same_multipliers(np.concatenate(used, 2)[at], (y != VOID).numpy(), wanted["trace"])
    best = Best(x)
    for step in steps:
        best.offer(step.delta, step.share, attack.threshold)
    attacked = x + best.delta
    assert_same_end(attacked, wanted["final"], atol=1e-11)
    np.testing.assert_allclose((attacked - x).abs().amax((1, 2, 3)), wanted["final"]["linf"], rtol=0, atol=1e-11)
