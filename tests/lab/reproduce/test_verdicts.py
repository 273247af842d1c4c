"""Claims in words on made-up numbers whose verdicts are known; the declared ones against the tables' own trials."""

import shutil
from dataclasses import fields
from math import inf, isinf, nan

import numpy as np
import pandas as pd
import pytest

from lab.measure.trial import Trial
from lab.papers import PAPERS, paper
from lab.papers.pearl.printed import PRINTED
from lab.reports.claim import ABSENT, VERDICTS, Claim, Contrast
from lab.reproduce import tables, verdict_report, verdicts
from lab.reproduce.verdict_report import report, summary
from lab.reproduce.verdicts import COLUMNS, asked, combined, declared, judged, row
from lab.training.plans import DERAINERS
from pearl_core.attacks.problem import ImageProblem
from pearl_core.bootstrap import Difference

PEARL = PAPERS["pearl"]
CLAIMS = declared(PEARL)
NOISE = np.random.RandomState(0).randn(40)
RAIN = {"attack": "bim", "steps": 5, "eps": 8}


def claim(*contrasts, key="made-up", **more):
    return Claim(key, "One beats the other.", "section 0", contrasts, "0.", **more)


def contrast(a="pearl", b="nat", metric="PSNR", low=0.0, high=inf, paper=None, **shared):
    return Contrast({"method": a} | shared, {"method": b} | shared, metric, low, high, paper)


def cell(*levels, spread=0.1, metric="PSNR"):
    """Rows as the store gives them: a number per image, one training run per level."""
    runs = [
        {"net_seed": k, "seed": 0, "images": 40, "science": 2, "address": f"{level}@{k}", "metric": metric,
         "statistics": level + spread * np.roll(NOISE, 7 * k)}
        for k, level in enumerate(levels)
    ]  # fmt: skip
    return pd.DataFrame(runs)


def rows_of(made: Claim, cells: dict, reasons=None) -> pd.DataFrame:
    """Judged rows of one claim: cells by method."""
    verdicts._kept.clear()
    pairs = asked(PEARL, [made], "scenes", 40)
    sides = {side for pair in pairs for side in (pair.a, pair.b)}
    there = {(side, "PSNR"): cells[side.method] for side in sides if side.method in cells}
    why = {side: (reasons or {}).get(side.method, "") for side in sides}
    return pd.DataFrame([row(pair, there, why) for pair in pairs], columns=list(COLUMNS))


# ---- judging ----


@pytest.mark.parametrize(
    ("estimate", "low", "high", "wanted"),
    [
        ((2, 1, 3), 0, inf, "holds"),
        ((2, 0, 3), 0, inf, "undecided"),
        ((-2, -3, -1), 0, inf, "fails"),
        ((0, 0, 0), 0, inf, "undecided"),
        ((inf, inf, inf), 0, inf, "holds"),
        ((12, 11, 13), 10, inf, "holds"),
        ((10.5, 9, 12), 10, inf, "undecided"),
        ((9, 8, 9.9), 10, inf, "fails"),
        ((0.1, -0.5, 0.7), -1, 1, "holds"),
        ((0.1, -1.5, 0.7), -1, 1, "undecided"),
        ((0.0, -9, 9), -1, 1, "undecided"),
        ((2, 1.2, 3), -1, 1, "fails"),
        ((-2, -3, -1.2), -1, 1, "fails"),
        ((-6, -7, -5.5), -inf, -5, "holds"),
        ((-4, -5, -3), -inf, -5, "undecided"),
        ((-4, -4.5, -3), -inf, -5, "fails"),
        ((nan, nan, nan), 0, inf, "undecided"),
    ],
)
def test_an_interval_inside_the_margins_holds_and_wholly_outside_fails(estimate, low, high, wanted):
    assert Difference(*estimate).within(low, high) == wanted


def test_without_margins_it_is_the_verdict_on_an_ordering():
    random = np.random.RandomState(1)
    for low, high in np.sort(random.randn(50, 2)):
        estimate = Difference((low + high) / 2, low, high)
        assert estimate.within() == estimate.verdict


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["holds", "holds"], "holds"),
        (["holds", "undecided"], "undecided"),
        (["holds", "undecided", ABSENT], ABSENT),
        (["holds", "undecided", ABSENT, "fails"], "fails"),
    ],
)
def test_a_claim_holds_if_all_hold_and_fails_if_one_fails(words, wanted):
    assert combined(words) == wanted


