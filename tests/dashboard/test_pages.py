"""Curves, tables and zoo, each page by itself, run headless on a zoo of tiny nets."""

import json
import shutil
from pathlib import Path

import pytest
import streamlit as st
from streamlit.runtime.scriptrunner import StopException
from streamlit.testing.v1 import AppTest

from lab.measure import live
from lab.measure.curves import CurveSetting, from_strings, points
from lab.measure.measuring import run
from lab.nets import cards, zoo
from lab.reproduce import tables
from pearl_core.attacks.problem import ImageProblem

DASHBOARD = Path(__file__).parents[2] / "dashboard"
PAGES = ("curves", "tables", "zoo")
BRIEF = {"methods": "nat,pearl", "threats": "adaptive", "eps": "0,4,8", "steps": "2", "images": "4"}


@pytest.fixture
def opened(tiny_zoo, monkeypatch):
    """Opens a page at an address, as a browser does; what other tests looked at is forgotten."""
    monkeypatch.syspath_prepend(str(DASHBOARD))
    monkeypatch.delenv("PEARL_DATA", raising=False)
    st.cache_data.clear()

    def page(name: str, **address: str) -> AppTest:
        app = AppTest.from_file(str(DASHBOARD / "views" / f"{name}.py"), default_timeout=60)
        app.query_params.update(address)
        app.run()
        assert not app.exception
        return app

    return page


@pytest.fixture
def gradients(monkeypatch):
    counted, evaluate = [], ImageProblem.evaluate
    monkeypatch.setattr(ImageProblem, "evaluate", lambda *given: counted.append(1) or evaluate(*given))
    return counted


@pytest.fixture
def saved(monkeypatch):
    """What the page last offered as rows."""
    texts, csv = [""], live.csv
    monkeypatch.setattr(live, "csv", lambda frames: texts.append(csv(frames)) or texts[-1])
    return texts


def sound(app: AppTest) -> AppTest:
    assert not app.exception and not app.error
    return app


def widgets(app: AppTest) -> list:
    kinds = (app.slider, app.selectbox, app.multiselect, app.number_input, app.text_input, app.radio, app.button)
    return [widget for kind in kinds for widget in kind]


def dial(app: AppTest, label: str):
    (widget,) = [widget for widget in widgets(app) if widget.label == label]
    return widget


def curves_of(app: AppTest) -> dict[str, list[float]]:
    (chart,) = app.get("plotly_chart")
    return {line["name"]: line["x"] for line in json.loads(chart.proto.spec)["data"]}


# ---- all pages ----


@pytest.mark.parametrize("name", PAGES)
def test_every_dial_and_button_has_a_sentence_for_a_reader_who_knows_no_paper(opened, name):
    app = sound(opened(name))
    downloads = [button.proto for button in app.get("download_button")]
    assert app.title[0].value == name.title() and downloads
    for widget in (*widgets(app), *downloads):
        assert widget.help.endswith((".", "nat.")) and len(widget.help.split()) > 5, widget.label
    if name == "curves":
        sound(dial(app, "Against").set_value("steps").run())
        assert all(widget.help for widget in widgets(app))


@pytest.mark.parametrize("name", PAGES)
def test_what_is_the_default_does_not_stand_in_the_address(opened, name):
    assert sound(opened(name)).query_params == {}


# ---- curves ----


def test_it_opens_on_an_empty_chart_and_computes_nothing(opened, gradients):
    app = sound(opened("curves"))
    assert curves_of(app) == {} and gradients == []
    assert not dial(app, "Compute").disabled and dial(app, "Stop").disabled
    assert app.code[0].value == "papermill notebooks/curve.ipynb out.ipynb"


def test_compute_measures_what_the_command_would(opened, saved):
    app = opened("curves", **BRIEF)
    sound(dial(app, "Compute").click().run())
    assert curves_of(app) == {"NAT, adaptive": [0, 4, 8], "PEARL, adaptive": [0, 4, 8]}
    assert dial(app, "Compute").disabled and dial(app, "Stop").disabled
    rows = run(points(from_strings(BRIEF)), quiet=True)
    assert saved[-1] == rows.drop(columns="statistics").to_csv(index=False)
    assert app.code[0].value.endswith("-p methods nat,pearl -p threats adaptive -p eps 0,4,8 -p steps 2 -p images 4")


def test_stored_points_appear_at_once(opened, gradients):
    run([trial for trial in points(from_strings(BRIEF)) if trial.eps == 4], quiet=True)
    gradients.clear()
    app = sound(opened("curves", **BRIEF))
    assert curves_of(app) == {"NAT, adaptive": [4], "PEARL, adaptive": [4]}
    assert gradients == [] and not dial(app, "Compute").disabled


