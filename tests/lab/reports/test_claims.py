"""Claims on made-up rows whose answers are known: reversed orderings, verdicts, the published cells."""

import numpy as np
import pandas as pd
import pytest

from lab.papers.pearl.printed import PRINTED
from lab.papers.pearl.table1 import EXPERIMENT, TABLE
from lab.reports.orderings import judge
from lab.reports.report import orderings
from lab.reports.table import markdown_table

NOISE = np.random.RandomState(0).randn(40) / 10


def rows(**levels):
    """PSNR per image of some methods under one condition, a level each with common noise."""
    return pd.DataFrame(
        {
            "method": name,
            "condition": "rain+bim3",
            "metric": "PSNR",
            "seed": 0,
            "net_seed": 0,
            "statistics": level + NOISE,
        }
        for name, level in levels.items()
    )


def claim_of(first, second, paper):
    printed = {("nat", "rain+bim3", "PSNR"): paper, ("seg", "rain+bim3", "PSNR"): 0.0}
    (claim,) = judge(rows(nat=first, seg=second), [("nat", "seg")], ["PSNR"], printed)
    return claim


@pytest.mark.parametrize(
    ("measured", "paper", "verdict"),
    [(1, 2, "holds"), (-1, 2, "fails"), (1, -2, "fails"), (-1, -2, "holds"), (0, 2, "undecided"), (1, 0, "")],
)
def test_the_verdict_is_on_the_sign_the_paper_prints(measured, paper, verdict):
    claim = claim_of(measured, 0, paper)
    assert claim.verdict == verdict
    assert claim.measured == pytest.approx(measured)
    assert claim.low <= claim.measured <= claim.high


def test_the_interval_is_paired():
    claim = claim_of(1, 0, 1)
    assert claim.high - claim.low < 1e-9  # the noise is common to both and cancels


def test_without_published_numbers_nothing_is_judged():
    block = orderings(rows(nat=1, seg=0), [("nat", "seg")], ["PSNR"], {}, TABLE.headings)
    assert "no ordering of the paper is judged" in block.note
    assert list(block.frame.columns) == [("PSNR (dB)", "here [95 %]")]


def test_where_the_threat_is_another_the_order_is_judged_and_no_number_shown():
    printed = {("nat", "rain+bim3", "PSNR"): 29.78, ("seg", "rain+bim3", "PSNR"): 17.44}
    block = orderings(rows(nat=1, seg=2), [("nat", "seg")], ["PSNR"], printed, TABLE.headings, beside=False)
    (line,) = block.frame.to_dict("records")
    assert line == {
        ("PSNR (dB)", "here [95 %]"): "-1.00 [-1.00, -1.00]",
        ("PSNR (dB)", "paper's order"): "fails",
    }
    assert "0 hold, 1 fail, 0 are undecided" in block.note


def test_every_published_cell_of_table_1_is_there():
    printed = PRINTED.table(1)
    assert len(printed) == 90
    assert printed["pearl_ama", "rain+cw", "PSNR"] == 32.20
    assert {condition for _, condition, _ in printed} == set(TABLE.headings) - {"clean", "rain"}
    assert {metric for *_, metric in printed} == set(TABLE.metrics)


def test_each_published_value_stands_in_its_own_cell(tiny_zoo, tmp_path):
    from lab.measure.measuring import run
    from lab.measure.store import Store

    report = EXPERIMENT.layout(run(EXPERIMENT.asked(images=4), store=Store(tmp_path / "r.sqlite"), quiet=True))
    oblivious, _, adaptive, _ = report.blocks
    assert oblivious.frame.loc[("Rain + BIM10", "NAT"), ("allAcc (%)", "Cityscapes")] == "79.24"
    assert oblivious.frame.loc[("Rain", "NAT"), ("mIoU (%)", "Cityscapes")] == ""
    assert ("mIoU (%)", "Cityscapes") not in adaptive.frame.columns
    assert "79.24" not in adaptive.frame.to_string()
    assert "<table" in report._repr_html_() and "Threat: adaptive" in report._repr_html_()
    assert report.markdown().count("| Rain + CW |") >= 2 * 6 + 2 * 5  # methods of both tables, pairs of both orderings
    assert markdown_table(oblivious.frame).splitlines()[0].startswith("|  | method | mIoU (%) scenes [95 %] |")
