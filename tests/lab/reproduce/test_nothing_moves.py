"""Nothing that is measured moves: addresses, numbers and files are those that `tests/fixtures/unmoved.json` recorded.

It was recorded before displays became objects and papers folders. What may change are words; a new fact may enter an
address only where it is not the default, so that what was measured once is found again.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from lab.measure import curves
from lab.measure.curves import CurveSetting, points
from lab.measure.store import address_of
from lab.measure.trial import Trial, cells_of
from lab.papers import PAPERS
from lab.papers.pearl import table1
from lab.papers.sea import strength
from lab.reports.experiment import Experiment
from lab.reports.tidy import tidy
from lab.reproduce import tables, verdicts
from lab.reproduce.verdict_report import summary
from lab.view import setting
from lab.view.seen import facts_of
from lab.view.session import prepared
from lab.view.setting import Setting
from pearl_core import precision
from pearl_core.metrics import METRICS

ROOT = Path(__file__).parents[3]
UNMOVED = json.loads((ROOT / "tests" / "fixtures" / "unmoved.json").read_text())
DATA = os.environ.get("PEARL_DATA")
CLASSES = {"scenes": 19, "objects": 21, "camvid": 11}
LONG = {"pearl/supplement", "pearl/table1"}  # reports with many intervals


@pytest.fixture(autouse=True)
def where_it_was_measured(tmp_path, monkeypatch):
    """The shipped nets, on a CPU that computes fast in bfloat16."""
    monkeypatch.setenv("PEARL_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PEARL_ZOO", raising=False)
    monkeypatch.setenv("PEARL_DEVICE", "cpu")
    monkeypatch.setattr(precision, "fast_dtype", lambda device="cpu": torch.bfloat16)


def display(key: str) -> Experiment:
    """The display of "pearl/table1"."""
    paper, name = key.split("/")
    return PAPERS[paper].experiment(name)


def csv(stem: str) -> Path:
    """The committed rows of "pearl/table1-scenes"."""
    return tables.SHIPPED / f"{stem}.csv"


def digest(thing: object) -> str:
    return hashlib.sha256(json.dumps(thing).encode()).hexdigest()[:16]


def hash_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def addresses(trials: Iterable[Trial], data_root: str | None = None) -> list[str]:
    return [cell.address[:16] for cell in cells_of(trials, data_root)]


def cases(part: str, where=lambda key: True) -> list:
    """What was recorded under a part, by its key; what takes seconds is marked so."""
    return [
        pytest.param(key, id=key, marks=[pytest.mark.slow] if key.rpartition("-")[0] in LONG else [])
        for key in UNMOVED[part] if where(key)
    ]  # fmt: skip


# ---- where results lie in the store ----


@pytest.mark.parametrize("key", [key for key in UNMOVED["addresses"] if key.startswith("pearl/")])
def test_every_cell_of_a_display_has_its_address_over_three_training_runs(key):
    assert addresses(display(key).asked(seeds=3)) == UNMOVED["addresses"][key]


def test_the_cells_of_a_transfer_attack_and_of_strength_and_of_curves_have_their_addresses():
    recorded = UNMOVED["addresses"]
    asked = table1.EXPERIMENT.asked(threat="transfer", eps=4, images=8)
    assert addresses(asked) == recorded["transfer"]
    alphas = {(method, float(eps)): eps / 4 for method in strength.NETS for eps in strength.EPS}
    asked = strength.tuning("scenes", 8) + strength.compared_attacks("scenes", alphas, 32)
    assert addresses(asked + strength.budgets("scenes", alphas, 8)) == recorded["strength"]
    three = {"methods": ("seg", "nat", "pearl"), "threats": ("oblivious", "adaptive", "transfer")}
    assert addresses(points(CurveSetting(**three, images=8))) == recorded["curve"]


@pytest.mark.parametrize("key", UNMOVED["views"])
def test_the_attack_on_every_picture_of_a_figure_has_its_address(key):
    addresses = [address_of(facts_of(prepared(setting)))[:16] for setting in display(key).asked()]
    assert addresses == UNMOVED["views"][key]


def strength_trials(rows: pd.DataFrame, dataset: str) -> list[Trial]:
    """All trials behind the committed rows, with the steps and the decisive cells that those found."""
    tuning = rows.split == strength.TUNED_ON[dataset]
    alphas = strength.tuned(rows[tuning])
    wanted = strength.compared_attacks(dataset, alphas, 32)
    few = strength.tuning(dataset, 8) + strength.budgets(dataset, alphas, 8)
    table = rows[~tuning & (rows.images == 32) & (rows.seed == 0) & (rows.precision == "bfloat16")]
    return few + wanted + strength.decisive(wanted, table)


def lost(stem: str, data_root: str | None = None) -> set[str]:
    """Addresses in the committed rows of "pearl/table1-scenes" at which its display would not look."""
    key, _, dataset = stem.rpartition("-")
    rows, experiment = pd.read_csv(csv(stem)), display(key)
    if experiment.gives == "rows":
        asked = strength_trials(rows, dataset)
    else:
        asked = experiment.asked(**experiment.known({"dataset": dataset, "seeds": 3}))
    return set(rows.address) - set(addresses(asked, data_root))


@pytest.mark.parametrize("stem", [stem for stem in UNMOVED["tidy"] if stem.endswith("-scenes")])
def test_committed_rows_of_the_scenes_are_where_their_display_looks(stem):
    assert lost(stem) == set()


@pytest.mark.data
@pytest.mark.skipif(not DATA or not (Path(DATA) / "camvid").exists(), reason="PEARL_DATA holds no camvid")
@pytest.mark.parametrize("stem", [stem for stem in UNMOVED["tidy"] if stem.endswith("-camvid")])
def test_committed_rows_of_camvid_are_where_their_display_looks(stem):
    assert lost(stem, DATA) == set()


@pytest.mark.parametrize("key", UNMOVED["claims"])
def test_a_claim_compares_the_same_cells_within_the_same_margins(key):
    paper = PAPERS["pearl"]
    asked = verdicts.asked(paper, verdicts.declared(paper, key), "scenes", 32)
    sides = [cell.address for cell in cells_of([side for pair in asked for side in (pair.a, pair.b)], None)]
    told = [
        [pair.threat, pair.contrast.metric, pair.contrast.low, pair.contrast.high, pair.contrast.paper, *addresses]
        for pair, addresses in zip(asked, zip(sides[::2], sides[1::2], strict=True), strict=True)
    ]
    assert digest(told) == UNMOVED["claims"][key]


def test_all_claims_were_recorded():
    assert [claim.key for claim in PAPERS["pearl"].claims] == list(UNMOVED["claims"])


# ---- numbers that follow from results ----


def statistics_of(row: pd.Series) -> np.ndarray:
    """Made up from the address of a row, so that whoever has the row has its statistics."""
    kind, images = METRICS[row.metric].statistic, int(row.images)
    random = np.random.RandomState(int(row.address[:7], 16) + len(kind))
    if kind == "confusion":
        size = images, CLASSES[row.dataset]
        both = random.randint(0, 500, size)
        return np.stack([both, both + random.randint(0, 300, size), both + random.randint(1, 300, size)], -1)
    return row.value + random.randn(images) if np.isfinite(row.value) else np.full(images, np.inf)


def with_statistics(rows: pd.DataFrame) -> pd.DataFrame:
    """Committed rows as `run` gives them: nothing is None, no note is empty, and statistics are there.

    Metrics that share a statistic share it here too: that of the first of them.
    """
    words = ("attack", "objective", "threat", "source", "derain_on", "derain_with", "split")
    for name in set(words) & set(rows):
        rows[name] = rows[name].astype(object).where(rows[name].notna(), None)
    rows["note"] = rows["note"].astype(object).where(rows["note"].notna(), "") if "note" in rows else ""
    made: dict[tuple, np.ndarray] = {}
    for row in rows.itertuples():
        place = row.address, METRICS[row.metric].statistic
        if place not in made:
            made[place] = statistics_of(row)
    return rows.assign(statistics=[made[row.address, METRICS[row.metric].statistic] for row in rows.itertuples()])


def numbers(text: str) -> list[str]:
    return re.findall(r"[-+]?\d+\.?\d*(?:e[-+]?\d+)?", text)


def heights(figure) -> list[str]:
    """Of every bar and every point of every line."""
    values = []
    for axes in figure.axes:
        values += [bar.get_height() for bar in axes.patches] + [y for line in axes.lines for y in line.get_ydata()]
    return [f"{height:.5g}" for height in values]


def numbers_of(block) -> list[str]:
    table = [] if block.frame is None else numbers(block.frame.to_csv(header=False, index=False))
    return table + ([] if block.figure is None else heights(block.figure))


@pytest.mark.parametrize("stem", cases("reports", lambda stem: "/claims-" not in stem))
def test_every_number_of_a_table_or_figure_from_the_committed_rows(stem):
    rows = with_statistics(pd.read_csv(csv(stem)))
    report = display(stem.rpartition("-")[0]).layout(rows)
    assert [digest(numbers_of(block)) for block in report.blocks] == UNMOVED["reports"][stem]


@pytest.mark.parametrize("stem", cases("reports", lambda stem: "/claims-" in stem))
def test_every_number_of_the_verdicts(stem):
    told = summary(verdicts.shipped_verdicts(csv(stem))).drop(columns=["contrast", "note"])
    assert [digest(numbers(told.to_csv(index=False)))] == UNMOVED["reports"][stem]


@pytest.mark.parametrize("stem", UNMOVED["tidy"])
def test_committed_rows_as_one_tidy_frame(stem):
    frame = tidy(display(stem.rpartition("-")[0]), pd.read_csv(csv(stem))).drop(columns="condition")
    assert digest(frame.astype(str).to_csv(index=False)) == UNMOVED["tidy"][stem]


# ---- files ----


def test_committed_rows_are_those_that_were_measured():
    assert {stem: hash_of(csv(stem)) for stem in UNMOVED["files"]} == UNMOVED["files"]


def test_shipped_nets_are_those_that_were_trained():
    zoo = ROOT / "lab" / "zoo"
    assert {net: hash_of(zoo / f"{net}.safetensors") for net in UNMOVED["nets"]} == UNMOVED["nets"]


# ---- what was exported ----


def setting_of(given: dict) -> Setting:
    return Setting(**{name: tuple(value) if isinstance(value, list) else value for name, value in given.items()})


@pytest.mark.parametrize(("given", "text", "query"), UNMOVED["settings"])
def test_a_setting_is_exported_as_it_was_and_opens_from_what_was_exported(given, text, query):
    assert setting_of(given).text() == text
    assert setting.read(text) == setting.from_query(query) == setting_of(given)


@pytest.mark.parametrize(("given", "text", "strings", "command"), UNMOVED["curves"])
def test_a_curve_is_exported_as_it_was(given, text, strings, command):
    asked = CurveSetting(**given)
    assert curves.to_json(asked) == text
    assert curves.to_strings(asked) == strings
    assert curves.command(asked) == command
