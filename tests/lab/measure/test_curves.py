"""Curves: settings that come back the same, points that come early and are kept, a picture everybody can read."""

import inspect
import json
import math
import shlex
from functools import partial
from itertools import combinations, islice

import nbformat
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from papermill import cli as papermill

from lab.measure import curves, live
from lab.measure.curves import (
    CurveSetting,
    curve,
    from_strings,
    left_out,
    points,
    to_json,
    to_strings,
)
from lab.measure.measuring import run
from lab.measure.store import Store
from lab.measure.trial import TABLED, Trial
from lab.nets.methods import METHODS
from lab.reports.curve_chart import figure, hover, layout
from lab.system import parts

from_json = partial(parts.from_json, CurveSetting)
FEW = CurveSetting(methods=("seg", "nat"), threats=("adaptive",), eps=(0, 2, 4, 8, 16), steps=(2,), images=4)
OTHER = CurveSetting(
    "PSNR", ("pearl", "nat"), ("adaptive", "transfer"), "pgd", (2.25,), (0, 1, 5), "prenet", "camvid", 8, 3
)


def same(rows: pd.DataFrame, others: pd.DataFrame) -> bool:
    return rows.drop(columns="statistics").to_csv() == others.drop(columns="statistics").to_csv()


# ---- settings ----


@pytest.mark.parametrize("setting", [CurveSetting(), FEW, OTHER])
def test_a_setting_comes_back_from_text_and_json(setting):
    assert from_strings(to_strings(setting)) == setting
    assert from_json(to_json(setting)) == setting
    assert all(isinstance(text, str) for text in to_strings(setting).values())


def test_what_is_not_named_keeps_its_default_and_lists_are_put_in_order():
    assert from_strings({}) == from_json("{}") == CurveSetting()
    setting = from_strings({"eps": " 8, 0,2,8", "methods": "nat,seg,nat"})
    assert (setting.eps, setting.methods) == ((0, 2, 8), ("nat", "seg"))
    assert (setting.over, setting.values) == ("eps", (0, 2, 8))
    assert (OTHER.over, OTHER.values) == ("steps", (0, 1, 5))


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"metric": "miou"}, "unknown metric 'miou'; choose one of PSNR, SSIM, allAcc, mAcc, mIoU"),
        ({"methods": ["seg", "perl"]}, "unknown method 'perl'; choose one of derain_seg"),
        ({"methods": []}, "wanted a list of one or more for methods, got none"),
        ({"methods": "seg"}, "wanted a list of one or more for methods, got 'seg'"),
        ({"threats": ["obvious"]}, "unknown threat 'obvious'; choose one of adaptive"),
        ({"attack": "segpdg"}, "unknown attack 'segpdg'; choose one of apgd"),
        ({"derain": "prnet"}, "unknown derain net 'prnet'"),
        ({"dataset": "kitti"}, "unknown data set 'kitti'; choose one of camvid"),
        ({"dataset": None}, "wanted a name for dataset, got None"),
        ({"eps": [0, "8"]}, "wanted a number for eps, got '8'"),
        ({"eps": [0, True]}, "wanted a number for eps, got True"),
        ({"eps": [0, 256]}, "wanted eps from 0 to 255"),
        ({"eps": [0, math.inf]}, "wanted a number for eps, got inf"),
        ({"eps": [0, math.nan]}, "wanted a number for eps, got nan"),
        ({"eps": [0, 10**400]}, "wanted a number for eps, got 1000000"),
        ({"eps": [8]}, "wanted several values for eps or for steps, and one for the other, got 1 for eps and 1"),
        ({"steps": [1, 2]}, "got 5 for eps and 2 for steps"),
        ({"eps": list(range(50))}, "wanted at most 40 points on a curve, got 50"),
        ({"steps": [2.5]}, "wanted a whole number for steps, got 2.5"),
        ({"steps": [math.inf]}, "wanted a whole number for steps, got inf"),
        ({"steps": [1001]}, "wanted at most 1000 steps, got 1001"),
        ({"steps": [-1]}, "wanted a whole number of steps from 0 up"),
        ({"attack": "fgsm", "eps": [8], "steps": [1, 2]}, "FGSM always takes one step"),
        ({"images": 6}, "wanted from 4 to 100 images, in steps of 4, got 6"),
        ({"images": 104}, "wanted from 4 to 100 images, in steps of 4, got 104"),
        ({"images": "4"}, "wanted a whole number for images, got '4'"),
        ({"seed": -1}, "wanted a seed from 0 to"),
        ({"colour": "red"}, "unknown part of a setting 'colour'; choose one of attack, dataset"),
        ({"methods": ["seg"], "threats": ["transfer"]}, "wanted a defence beside Seg, on which the transfer attack"),
    ],
)
def test_a_mistake_in_json_is_one_line_that_says_what_was_wanted(told, words):
    with pytest.raises(ValueError) as caught:
        from_json(json.dumps(told))
    assert words in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[1]", "3", "null", "[" * 10**5])
def test_what_is_no_setting_is_one_line(text):
    with pytest.raises(ValueError, match=r"^wanted a setting as (JSON|a JSON object), got") as caught:
        from_json(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"eps": "0,eight"}, "wanted a number for eps, got 'eight'"),
        ({"images": "4.0"}, "wanted a whole number for images, got '4.0'"),
        ({"methods": " , "}, "wanted a list of one or more for methods, got none"),
        ({"nothing": "1"}, "unknown part of a setting 'nothing'"),
    ],
)
def test_a_mistake_in_an_address_is_one_line(told, words):
    with pytest.raises(ValueError, match=words):
        from_strings(told)