@pytest.fixture
def interrupted(opened, monkeypatch):
    """The page whose measurement a click ended after two batches."""
    compute, calls = live.compute, []

    def stopping(*given, **options):
        compute(*given, **options)
        calls.append(1)
        if len(calls) == 2:
            raise StopException  # what a click does to the script that runs

    monkeypatch.setattr(live, "compute", stopping)
    app = opened("curves", **BRIEF)
    return sound(dial(app, "Compute").click().run())


def test_stop_keeps_what_was_measured_and_compute_goes_on_from_there(interrupted, gradients):
    assert not dial(interrupted, "Stop").disabled
    sound(dial(interrupted, "Stop").click().run())
    kept = curves_of(interrupted)
    assert sum(map(len, kept.values())) == 3 and gradients == []  # both at eps 0 in one go, and one more
    assert dial(interrupted, "Stop").disabled and not dial(interrupted, "Compute").disabled
    sound(dial(interrupted, "Compute").click().run())
    assert sum(map(len, curves_of(interrupted).values())) == 6
    assert len(gradients) == 3 * 2


def test_another_metric_goes_on_measuring_and_another_curve_does_not(interrupted, gradients):
    sound(dial(interrupted, "Metric").set_value("PSNR").run())
    assert sum(map(len, curves_of(interrupted).values())) == 6
    gradients.clear()
    sound(dial(interrupted, "Images").set_value(8).run())
    assert gradients == [] and not dial(interrupted, "Compute").disabled


def test_the_address_sets_the_dials_and_follows_them(opened):
    app = sound(opened("curves", metric="SSIM", steps="0,5,9", eps="2.5", threats="oblivious,transfer", seed="7"))
    shown = {label: dial(app, label).value for label in ("Metric", "Against", "Points", "Strength ε (1/255)", "Seed")}
    assert list(shown.values()) == ["SSIM", "steps", "0,5,9", 2.5, 7]
    assert dial(app, "The attacker knows").value == ["oblivious", "transfer"]
    dial(app, "Metric").set_value("mIoU")
    sound(dial(app, "Points").set_value("1, 2").run())
    wanted = {"steps": "1,2", "eps": "2.5", "threats": "oblivious,transfer", "seed": "7"}
    assert app.query_params == wanted
    again = sound(opened("curves", **wanted))
    assert dial(again, "Points").value == "1,2"
    assert again.code[0].value == app.code[0].value


@pytest.mark.parametrize(
    ("address", "words"),
    [({"metric": "miou"}, "unknown metric 'miou'"), ({"images": "1000"}, "in steps of 4, got 1000"),
     ({"eps": "1,x"}, "wanted a number for eps, got 'x'"), ({"steps": "1e9"}, "wanted a whole number for steps")],
)  # fmt: skip
def test_an_address_that_cannot_be_is_one_sentence_above_the_default_page(opened, address, words):
    app = opened("curves", **address)
    (error,) = app.error
    assert words in error.value and "\n" not in error.value
    assert dial(app, "Metric").value == CurveSetting().metric and curves_of(app) == {}
    sound(app.run())
    assert app.query_params == {}


@pytest.mark.parametrize(
    ("label", "value", "words"),
    [("Points", "0, eight", "wanted a number for “Points”, got 'eight'"),
     ("Points", "8", "wanted several values for “Points” or for “Steps”"),
     ("Methods", [], "wanted a list of one or more for “Methods”, got none"), ("Points", "0,999", "from 0 to 255")],
)  # fmt: skip
def test_a_dial_that_cannot_be_is_one_sentence(opened, label, value, words):
    app = dial(opened("curves"), label).set_value(value).run()
    (error,) = app.error
    assert words in error.value and "\n" not in error.value and not app.exception


def test_a_transfer_attack_on_its_own_source_is_named(opened):
    app = sound(opened("curves", methods="seg,nat", threats="transfer"))
    assert [info.value.split(":")[0] for info in app.info] == ["Seg under transfer is left out"]
    assert "of 5 points" in app.get("progress")[0].proto.text


def test_a_missing_net_or_data_set_is_one_sentence(opened, small, monkeypatch, tmp_path):
    app = opened("curves", dataset="camvid")
    (error,) = app.error
    assert "nobody said where" in error.value
    assert dial(app, "Folder of the data").help
    monkeypatch.setenv("PEARL_ZOO", str(tmp_path))
    (error,) = opened("curves").error
    assert "no trained net" in error.value and "python -m lab train" in error.value