@pytest.mark.parametrize(
    ("levels", "margins", "wanted"),
    [
        ((31, 30), (0, inf), "holds"),
        ((30, 31), (0, inf), "fails"),
        ((31, 30), (2, inf), "fails"),
        ((30.05, 30), (0, 0.2), "holds"),
        ((30.5, 30), (0, 0.2), "fails"),
        ((30, 33), (-inf, -2), "holds"),
    ],
)
def test_made_up_pictures_get_the_verdict_of_their_difference(levels, margins, wanted):
    cells = {"pearl": cell(levels[0]), "nat": cell(levels[1])}
    (line,) = rows_of(claim(contrast(low=margins[0], high=margins[1])), cells).itertuples()
    assert line.verdict == wanted and line.difference == pytest.approx(levels[0] - levels[1])
    assert line.low == pytest.approx(line.high)  # the noise is common to both and cancels
    assert (line.runs, line.science) == (1, 2)
    assert (line.address_a, line.address_b) == (f"{levels[0]}@0", f"{levels[1]}@0")


def test_several_runs_are_averaged_where_both_sides_have_them():
    cells = {"pearl": cell(32, 29), "nat": cell(30, 30, 99)}
    (line,) = rows_of(claim(contrast()), cells).itertuples()
    assert line.runs == 2 and line.difference == pytest.approx(0.5)
    assert line.verdict == "undecided" and line.low == pytest.approx(-1) and line.high == pytest.approx(2)
    assert (line.address_a, line.address_b) == ("32@0 29@1", "30@0 30@1")
    assert rows_of(claim(contrast()), cells | {"pearl": cell(32)}).runs.item() == 1


@pytest.mark.parametrize(
    ("methods", "shared", "threats"),
    [
        (("pearl", "nat"), {}, ("none",)),
        (("pearl", "nat"), RAIN, ("oblivious", "adaptive")),
        (("robust_seg", "seg"), RAIN, ("either",)),
        (("nat", "seg"), RAIN, ("oblivious", "adaptive")),
    ],
)
def test_a_claim_is_judged_under_every_threat_that_can_differ(methods, shared, threats):
    made = claim(contrast(*methods, **shared))
    assert made.threats == threats
    pairs = asked(PEARL, [made], "scenes", 8)
    assert [pair.threat for pair in pairs] == list(threats)
    wanted = {"none": None, "either": "oblivious"}
    assert [pair.a.threat for pair in pairs] == [wanted.get(name, name) for name in threats]


def test_the_paper_s_difference_does_not_stand_beside_the_adaptive_threat():
    rows = rows_of(claim(contrast(paper=1.5, **RAIN)), {"pearl": cell(31), "nat": cell(30)})
    assert rows.set_index("threat").published.to_dict() == {
        "oblivious": 1.5,
        "adaptive": pytest.approx(nan, nan_ok=True),
    }


def test_what_cannot_be_measured_says_what_is_missing():
    made = claim(contrast(), contrast("pearl_ama"))
    rows = rows_of(made, {"pearl": cell(31), "nat": cell(30)}, {"pearl_ama": "no trained net x; train it with `y`"})
    assert list(rows.verdict) == ["holds", ABSENT] and rows.note[1] == "no trained net x; train it with `y`"
    (told,) = summary(rows).to_dict("records")
    assert (told["verdict"], told["holds"], told[ABSENT]) == (ABSENT, 1, 1) and told["contrast"].endswith(
        "PEARL minus NAT"
    )
    (left,) = rows_of(claim(contrast()), {}).itertuples()
    assert left.note == "the store lacks it" and left.verdict == ABSENT


# ---- the weakest contrast ----