def test_the_source_of_a_transfer_is_left_out_and_named():
    setting = CurveSetting(methods=("seg", "nat"), threats=("oblivious", "transfer"))
    measured = {(t.threat, t.method, t.source) for t in points(setting)}
    assert measured == {("oblivious", "seg", None), ("oblivious", "nat", None), ("transfer", "nat", "seg")}
    (words,) = left_out(setting)
    assert words.startswith("Seg under transfer is left out")
    assert left_out(FEW) == []


# ---- the notebook and its command ----


def notebook(request) -> list:
    path = request.config.rootpath / "notebooks" / "curve.ipynb"
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def test_the_notebook_has_the_parameters_of_the_spec_and_these_are_the_setting_s(request):
    (cell,) = [c for c in notebook(request) if "parameters" in c.metadata.get("tags", [])]
    scope = {}
    exec(cell.source, {}, scope)
    assert scope == {p.name: p.default for p in inspect.signature(curve).parameters.values()}
    assert curve() == points(CurveSetting())
    assert set(scope) == set(parts.kinds(CurveSetting)) - {"metric"} | {"data_root"}


def parameters_of(command: str, monkeypatch) -> dict:
    """What papermill itself makes of a command."""
    given = {}
    monkeypatch.setattr(papermill, "execute_notebook", lambda **told: given.update(told))
    program, *words = shlex.split(command)
    done = CliRunner().invoke(papermill.papermill, words, catch_exceptions=False)
    assert program == "papermill" and done.exit_code == 0, done.output
    assert given["input_path"] == "notebooks/curve.ipynb"
    return given["parameters"]


@pytest.mark.parametrize("setting", [CurveSetting(), FEW, OTHER, CurveSetting(eps=(0.125, 7.65), split="val")])
def test_the_command_measures_the_same_trials(setting, monkeypatch):
    parameters = parameters_of(curves.command(setting, "/my data/123"), monkeypatch)
    assert parameters.pop("data_root") == "/my data/123"
    assert curve(**parameters) == points(setting)
    assert "data_root" not in curves.command(setting)
    assert parameters_of(curves.command(setting, "123"), monkeypatch)["data_root"] == "123"


def test_files_of_other_curves_have_other_names():
    settings = [CurveSetting(), FEW, OTHER, CurveSetting(attack="pgd"), CurveSetting(seed=1), CurveSetting(images=16),
                CurveSetting(threats=("adaptive",)), CurveSetting(steps=(20,)), CurveSetting(split="val")]  # fmt: skip
    names = [curves.name(setting) for setting in settings]
    assert len(set(names)) == len(names) and names[0] == "curve-eps-0to16-10steps-bim-oblivious-scenes-32images"


@pytest.mark.parametrize(
    ("metric", "over", "units"),
    [
        ("mIoU", "eps", ["ε = %{x:g}/255:", "} % ("]),
        ("PSNR", "steps", ["%{x:g} steps:", "} dB ("]),
        ("SSIM", "steps", ["%{x:g} steps:", "f} ("]),
    ],
)
def test_what_stands_beside_a_point_has_units(metric, over, units):
    assert all(unit in hover(metric, over) for unit in units)


