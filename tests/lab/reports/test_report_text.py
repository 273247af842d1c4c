"""Reports as text and Markdown: tables keep to a width and lose nothing; differences have units of their own."""

import re
import shutil

import pandas as pd
import pytest

from lab.reports import table
from lab.reports.orderings import tally
from lab.reports.report import Block, Report, difference_unit, framed, label_of_difference, number, of_difference
from lab.reproduce.run import on_terminal
from lab.reproduce.verdict_report import wanted

METRICS = ("mIoU (%)", "allAcc (%)", "PSNR (dB)")


def frame(metrics=METRICS, words="weak"):
    """Two conditions x two methods, each cell another number."""
    lines, count = {}, iter(range(10, 99))
    for condition in ("Clean", "Rain"):
        for method in ("Seg", "PEARL + AMA"):
            line = lines[condition, method] = {}
            for metric in metrics:
                line[metric, "scenes [95 %]"] = f"{next(count)}.00 [10.00, 99.00]"
                line[metric, "remark"] = words
    return framed(lines, ("", "method"))


def cells(frame):
    return {cell for column in frame for cell in frame[column]}


@pytest.mark.parametrize("width", [60, 80, 120, 200])
@pytest.mark.parametrize("words", ["weak", "a remark that is far too long for any column of a narrow terminal"])
def test_text_keeps_to_the_width_and_loses_nothing(width, words):
    made = frame(words=words)
    text = table.text(made, width)
    assert max(map(len, text.splitlines())) <= width
    for cell in cells(made):
        assert all(word in text for word in cell.split())


def test_what_fits_is_one_table_and_else_metrics_stay_together():
    made = frame()
    assert "\n\n" not in table.text(made, 200)
    narrow = table.text(made, 60).split("\n\n")
    assert [part.splitlines()[0] for part in narrow] == list(METRICS)
    assert all(len(part.splitlines()) == 1 + 1 + 4 for part in narrow)


def test_a_row_says_its_condition_once_and_numbers_stand_to_the_right():
    lines = table.text(
        framed({("Rain", "a"): {("x", ""): "1.0"}, ("Rain", "b"): {("x", ""): "10.0"}}, ("", "m"))
    ).splitlines()
    assert lines == ["      m     x", "Rain  a   1.0", "      b  10.0"]


def test_markdown_has_a_table_for_each_metric_where_one_would_be_too_wide():
    made = frame()
    wide = table.markdown(made, 200)
    assert wide == table.markdown_table(made)
    text = table.markdown(made, 60)
    assert re.findall(r"\*\*(.*)\*\*", text) == list(METRICS)
    assert text.count("| Rain | Seg |") == 3 and "mIoU (%) scenes" not in text
    for cell in cells(made):
        assert cell in text


def test_columns_of_a_metric_that_lie_apart_come_together():
    line = {("a", "1"): "1", ("b", "1"): "2", ("a", "2"): "3"}
    (made,) = table.split(framed({("x", "y"): line}, ("", "")), lambda piece: True)
    assert list(made.columns) == [("a", "1"), ("a", "2"), ("b", "1")]


def test_a_report_begins_with_what_it_shows_and_ends_with_how_it_was_measured():
    report = Report(
        "Title", "Measured on stones.", [Block("Part", "A note.", frame(), ("an end",))], "It shows stones."
    )
    for text in (report.text(), report.markdown(), report._repr_html_()):
        places = [
            text.index(words) for words in ("Title", "It shows stones.", "A note.", "an end", "Measured on stones.")
        ]
        assert places == sorted(places)
    assert "conventions](../CONVENTIONS.md)" in report.markdown()
    assert Report("Title", "How.", []).markdown().startswith("# Title\n\n## How it was measured\n\nHow.")


@pytest.mark.parametrize(("columns", "width"), [("40", 80), ("100", 100), ("500", 200)])
def test_a_terminal_gets_its_own_width_within_limits(columns, width, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    assert shutil.get_terminal_size().columns == int(columns)
    report = Report("Title", "word " * 100, [Block("Part", "word " * 100, frame())])
    text = on_terminal(report)
    assert width - 5 <= max(map(len, text.splitlines())) <= width
    assert text == report.text(width)


def test_percentages_differ_by_points_and_fractions_by_numbers():
    assert [difference_unit(unit) for unit in ("%", "dB", "fraction")] == ["points", "dB", ""]
    assert [label_of_difference(name) for name in ("mIoU", "PSNR", "SSIM")] == ["mIoU (points)", "PSNR (dB)", "SSIM"]
    assert [of_difference("diff.", name) for name in ("mIoU", "PSNR")] == ["diff. (points)", "diff."]
    assert [wanted(0, float("inf"), unit) for unit in ("%", "fraction")] == ["> 0 points", "> 0"]


def test_infinite_psnr_is_a_word():
    assert number("PSNR", float("inf")) == "identical" and number("PSNR", 17.5) == "17.50"


def test_a_tally_counts_each_verdict():
    assert tally(["holds", "", "fails", "holds"]) == {"holds": 2, "fails": 1, "undecided": 0}
    assert pd.Series(tally([])).sum() == 0