@pytest.mark.parametrize("margins", [(0, inf), (-1, 1), (-inf, 2), (0.5, 3)])
def test_the_weakest_contrast_is_the_one_the_verdict_comes_from(margins):
    random = np.random.RandomState(2)
    for difference, below, above in zip(random.randn(300), *random.rand(2, 300), strict=True):
        low, high = difference - below, difference + above
        line = pd.Series({"difference": difference, "low": low, "high": high, "margin_low": margins[0],
                         "margin_high": margins[1]})  # fmt: skip
        room = verdict_report.slack(line)
        wanted = "holds" if room > 1 else "fails" if room < -1 else "undecided"
        assert Difference(difference, low, high).within(*margins) == wanted


def test_the_summary_shows_the_contrast_that_decides():
    made = claim(contrast(), contrast("pearl_ama"), contrast("derain_seg", low=5))
    cells = {"pearl": cell(31), "nat": cell(30), "pearl_ama": cell(29), "derain_seg": cell(36, spread=0.2)}
    (told,) = summary(rows_of(made, cells)).to_dict("records")
    assert told["verdict"] == "fails" and [told[word] for word in VERDICTS] == [2, 1, 0, 0]
    assert told["contrast"] == "rain: PEARL + AMA minus NAT" and told["difference"] == pytest.approx(-1)


# ---- the declared claims ----


def test_keys_are_unique_and_every_claim_is_told_in_full():
    assert len({claim.key for claim in CLAIMS}) == len(CLAIMS) >= 20
    assert [claim.key for claim in declared(PEARL, "ama-improves")] == ["ama-improves"]
    with pytest.raises(ValueError, match="unknown claim 'x'; choose one of adversarial-training"):
        declared(PEARL, "x")
    with pytest.raises(ValueError, match="unknown paper 'x'"):
        paper("x")
    for claim in CLAIMS:
        assert claim.text.endswith(".") and claim.margin.endswith(".") and claim.where and claim.contrasts
        assert len({(c.words, c.metric) for c in claim.contrasts}) == len(claim.contrasts)  # each told apart
        assert all(c.low < c.high and c.a != c.b for c in claim.contrasts)


@pytest.mark.parametrize("dataset", ["scenes", "camvid", "cityscapes"])
def test_every_contrast_compares_two_trials_of_the_tables_and_figures(dataset):
    known = set()
    for name, experiment in PEARL.experiments.items():
        nets = {"derains": ",".join(DERAINERS)} if name == "figure5" else {}  # also those that nobody trained yet
        work = experiment.asked(dataset=dataset, **nets)
        known |= {trial for trial in work if isinstance(trial, Trial)}
    sides = {side for pair in asked(PEARL, CLAIMS, dataset, 32) for side in (pair.a, pair.b)}
    assert sides <= known


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.key)
def test_sides_leave_open_what_judging_fills_in(claim):
    names = {field.name for field in fields(Trial)} - {"dataset", "derain_on", "images", "seed", "net_seed", "threat"}
    for contrast in claim.contrasts:
        assert set(contrast.a) | set(contrast.b) <= names


def test_published_differences_are_those_of_the_printed_cells():
    rows = PRINTED.rows

    def cell(table, method, condition, metric):
        (value,) = rows.query(
            "table == @table and method == @method and condition == @condition and metric == @metric"
        ).value
        return value

    known = {claim.key: claim for claim in CLAIMS}
    told = {(key, c.words, c.metric): c.paper for key, claim in known.items() for c in claim.contrasts}
    bim10 = "rain with BIM10 at 8/255"
    assert told["ama-improves", f"{bim10}: PEARL + AMA minus PEARL", "mIoU"] == pytest.approx(43.75 - 41.03)
    assert told["rain-alone-deraining", "rain: PEARL minus Derain + Seg", "SSIM"] == pytest.approx(0.0182)
    words = f"{bim10}, PEARL: deeplabv3 minus pspnet"
    wanted = cell(2, "pearl", "rain+bim", "mIoU") - cell(1, "pearl", "rain+bim10", "mIoU")
    assert told["unseen-segmenter-close", words, "mIoU"] == pytest.approx(wanted)
    wanted = cell(4, "pearl", "rain+cw", "ACC") - cell(4, "nat", "rain+cw", "ACC")
    assert told["unseen-data", "rain with CW10 at 8/255: PEARL minus NAT", "allAcc"] == pytest.approx(wanted)
    for key in ("ama-unclear-when-weak", "weak-attack-derainer-helps", "any-derainer", "no-rain", "no-rain-ama"):
        assert all(c.paper is None for c in known[key].contrasts)  # only in its supplement or in figures