def test_the_notebook_run_by_the_command_shows_the_rows_of_the_page(request, gradients, monkeypatch):
    steps = list(live.measured(points(FEW)))
    shown = live.joined(step.rows for step in sorted((s for s in steps if s.index is not None), key=lambda s: s.index))
    assert same(shown, run(points(FEW), quiet=True))
    scope: dict = {}
    for cell in notebook(request):
        exec(cell.source, scope)
        if "parameters" in cell.metadata.get("tags", []):
            scope |= parameters_of(curves.command(FEW), monkeypatch)
    assert same(shown, scope["rows"])


# ---- measuring ----


def test_stored_points_are_known_without_computing(gradients):
    trials = points(FEW)
    assert live.stored(trials) == [False] * len(trials) and live.held(trials) == {}
    run(trials[1:3], quiet=True)
    gradients.clear()
    assert [i for i, known in enumerate(live.stored(trials)) if known] == [1, 2]
    frames = live.held(trials)
    assert list(frames) == [1, 2] and same(live.joined(frames.values()), run(trials[1:3], quiet=True))
    assert gradients == []


def test_rows_that_were_seen_are_not_read_again_unless_the_store_is_gone(gradients, monkeypatch):
    trials = points(FEW)[:2]
    run(trials, quiet=True)
    frames = live.held(trials)
    with monkeypatch.context() as patched:
        patched.setattr(Store, "read", lambda *_: pytest.fail("read again"))
        assert same(live.joined(frames.values()), live.joined(live.held(trials).values()))
    Store().path.unlink()
    assert live.held(trials) == {}


def test_stored_points_come_first_and_the_others_show_the_shape_early(gradients):
    trials = points(CurveSetting(methods=("nat",), threats=("adaptive",), eps=(0, 2, 4, 8, 16), steps=(2,), images=4))
    run([trials[3]], quiet=True)
    gradients.clear()
    seen = []
    for step in live.measured(trials):
        if step.index is not None:
            seen.append((trials[step.index].eps, len(gradients), step.seconds > 0))
            assert set(step.rows.metric) == set(TABLED) and set(step.rows.eps) == {trials[step.index].eps}
    assert [eps for eps, *_ in seen] == [8, 0, 16, 4, 2]
    assert [count for _, count, _ in seen] == [0, 0, 8, 16, 24]
    assert [took for *_, took in seen] == [False, True, True, True, True]


@pytest.mark.parametrize(("count", "order"), [(0, []), (1, [0]), (2, [0, 1]), (5, [0, 4, 2, 1, 3])])
def test_both_ends_then_the_middle_then_the_quarters(count, order):
    assert live.early(count) == order
    assert sorted(live.early(23)) == list(range(23))


def test_who_stops_loses_no_batch(gradients):
    trials = [Trial("nat", attack="bim", eps=8, steps=3, threat="adaptive", images=12)]
    (first, second) = islice(live.measured(trials), 2)
    assert (first.index, second.index) == (None, None) and len(gradients) == 8 * 3
    assert second.left == pytest.approx(second.seconds / 2)  # a third of the pictures is to go
    gradients.clear()
    resumed = list(live.measured(trials))
    assert len(gradients) == 4 * 3
    assert [step.index for step in resumed] == [None, 0] and resumed[-1].left == 0
    gradients.clear()
    assert [step.index for step in live.measured(trials)] == [0]
    assert gradients == []


def test_curves_over_steps_share_what_they_can(gradients):
    def gradients_of(attack):
        gradients.clear()
        setting = CurveSetting(methods=("nat",), attack=attack, eps=(8,), steps=(1, 3, 5), images=4)
        list(live.measured(points(setting)))
        return len(gradients) / 4

    assert gradients_of("bim") == 5
    assert gradients_of("apgd") == 1 + 3 + 5


def test_defences_with_one_segmenter_share_the_attack_on_it(gradients):
    setting = CurveSetting(methods=("seg", "derain_seg", "pearl"), eps=(0, 8), steps=(3,), images=4)
    order = [step.index for step in live.measured(points(setting)) if step.index is not None]
    assert len(gradients) == 4 * 3
    assert [points(setting)[i].eps for i in order] == [0, 0, 0, 8, 8, 8]


