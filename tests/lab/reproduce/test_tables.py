"""Tables and cards: measured beside published, from the store or shipped; what is broken is a sentence."""

import json
import shutil
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from lab.measure.measuring import run
from lab.measure.store import Store
from lab.nets import cards, zoo
from lab.papers import PAPERS
from lab.papers.pearl import table1
from lab.papers.pearl.printed import PRINTED
from lab.papers.sea import strength
from lab.reports import tidy
from lab.reports.report import of_difference
from lab.reproduce import tables
from pearl_core import SCIENCE
from pearl_core.attacks.problem import ImageProblem

REPOSITORY = tables.SHIPPED
TABLE1 = table1.EXPERIMENT


@pytest.fixture
def brief(tiny_zoo, monkeypatch):
    """Table 1 on four pictures by default, and PEARL without any other display."""
    brief = replace(TABLE1, common=TABLE1.common | {"images": 4})
    monkeypatch.setitem(PAPERS, "pearl", replace(PAPERS["pearl"], experiments={"table1": brief}))
    return brief


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Where the store of a whole table 1 lies once some test has measured it."""
    return tmp_path_factory.mktemp("kept") / "results.sqlite"


@pytest.fixture
def rows(brief, kept):
    """All rows of table 1, which the store holds."""
    path = Store().path
    if kept.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(kept, path)
    measured = run(brief.asked(), quiet=True)
    shutil.copy(path, kept)
    return measured


def sources(data_root=None, folder=None) -> dict[tuple[str, str], tables.Source]:
    return {(source.experiment, source.dataset): source for source in tables.gathered(data_root, folder)[1]}


# ---- where rows come from ----


def test_what_the_store_holds_whole_comes_from_it_and_nothing_is_computed(rows, tmp_path, monkeypatch):
    monkeypatch.setattr(ImageProblem, "evaluate", lambda *_: pytest.fail("computed"))
    frame, (source,) = tables.gathered(folder=shipped(tmp_path))
    assert source.words == f"store, measured on this machine (science {SCIENCE}, torch {rows.torch.iloc[0]})"
    assert len(frame) == len(rows) and set(frame.source) == {"store"} and tuple(frame.columns) == tidy.COLUMNS
    assert np.array_equal(frame.value, rows.value)


def test_else_the_shipped_rows_and_the_reason(brief, tmp_path):
    folder = shipped(tmp_path)
    written = run([t for t in brief.asked() if t.attack is None], quiet=True).drop(columns="statistics")
    written.assign(science=SCIENCE - 1).to_csv(folder / "pearl" / "table1-scenes.csv", index=False)
    frame, (source,) = tables.gathered(folder=folder)
    assert set(frame.source) == {"shipped"} and len(frame) == len(written)
    assert source.words.startswith(f"shipped in docs/results/pearl/table1-scenes.csv (science {SCIENCE - 1}, torch")
    assert f"this code is science {SCIENCE} and may measure otherwise" in source.words
    assert source.words.endswith("the store lacks 60 of its 72 trials")


def test_without_store_and_files_there_is_a_sentence(brief, tmp_path):
    frame, (first, second) = tables.gathered(folder=tmp_path / "none")
    assert frame.empty and tuple(frame.columns) == tidy.COLUMNS
    assert first.words.startswith("nothing: the store lacks 72 of its 72 trials; and there is no ")
    assert "no shipped rows" in second.words and second.command == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "No columns to parse"), ("method,value\nseg,3\n", "it lacks address, attack"), ("a,b\n1,2,3\n4\n", "lacks")],
)
def test_a_broken_file_is_a_sentence_and_the_others_still_show(brief, tmp_path, text, words):
    folder = shipped(tmp_path)
    (folder / "pearl" / "table1-scenes.csv").write_text(text)
    shutil.copy(REPOSITORY / "sea" / "strength-scenes.csv", folder / "sea")
    frame, _ = tables.gathered(folder=folder)
    assert set(frame.experiment) == {"sea/strength"}
    broken = sources(folder=folder)["table1", "scenes"].words
    assert words in broken and "\n" not in broken


def test_a_data_set_that_is_not_here_comes_from_its_file(small, monkeypatch):
    monkeypatch.delenv("PEARL_DATA", raising=False)
    frame, _ = tables.gathered()
    assert {"camvid", "scenes"} <= set(frame.dataset) and {"table1", "sea/strength"} <= set(frame.experiment)
    assert "nobody said where" in sources()["table1", "camvid"].words
    assert "no trained net" in sources()["table1", "scenes"].words


def shipped(tmp_path):
    for paper in PAPERS:
        (tmp_path / "results" / paper).mkdir(parents=True)
    return tmp_path / "results"


def test_commands_measure_the_same_anew():
    assert tables.command(TABLE1, "scenes") == "papermill notebooks/table1.ipynb out.ipynb"
    told = "papermill notebooks/table1.ipynb out.ipynb -p dataset camvid -p data_root"
    assert tables.command(TABLE1, "camvid") == f"{told} DIR"
    assert tables.command(TABLE1, "camvid", "/my data") == f"{told} '/my data'"
    assert (
        tables.command(strength.EXPERIMENT, "camvid") == "python -m lab sea strength --dataset camvid --data-root DIR"
    )
    assert tables.command(strength.EXPERIMENT, "scenes") == "python -m lab sea strength"
    for paper in PAPERS.values():
        for name in (name for name, experiment in paper.experiments.items() if experiment.gives != "rows"):
            assert (REPOSITORY.parents[1] / "notebooks" / paper.notebook(name)).exists()


# ---- tidy ----


def test_the_difference_and_its_interval_are_those_of_the_paper_s_number(rows):
    frame = tidy.tidy(TABLE1, rows)
    printed = frame[frame.published.notna()]
    assert len(printed) == len(PRINTED.table(1)) and set(printed.threat) == {"oblivious"}
    row = printed[(printed.method == "PEARL + AMA") & (printed.condition == "Rain + BIM3") & (printed.metric == "mIoU")]
    assert row.published.item() == 48.55
    assert row.difference.item() == row.value.item() - 48.55
    assert (row.difference_low.item(), row.difference_high.item()) == (row.low.item() - 48.55, row.high.item() - 48.55)


def test_published_numbers_stand_where_the_table_itself_puts_them(brief, rows):
    frame = tidy.tidy(TABLE1, rows)
    frame = frame[(frame.threat == "oblivious") & frame.metric.isin(table1.TABLE.metrics)]
    printed = TABLE1.layout(rows).blocks[0].frame
    for row in frame.itertuples():
        label = {"mIoU": "mIoU (%)", "allAcc": "allAcc (%)", "PSNR": "PSNR (dB)"}[row.metric]
        written = printed.loc[(row.condition, row.method), (label, of_difference("diff.", row.metric))]
        assert written == ("" if np.isnan(row.difference) else f"{row.difference:+.2f}")
    for other in ({"eps": 4.0}, {"segmenter": "deeplab"}):
        assert tidy.tidy(TABLE1, rows.assign(**other)).published.isna().all()


def test_strength_says_what_was_done_and_has_every_number_once():
    read = pd.read_csv(REPOSITORY / "sea" / "strength-scenes.csv")
    read = pd.concat([read, read[read.precision == "float32"]], ignore_index=True)  # as where precisions are compared
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frame = tidy.tidy(strength.EXPERIMENT, read)
    assert not frame.duplicated(["split", "images", "method", "condition", "metric"]).any()
    assert len(frame) == len(read.drop_duplicates()) < len(read)
    assert "no attack" in set(frame.condition) and frame.published.isna().all()
    assert any(c.startswith("APGD on mask_ce, eps 8, 30 steps") for c in frame.condition)


def test_filters_take_every_choice_and_every_word(rows):
    frame = tidy.tidy(TABLE1, rows).assign(experiment="table1", dataset="scenes", source="store")
    kept = tidy.filtered(frame, {"method": ["NAT", "PEARL"], "metric": ["PSNR"], "threat": []}, "CW adaptive")
    assert set(kept.method) == {"NAT", "PEARL"} and set(kept.condition) == {"Rain + CW"}
    assert set(kept.threat) == {"adaptive"} and len(kept) == 2
    assert len(tidy.filtered(frame, {"method": []})) == len(frame)
    assert tidy.filtered(frame, {}, "no such words").empty
    assert tidy.filtered(frame.iloc[:0], {"method": ["NAT"]}, "cw").empty
    assert tidy.choices(frame, "metric") == ["mIoU", "mAcc", "allAcc", "PSNR", "SSIM"]


def test_a_screen_gets_no_endless_numbers(rows):
    frame = tidy.tidy(TABLE1, rows)
    assert np.isinf(frame.value).any() and not np.isinf(tidy.shown(frame).value).any()


# ---- cards ----


def test_a_broken_card_is_a_sentence_and_the_others_still_show(tiny_zoo, tmp_path, monkeypatch):
    folder = tmp_path / "mine"
    shutil.copytree(tiny_zoo, folder)
    monkeypatch.setenv("PEARL_ZOO", str(folder))
    monkeypatch.setattr(zoo, "SHIPPED", tiny_zoo)
    for name, text in {"clean-pspnet": "{", "sat-pspnet": "[]", "derain-prenet": '{"network": "prenet"}'}.items():
        (folder / "scenes" / f"{name}.json").write_text(text)
    (folder / "scenes" / "nothing.json").write_text("no weights beside it")
    readable, problems = cards.cards()
    everything = {str(path.relative_to(tiny_zoo).with_suffix("")) for path in tiny_zoo.glob("*/*.json")}
    assert set(readable) == everything - {f"scenes/{name}" for name in ("clean-pspnet", "sat-pspnet", "derain-prenet")}
    assert len(problems) == 3 and all("is not a card" in words and "\n" not in words for words in problems)
    assert cards.datasets() == ["scenes", "objects"]
    assert cards.derained() == ["scenes"], "no derainer was trained on the objects"


def test_cards_as_a_table(monkeypatch):
    monkeypatch.setenv("PEARL_ZOO", "/nowhere")
    by_name, problems = cards.cards()
    assert by_name == zoo.catalogue() and problems == []
    frame = cards.table(by_name).set_index("net")
    card = json.loads((zoo.SHIPPED / "camvid" / "nat-prenet-pspnet.json").read_text())
    row = frame.loc["camvid/nat-prenet-pspnet"]
    assert (row["data set"], row.recipe, row.network) == ("camvid", "nat", "pspnet")
    assert row["size (MB)"] == card["bytes"] / 1e6 and row["training (s)"] == card["seconds"]
    assert row["mIoU rain (%)"] == card["scores"]["mIoU rain"] and row["scored on"] == card["scores"]["on"]
    assert all(cards.words(name) for name in frame.columns)


def test_a_card_with_odd_contents_still_has_its_row():
    odd = {
        "network": 3,
        "settings": [],
        "sha256": "",
        "bytes": "many",
        "scores": {"on": 3, "mIoU rain": True},
        "name": 1,
    }
    frame = cards.table({"scenes/odd": odd, "scenes/none": {}})
    assert list(frame.net) == ["scenes/odd", "scenes/none"]
    assert frame["size (MB)"].isna().all() and frame["mIoU rain (%)"].isna().all() and set(frame.network) == {""}