@pytest.mark.parametrize("key", ["three-solutions", "pearl-over-nat", "ama-improves", "stronger-perturbation",
                                 "ama-costs-psnr", "unseen-attacks", "unseen-segmenter", "unseen-data"])  # fmt: skip
def test_the_paper_s_own_numbers_bear_out_what_it_says_in_words(key):
    (claim,) = declared(PEARL, key)
    assert all(c.low < c.paper < c.high for c in claim.contrasts)


def test_the_claims_that_its_own_numbers_do_not_bear_out_say_so():
    for claim in CLAIMS:
        if any(c.paper is not None and not c.low <= c.paper <= c.high for c in claim.contrasts):
            assert claim.remark


# ---- measuring, reading ----

BRIEF = ("rain-alone-segmentation", "rain-alone-deraining", "deraining-helps")  # without attacks


@pytest.fixture
def brief(tiny_zoo, monkeypatch):
    """The claims that no attack is needed for."""
    claims = [claim for claim in CLAIMS if claim.key in BRIEF]
    monkeypatch.setattr(verdicts, "declared", lambda paper, only=None: claims)
    return claims


def test_measuring_fills_the_store_and_what_is_stored_is_not_measured_again(brief, passes):
    rows = judged(PEARL, brief, images=4, quiet=True)
    assert list(rows.columns) == list(COLUMNS) and set(rows.verdict) <= {"holds", "fails", "undecided"}
    assert len(rows) == sum(len(claim.contrasts) for claim in brief) and set(rows.threat) == {"none"}
    assert len(passes) == 4  # one batch of each method
    again = judged(PEARL, brief, images=4, measure=False)
    assert len(passes) == 4 and again.equals(rows)


def test_a_missing_net_is_told_with_the_command_that_trains_it(brief, tmp_path, tiny_zoo, monkeypatch):
    shutil.copytree(tiny_zoo, tmp_path / "fewer")
    (tmp_path / "fewer" / "scenes" / "pearl-prenet-pspnet.safetensors").unlink()
    monkeypatch.setenv("PEARL_ZOO", str(tmp_path / "fewer"))
    rows = judged(PEARL, brief, images=4, quiet=True)
    assert set(rows[rows.verdict == ABSENT].contrast) == {
        "rain: Derain + Seg minus PEARL", "rain: PEARL minus Derain + Seg",
    }  # fmt: skip
    text = report(rows, brief, PEARL.title).text()
    assert "train it with `python -m lab train pearl --dataset scenes --derain prenet --segmenter pspnet`" in text
    assert "(for rain-alone-segmentation, rain-alone-deraining)" in text


def test_every_training_run_of_the_zoo_is_judged_if_asked_for(brief, tmp_path, tiny_zoo, monkeypatch):
    folder = tmp_path / "more"
    shutil.copytree(tiny_zoo, folder)
    monkeypatch.setenv("PEARL_ZOO", str(folder))
    for name in ("clean-pspnet", "derain-prenet", "pearl-prenet-pspnet"):  # a second run, without pearl_ama
        for ending in ("safetensors", "json"):
            shutil.copy(folder / "scenes" / f"{name}.{ending}", folder / "scenes" / f"{name}-s1.{ending}")
    rows = judged(PEARL, brief, images=4, seeds=3, quiet=True)
    assert set(rows[rows.contrast.str.contains("AMA")].runs) == {1}
    twice = rows[~rows.contrast.str.contains("AMA")]
    assert set(twice.runs) == {2} and set(twice.address_a.str.len()) == {33}  # two addresses


def test_where_nothing_can_be_measured_it_is_an_error(brief, tmp_path, monkeypatch):
    monkeypatch.setenv("PEARL_ZOO", str(tmp_path))
    with pytest.raises(ValueError, match="no trained net"):
        judged(PEARL, brief)
    with pytest.raises(ValueError, match="unknown data set 'nowhere'"):
        judged(PEARL, brief, "nowhere")


