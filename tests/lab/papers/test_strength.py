"""The table of attacks: tuned elsewhere, equal gradients, the worst case no better for the net than any member."""

from dataclasses import replace
from functools import wraps

import numpy as np
import pytest
import torch

from lab.papers import PAPERS
from lab.papers.sea import strength
from lab.papers.sea.strength import DECISIVE, NETS, SEARCHES, WORST, counts_of, decisive, parts_of, tuned, tuning
from lab.reproduce import results
from pearl_core import precision
from pearl_core.attacks.zoo import SEA_LOSSES
from pearl_core.metrics import pixel_accuracy

EPS = (4,)


@pytest.fixture
def brief(tiny_zoo, monkeypatch):
    """The tiny zoo, few steps, and every accuracy decisive."""
    monkeypatch.setattr(strength, "STEPS", {"scenes": 5})
    monkeypatch.setattr(strength, "EPS", EPS)
    monkeypatch.setattr(precision, "fast_dtype", lambda device="cpu": torch.bfloat16)
    monkeypatch.setattr(strength, "LOSSES", SEA_LOSSES)
    monkeypatch.setattr(strength, "BUDGETED", {"method": "robust_seg", "eps": 4.0})
    monkeypatch.setattr(strength, "BUDGETS", {"scenes": (5, 9)})
    monkeypatch.setattr(strength, "DECISIVE", (0, 100))


def test_the_table_from_nothing(brief, monkeypatch, tmp_path):
    measured = strength.EXPERIMENT.measured(images=2)
    chosen, rows, both, longer = parts_of(measured)
    attacked = rows[rows.attack.notna() & (rows.metric == "allAcc")]
    assert len(attacked) == len(NETS) * len(EPS) * len(SEA_LOSSES) * len(SEARCHES)
    assert set(attacked.steps) == {5} and set(attacked.rain) == {"none"}
    assert set(chosen.split) == {"val"} and set(rows.split) == {"test"}, "PGD is tuned on other pictures"
    alphas = tuned(chosen)
    pgd = attacked[attacked.attack == "best_pgd"]
    assert all(row.alpha == alphas[row.method, row.eps] for row in pgd.itertuples())
    again = attacked.random_start.astype(bool)  # another start is looked at where there is one
    assert len(both[both.metric == "allAcc"]) == 2 * len(attacked) + again.sum() and set(both.images) == {2}
    pairs = strength.compared_precisions(both)
    assert len(pairs) == len(strength.SHOWN) * len(attacked) and (pairs.precision_fast == "bfloat16").all()
    assert set(pairs.attack[pairs.chance.isna()]) == {"apgd"}
    fast = attacked.set_index(["method", "eps", "objective", "attack"]).value
    for pair in pairs[pairs.metric == "allAcc"].itertuples():
        assert pair.value + pair.apart == pytest.approx(fast[pair.method, pair.eps, pair.objective, pair.attack])

    cells = {(r.method, r.eps, r.objective, r.attack): r.statistics for r in attacked.itertuples()}
    for method in NETS:
        for search in SEARCHES:
            worst = pixel_accuracy(counts_of(cells, method, 4, WORST, search))
            members = [pixel_accuracy(counts_of(cells, method, 4, loss, search)) for loss in SEA_LOSSES]
            assert np.array_equal(worst, np.min(members, 0))

    assert set(longer.steps) == {5, 9} and set(longer.method) == {"robust_seg"}

    spec = wraps(strength.strength)(lambda *_, **__: measured)
    monkeypatch.setitem(PAPERS["sea"].experiments, "strength", replace(strength.EXPERIMENT, spec=spec))
    results.write_part(tmp_path, "sea", "strength", "scenes", None)
    kept = strength.pd.read_csv(tmp_path / "strength-scenes.csv")
    assert len(kept) == len(strength.SHOWN) * sum(
        frame.metric.eq("mIoU").sum() for frame in (chosen, rows, both, longer)
    )
    assert not {"statistics", "stage"} & set(kept), "rows of the stages lie one under the other"
    text = (tmp_path / "strength-scenes.md").read_text()
    assert "takes 5 gradients" in text
    for heading in (
        "## Seg",
        "## Robust Seg",
        "## With more gradients",
        "## PGD's step",
        "## Precision of the gradients",
        "## Published",
    ):
        assert heading in text
    assert "| 4 | mask_ce |" in text and f"| 4 | {WORST} |" in text


def test_the_step_of_pgd_is_the_one_under_which_fewest_pixels_hold(brief):
    trials = tuning("scenes", 1)
    rows = strength.pd.DataFrame(
        {"method": t.method, "eps": t.eps, "alpha": t.alpha, "metric": "allAcc", "value": abs(t.alpha - 1)}
        for t in trials
    )
    assert tuned(rows) == {(method, 4): 1.0 for method in NETS}


def test_precisions_are_compared_at_the_eps_where_most_cells_are_decisive():
    compared = strength.compared_attacks("scenes", {(m, e): 1.0 for m in NETS for e in strength.EPS}, 1)
    accuracy = {("seg", 2): 19.0, ("robust_seg", 4): DECISIVE[1], ("robust_seg", 8): 15.0}
    rows = strength.pd.DataFrame(
        {"method": t.method, "attack": t.attack, "eps": t.eps, "metric": "allAcc",
         "value": accuracy.get((t.method, t.eps), 71)} for t in compared
    )  # fmt: skip
    trials = decisive(compared, rows)
    assert {(t.method, t.eps) for t in trials} == {("robust_seg", 4)}
    assert [(t.precision, t.seed) for t in trials] == [("float32", 0)] * 18 + [("auto", 0)] * 18 + [("auto", 1)] * 12


def test_where_nothing_is_decisive_no_precisions_are_compared():
    assert strength.compared_precisions(strength.pd.DataFrame()).empty


def test_a_data_set_without_a_plan_is_an_error_with_the_choices():
    with pytest.raises(ValueError, match="unknown data set 'kitti'; choose one of camvid, scenes"):
        strength.strength("kitti")


def test_sea_s_own_numbers_stand_beside():
    frame = strength.printed().frame
    assert list(frame.loc[("4", "bal_ce"), "ACC"][["PGD", "APGD"]]) == ["88.6", "88.7"]  # table 7