def test_going_to_another_page_and_back_keeps_the_setting(opened, tmp_path):
    main = tmp_path / "main.py"
    paths = [str(DASHBOARD / "views" / f"{name}.py") for name in PAGES]
    main.write_text(f"import streamlit as st\nst.navigation([st.Page(path) for path in {paths}]).run()\n")
    app = AppTest.from_file(str(main), default_timeout=60)
    app.query_params["metric"] = "PSNR"
    sound(app.run())
    assert app.title[0].value == "Curves" and dial(app, "Metric").value == "PSNR"
    app.query_params.clear()
    sound(app.switch_page(paths[2]).run())
    assert app.title[0].value == "Zoo" and app.query_params == {}
    sound(app.switch_page(paths[0]).run())
    assert dial(app, "Metric").value == "PSNR" and app.query_params == {"metric": "PSNR"}


# ---- tables ----


def test_every_shipped_number_is_there_with_its_origin(opened):
    app = sound(opened("tables"))
    frame, sources = tables.gathered()
    assert len(app.dataframe[0].value) == len(frame) > 1000
    told = {code.value for code in app.code}
    assert {source.command for source in sources} == told and "python -m lab sea strength" in told
    assert {source.words for source in sources} <= {text.value for text in app.text}
    assert "docs/RESULTS.md" in app.markdown[0].value
    columns = json.loads(app.get("dataframe")[0].proto.columns)
    assert "the paper prints no interval" in columns["difference_low"]["help"]


def test_filters_narrow_the_rows_the_origins_and_the_address(opened):
    app = sound(opened("tables", dataset="camvid", experiment="table1"))
    frame = app.dataframe[0].value
    assert set(frame.dataset) == {"camvid"} and set(frame.experiment) == {"table1"}
    assert [code.value.split(" ")[1] for code in app.code] == ["notebooks/table1.ipynb"]
    dial(app, "Method").set_value(["NAT"])
    sound(dial(app, "Containing").set_value("bim3 oblivious").run())
    frame = app.dataframe[0].value
    assert set(frame.method) == {"NAT"} and set(frame.condition) == {"Rain + BIM3"} and len(frame) == 5
    assert app.caption[0].value.startswith("5 of ")
    assert app.query_params == {
        "dataset": "camvid", "experiment": "table1", "method": "NAT", "text": "bim3 oblivious",
    }  # fmt: skip
    assert len(sound(opened("tables", **app.query_params)).dataframe[0].value) == 5


def test_a_lab_without_shipped_rows_says_so(opened, monkeypatch, tmp_path):
    monkeypatch.setattr(tables, "SHIPPED", tmp_path / "docs" / "results")
    app = sound(opened("tables"))
    assert app.dataframe[0].value.empty
    assert any("no shipped rows" in text.value for text in app.text)


# ---- zoo ----


def test_the_nets_and_the_card_that_is_chosen(opened, tiny_zoo):
    app = sound(opened("zoo", net="scenes/nat-prenet-pspnet"))
    assert list(app.dataframe[0].value.net) == list(cards.cards()[0])
    assert json.loads(app.json[0].value) == zoo.catalogue()["scenes/nat-prenet-pspnet"]
    sound(dial(app, "Card").set_value("scenes/derain-prenet").run())
    assert json.loads(app.json[0].value)["network"] == "prenet"
    assert app.query_params == {"net": "scenes/derain-prenet"}


def test_a_data_set_filters_the_nets(opened, monkeypatch):
    monkeypatch.setattr(zoo, "SHIPPED", Path(zoo.__file__).parents[1] / "zoo")
    app = sound(opened("zoo", net="scenes/nat-prenet-pspnet"))
    sound(dial(app, "Data set").set_value("camvid").run())
    assert set(app.dataframe[0].value["data set"]) == {"camvid"}
    assert dial(app, "Card").value.startswith("camvid/") and app.query_params == {"dataset": "camvid"}


def test_a_broken_card_is_one_sentence_and_the_others_still_show(opened, tiny_zoo, tmp_path, monkeypatch):
    shutil.copytree(tiny_zoo, tmp_path / "mine")
    monkeypatch.setenv("PEARL_ZOO", str(tmp_path / "mine"))
    (tmp_path / "mine" / "scenes" / "sat-pspnet.json").write_text("{")
    app = opened("zoo")
    (error,) = app.error
    assert "sat-pspnet.json is not a card" in error.value and "\n" not in error.value
    assert (
        len(app.dataframe[0].value) == len(list(tiny_zoo.glob("*/*.json"))) - 1
        and "scenes/sat-pspnet" not in dial(app, "Card").options
    )
    assert sound(opened("curves"))


def test_an_empty_zoo_says_how_to_fill_it(opened, tmp_path, monkeypatch):
    monkeypatch.setenv("PEARL_ZOO", str(tmp_path))
    app = sound(opened("zoo"))
    assert "python -m lab train" in app.info[0].value and not app.dataframe