def test_the_report_reads_as_text_and_on_github(brief):
    rows = judged(PEARL, brief, images=4, quiet=True)
    told = report(rows, brief, PEARL.title)
    text = told.text()
    assert "Intervals are not corrected for their number" in text and "4 images" in text
    for claim in brief:
        assert claim.text in text and claim.where in text
    lines = told.markdown().splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert len(table) == 2 * (2 + len(brief))  # the verdicts, and the weakest contrasts
    assert table[2].startswith("| deraining-helps | none | ")
    assert "address" not in told.markdown()


def test_one_claim_shows_its_contrasts_with_the_places_of_both_numbers(brief):
    rows = judged(PEARL, brief[2:], images=4, quiet=True)
    text = report(rows, brief[2:], PEARL.title).markdown()
    assert "## Contrasts, threat none" in text
    for line in rows.itertuples():
        assert (
            f"| {line.contrast} | {line.metric} | {line.verdict} | " in text
            and f"{line.address_a} - {line.address_b}" in text
        )
        assert len(line.address_a) == 16


@pytest.mark.parametrize(("low", "high", "words"), [(0, inf, "> 0"), (-inf, -5, "< -5"), (-1, 1, "-1 to 1")])
def test_margins_in_words(low, high, words):
    assert verdict_report.margin(low, high) == words


# ---- from the store, or shipped ----


def test_what_the_store_lacks_comes_from_the_shipped_file(brief, tmp_path, monkeypatch):
    rows = judged(PEARL, brief, images=4, quiet=True)
    (tmp_path / "pearl").mkdir()
    rows.assign(difference=77.0).to_csv(tmp_path / "pearl" / "claims-scenes.csv", index=False)
    monkeypatch.setattr(ImageProblem, "evaluate", lambda *_: pytest.fail("computed"))
    there, wrong = verdicts.gathered(PEARL, "scenes", folder=tmp_path)
    assert wrong == "" and set(there.source) == {"shipped"} and set(there.difference) == {77.0}
    assert isinf(there.margin_high.max()) and len(there) == len(rows)
    monkeypatch.setattr(verdicts, "judged", lambda *given, **options: judged(PEARL, brief, images=4, measure=False))
    here, _ = verdicts.gathered(PEARL, "scenes", folder=tmp_path)
    assert set(here.source) == {"store"} and list(here.verdict) == list(rows.verdict)


def test_without_store_and_file_every_claim_is_not_measured(brief, tmp_path):
    rows, wrong = verdicts.gathered(PEARL, "scenes", folder=tmp_path)
    assert wrong == "" and set(rows.verdict) == {ABSENT} and set(rows.source) == {""}
    assert set(summary(rows).verdict) == {ABSENT} and len(verdict_report.screen(summary(rows))) == len(brief)


@pytest.mark.parametrize(
    ("text", "words"), [("", "No columns"), ("a,b\n1,2\n", "holds no verdicts: it lacks address_a")]
)
def test_a_broken_file_is_a_sentence(brief, tmp_path, text, words):
    (tmp_path / "pearl").mkdir()
    (tmp_path / "pearl" / "claims-scenes.csv").write_text(text)
    rows, wrong = verdicts.gathered(PEARL, "scenes", folder=tmp_path)
    assert words in wrong and "\n" not in wrong and set(rows.verdict) == {ABSENT}
    assert "scenes" in verdicts.datasets(PEARL, tmp_path)


def test_shipped_verdicts_are_of_the_claims_that_are_declared():
    files = sorted((tables.SHIPPED / "pearl").glob("claims-*.csv"))
    assert len(files) == 2
    for path in files:
        shipped = verdicts.shipped_verdicts(path)
        wanted = {
            (pair.claim.key, pair.threat, c.words, c.metric, c.low, c.high)
            for pair in asked(PEARL, CLAIMS, path.stem.removeprefix("claims-"), 32) for c in [pair.contrast]
        }  # fmt: skip
        names = ["claim", "threat", "contrast", "metric", "margin_low", "margin_high"]
        assert set(shipped[names].itertuples(index=False, name=None)) == wanted
