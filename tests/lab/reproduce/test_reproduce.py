"""A whole paper in one process: every experiment, from the store where it is full; figures and rows on the disk."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from lab.cli import main
from lab.papers import PAPERS
from lab.reproduce.results import parts
from lab.reproduce.run import reproduced, write
from lab.view import session as scene
from pearl_core.attacks.problem import ImageProblem

PEARL = PAPERS["pearl"].experiments


def test_the_paper_has_its_four_tables_and_six_figures_and_its_supplement():
    figures = {f"figure{k}" for k in (1, 3, 4, 5, 6, 7)}
    assert set(PEARL) == {f"table{k}" for k in (1, 2, 3, 4)} | figures | {"supplement"}
    assert next(iter(PEARL)) == "table1" and list(PEARL)[-1] == "supplement"
    assert [name for key, name in parts() if key == "pearl"] == ["claims", *PEARL]
    assert ("sea", "strength") in parts() and ("sea", "claims") not in parts()
    assert len(set(parts())) == len(parts())
    with pytest.raises(ValueError, match=r"^unknown paper 'perl'; choose one of pearl"):
        list(reproduced("perl"))


def test_all_of_it_is_measured_once_and_then_comes_from_the_store(tiny_zoo, monkeypatch):
    first = {experiment.name: report.text() for experiment, report, _ in reproduced("pearl", images=2, quiet=True)}
    assert list(first) == list(PEARL)
    scene.RECENT.clear()  # as in a new process
    evaluate, calls = ImageProblem.evaluate, []
    monkeypatch.setattr(ImageProblem, "evaluate", lambda *a, **k: calls.append(1) or evaluate(*a, **k))
    again = {experiment.name: report.text() for experiment, report, _ in reproduced("pearl", images=2, quiet=True)}
    assert again == first
    assert calls == [], "pictures and numbers that were known were attacked again"


def test_each_lays_down_its_text_its_rows_and_its_figures(tiny_zoo, tmp_path):
    wanted = {"table3": [".csv", ".txt"], "figure7": [".csv", ".png", ".txt"], "figure3": [".png", ".txt"]}
    for name, endings in wanted.items():
        measured = PEARL[name].measured(**({"images": 2} if name != "figure3" else {}), quiet=True)
        report = PEARL[name].layout(measured)
        write(tmp_path, name, report, measured)
        assert sorted({path.suffix for path in tmp_path.glob(f"{name}*")}) == endings
        assert (tmp_path / f"{name}.txt").read_text() == report.text() + "\n"
        markdown = report.markdown(name, folder="there")
        for picture in tmp_path.glob(f"{name}*.png"):
            assert f"(there/{picture.name})" in markdown
            assert picture.read_bytes().startswith(b"\x89PNG")
    rows = pd.read_csv(tmp_path / "table3.csv")
    assert {"value", "address", "net_seed", "derain_on"} <= set(rows) and "statistics" not in rows


def test_the_command_reproduces_and_keeps(tiny_zoo, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(PAPERS, "pearl", replace(PAPERS["pearl"], experiments={"table3": PEARL["table3"]}))
    assert main(["reproduce", "pearl", "--images", "2", "--out", str(tmp_path)]) == 0
    assert "PEARL, table 3" in capsys.readouterr().out
    assert (tmp_path / "table3.txt").exists()


def test_several_runs_are_a_mean_and_a_deviation_where_the_zoo_holds_them(tiny_zoo, tmp_path, monkeypatch):
    """A second derainer of another seed: its method has two runs, all others one."""
    import torch

    from lab.nets import zoo

    from .. import tiny

    monkeypatch.setenv("PEARL_ZOO", str(tmp_path))
    monkeypatch.setattr(zoo, "SHIPPED", tiny_zoo)
    torch.manual_seed(9)
    for recipe in ("clean", "derain"):
        name = zoo.NetName("scenes", recipe, seed=1)
        settings = (tiny.PLAN.segmenter | tiny.PLAN.derain)[name.network]
        settings = settings | ({"classes": 19, "aux": False} if recipe == "clean" else {})
        zoo.save(name, zoo.build(name.network, settings), {"network": name.network, "settings": settings})
    rows = PEARL["table3"].measured(images=2, seeds=3, quiet=True)
    assert {(r.method, r.net_seed) for r in rows.itertuples()} == {
        *((method, 0) for method in ("derain_seg", "nat", "pearl", "pearl_ama")),
        ("derain_seg", 1),
    }
    runs = rows[(rows.method == "derain_seg") & (rows.metric == "PSNR") & (rows.rain == "pearl")].value
    text = PEARL["table3"].layout(rows).text()
    assert f"{runs.mean():.2f} ± {np.std(runs, ddof=1):.2f} (2)" in text
    assert "standard deviation over training runs" in text
    with pytest.raises(ValueError, match=r"^wanted 1 training seed or more, got 0$"):
        PEARL["table3"].asked(seeds=0)