@pytest.mark.parametrize(
    ("left", "words"), [(math.nan, "measuring"), (12.4, "about 12 s to go"), (300, "about 5 min to go")]
)
def test_the_pace_in_words(left, words):
    assert live.pace(live.Step(None, None, 1.0, left)) == words


# ---- the picture ----


def made_up(over: str = "eps") -> pd.DataFrame:
    """Rows of two methods under two threats, as `run` gives them."""
    other = {"eps": "steps", "steps": "eps"}[over]
    return pd.DataFrame([
        {"method": method, "threat": threat, over: value, other: 10, "metric": metric, "value": 50 - value,
         "low": 48 - value, "high": 53 - value}
        for threat in ("oblivious", "adaptive") for method in ("seg", "pearl") for metric in ("mIoU", "SSIM")
        for value in (8, 0, 4)
    ])  # fmt: skip


def test_one_line_for_each_defence_and_threat_with_its_intervals():
    drawn = figure(made_up())
    assert [line.name for line in drawn.data] == [
        "Seg, oblivious", "PEARL, oblivious", "Seg, adaptive", "PEARL, adaptive",
    ]  # fmt: skip
    first, second, third, _ = drawn.data
    assert (list(first.x), list(first.y)) == ([0, 4, 8], [50, 46, 42])
    assert (list(first.error_y.array), list(first.error_y.arrayminus)) == ([3, 3, 3], [2, 2, 2])
    assert first.line.color != second.line.color and first.marker.symbol != second.marker.symbol
    assert first.line.color == third.line.color and first.line.dash != third.line.dash
    assert drawn.layout.yaxis.title.text == "mIoU (%)" and "1/255" in drawn.layout.xaxis.title.text


def test_the_axis_is_what_grows_and_stands_still_while_points_come():
    assert "steps" in figure(made_up("steps"), "SSIM").layout.xaxis.title.text
    assert figure(made_up("steps"), "SSIM").layout.yaxis.title.text.startswith("SSIM")
    none, some = (figure(rows, over="steps", values=(0, 10)) for rows in (pd.DataFrame(), made_up("steps")))
    assert none.layout.xaxis == some.layout.xaxis and not none.data
    assert list(none.layout.xaxis.tickvals) == [0, 10]


def luminance(colour: str) -> float:
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def linear(colour: str) -> np.ndarray:
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def lightness_and_hue(rgb: np.ndarray) -> np.ndarray:
    """CIE Lab of linear sRGB."""
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ rgb
    x, y, z = np.cbrt(np.maximum(xyz / [0.9505, 1, 1.089], 0.008856))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


# Machado et al. 2009, full strength: as a protanope and a deuteranope see linear sRGB
BLIND = (
    np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]),
)


def test_colours_are_seen_on_light_and_dark_and_told_apart_by_the_colour_blind():
    colours, marks = ([getattr(method, name) for method in METHODS.values()] for name in ("colour", "mark"))
    assert len(set(colours)) == len(set(marks)) == len(METHODS)
    for colour in colours:
        for page in ("#fbfcfd", "#0e141b"):  # the dashboard's backgrounds
            light, dark = sorted((luminance(colour), luminance(page)), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 3, (colour, page)
        assert 1.05 / (luminance(colour) + 0.05) >= 3
    for seen in (np.eye(3), *BLIND):
        for colour, other in combinations(colours, 2):
            apart = lightness_and_hue(seen @ linear(colour)) - lightness_and_hue(seen @ linear(other))
            assert np.linalg.norm(apart) >= 25, (colour, other)


def test_the_figure_brings_no_background():
    told = figure(made_up()).layout.to_plotly_json()
    assert not {"paper_bgcolor", "plot_bgcolor", "font"} & told.keys()


def test_the_tables_hold_every_metric_and_point(tiny_zoo):
    rows = run(points(FEW), quiet=True)
    report = layout(rows)
    assert report.title == "Curves over eps: scenes"
    assert [block.title.split(" ")[0] for block in report.blocks] == list(TABLED)
    frame = report.blocks[TABLED.index("PSNR")].frame
    assert list(frame.columns) == [("eps", text) for text in ("0", "2", "4", "8", "16")]
    row = rows[(rows.method == "nat") & (rows.eps == 4) & (rows.metric == "PSNR")].iloc[0]
    assert frame.loc[("adaptive", "NAT"), ("eps", "4")] == f"{row.value:.2f} [{row.low:.2f}, {row.high:.2f}]"
    assert "BIM2" in report.caption and "4 images" in report.caption
