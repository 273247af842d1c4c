"""docs/RESULTS.md and the pages below it: what is committed is what the code writes from the committed rows."""

import re
import shutil
from pathlib import Path

import pytest

from lab.papers import PAPERS
from lab.reproduce import overview, results, tables
from lab.reproduce.overview import by_hand, group, page, words

DOCS = tables.SHIPPED.parent
PAGES = sorted(tables.SHIPPED.glob("*/*.md"))
ODD = ("nobody attacks", "nothing derains", "speaks least", "inf dB", "nan")


def test_the_page_is_written_from_the_shipped_rows():
    assert page(DOCS) == (DOCS / overview.PAGE).read_text()


def test_the_page_is_short_and_each_discussion_is_kept(tmp_path):
    text = (DOCS / overview.PAGE).read_text()
    assert text.count("\n") < 200
    shutil.copytree(tables.SHIPPED, tmp_path / "results", ignore=shutil.ignore_patterns("*.png"))
    (tmp_path / overview.PAGE).write_text(text.replace("**AMA.**", "**Other words.**"))
    assert results.write_page(tmp_path) == f"wrote {tmp_path / overview.PAGE}"
    assert "**Other words.**" in (tmp_path / overview.PAGE).read_text()
    for paper in PAPERS.values():
        if paper.overview:
            drawn = (tmp_path / "results" / paper.key / overview.OVERVIEW).read_bytes()
            assert drawn.startswith(b"\x89PNG") and len(drawn) < 100_000


def test_without_any_rows_the_page_still_names_every_display(tmp_path):
    text = page(tmp_path)
    for paper in PAPERS.values():
        assert all(f"| {name} |" in text for name in paper.experiments)
    assert "![" not in text and "[page]" not in text


@pytest.mark.parametrize(
    "path", [DOCS / overview.PAGE, tables.SHIPPED / "CONVENTIONS.md", *PAGES], ids=lambda path: path.name
)
def test_every_link_leads_somewhere(path):
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
        assert target.startswith("http") or (path.parent / target).exists(), target


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_says_what_it_shows_and_how_it_was_measured_in_plain_words(path):
    text = path.read_text()
    title, about, *_ = text.split("\n\n")
    assert title.startswith("# ") and not about.startswith("#") and about.endswith((".", "?"))
    assert text.rstrip().split("\n## ")[-1].startswith("How it was measured") and "(../CONVENTIONS.md)" in text
    assert [words for words in ODD if re.search(rf"\b{words}\b", text, re.IGNORECASE)] == []
    tables = [line for line in text.splitlines() if line.startswith("| ")]
    assert "claims" in path.name or max(map(len, tables)) <= 120


def test_the_main_numbers_are_means_over_the_shipped_runs():
    for paper in PAPERS.values():
        for picked in overview.overview_rows(paper, tables.SHIPPED / paper.key).values():
            frame = paper.overview.frame(picked)
            seg = picked[(picked.method == "seg") & (picked.column == "clean")].value
            assert frame.loc["Seg", ("", "clean")].iloc[0].split(" ±")[0] == f"{seg.mean():.2f}"


def test_bars_show_the_same_numbers():
    paper = PAPERS["pearl"]
    rows = overview.overview_rows(paper, tables.SHIPPED / "pearl")
    figure = paper.overview.drawn(rows)
    for axes, picked in zip(figure.axes, rows.values(), strict=True):
        drawn = {bars.get_label(): [bar.get_height() for bar in bars] for bars in axes.containers}
        assert list(drawn) == ["Seg", "Robust Seg", "Derain + Seg", "NAT", "PEARL", "PEARL + AMA"]
        wanted = picked[picked.method == "nat"].groupby("column", sort=False).value.mean()
        assert drawn["NAT"] == pytest.approx(wanted.loc[list(paper.overview.columns)])


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ([{"none": "holds"}, {"none": "holds"}], "holds"),
        ([{"oblivious": "fails", "adaptive": "fails"}], "fails"),
        ([{"oblivious": "holds", "adaptive": "fails"}, {"oblivious": "holds", "adaptive": "holds"}], "threat"),
        ([{"either": "holds"}, {"either": "fails"}], "data set"),
        ([{}, {}], "not measured"),
    ],
)
def test_claims_are_grouped_by_what_became_of_them(told, wanted):
    assert group(told) == wanted


def test_verdicts_in_words():
    assert words({"oblivious": "holds", "adaptive": "holds"}) == "holds"
    assert words({"oblivious": "holds", "adaptive": "fails"}) == "oblivious: holds, adaptive: fails"
    assert words({}) == "not measured"


def test_a_discussion_is_found_between_its_marks():
    text = f"before {overview.mark('pearl', 'begin')}\nin between\n{overview.mark('pearl', 'end')} after"
    assert by_hand("pearl", text) == "in between" and by_hand("sea", text) == ""


def test_numbers_have_one_home():
    """No page but the summary repeats another's table: each display is in docs/results/<paper>/ alone."""
    rows = (DOCS / overview.PAGE).read_text().count("\n| ")
    assert rows < 60 and not list(Path(tables.SHIPPED).glob("*.csv"))
