"""PEARL's figures 1, 3 and 4 on tiny nets that know nothing: what is drawn and written is what the views hold."""

import io
from dataclasses import replace

import matplotlib
import numpy as np
import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from lab.cli import main
from lab.data import objects
from lab.nets import zoo
from lab.nets.methods import METHODS
from lab.papers.pearl import figure1, figure3, figure4, table1
from lab.reports import gallery
from lab.reports.report import DOTS, digits_of, png
from lab.system import draw
from lab.view.panels import Panel
from pearl_core.metrics import METRICS
from pearl_core.types import VOID

from .. import tiny

MODULES = {"figure1": figure1, "figure3": figure3, "figure4": figure4}
DERAINING = ("derain_seg", "nat", "pearl", "pearl_ama")
ATTACKS = {"figure1": ("pgd", 8.0), "figure3": ("bim", 4.0), "figure4": ("bim", 8.0)}
SHOWN = {"figure1": DERAINING, "figure3": ("derain_seg", "pearl", "pearl_ama"), "figure4": table1.TABLE.methods}
PAD = 8  # dots around a saved figure


def spec(name, **parameters):
    return MODULES[name].EXPERIMENT.asked(**parameters)


@pytest.fixture(scope="module")
def kept():
    """What some test has laid out already."""
    return {}


@pytest.fixture
def laid_out(tiny_zoo, kept):
    """Views and report of a figure, of few steps."""

    def laid_out(name, **parameters):
        parameters = {"steps": 2} | ({"indices": "0,2"} if name == "figure4" else {}) | parameters
        key = name, *sorted(parameters.items())
        if key not in kept:
            views = [told_apart(view, k) for k, view in enumerate(MODULES[name].EXPERIMENT.measured(**parameters))]
            kept[key] = views, MODULES[name].EXPERIMENT.layout(views)
        return kept[key]

    return laid_out


def told_apart(view, k):
    """The view with labels and overlap of its own: nets that know nothing see the same with and without attack."""
    last = len(view.classes)
    predicted = np.random.RandomState(k).randint(last - 5, last, view.labels.shape).astype(np.uint8)
    return replace(view, predicted=predicted, metrics=view.metrics | {"mIoU": 10.0 + k, "allAcc": 50.0 + k})


def blocks(views, report):
    """Each block with the views that it shows."""
    size = len(views) // len(report.blocks)
    return [(views[i * size : (i + 1) * size], block) for i, block in enumerate(report.blocks)]


def placed(figure):
    """What stands in each place: {(column title, row from above): (drawn array, words below)}."""
    words = {text.get_text(): text.get_position() for text in figure.texts if not text.get_rotation()}
    boxes = [(axes.get_position(), axes.images[0].get_array()) for axes in figure.axes]
    tops = sorted({round(box.y1, 4) for box, array in boxes if len(array) > 1}, reverse=True)
    titles = [text for text, (_, y) in words.items() if y > tops[0]]
    places = {}
    for box, array in boxes:
        if len(array) > 1:  # the colour bar is a line
            middle = (box.x0 + box.x1) / 2
            (title,) = [text for text in titles if abs(words[text][0] - middle) < 1e-3]
            below = [
                (box.y0 - text.get_position()[1], text.get_text())
                for text in figure.texts
                if abs(text.get_position()[0] - middle) < 1e-3 and text.get_position()[1] < box.y0
            ]
            places[title, tops.index(round(box.y1, 4))] = np.asarray(array), min(below, default=(0, ""))[1]
    return places


def close(drawn, picture):
    """Equal but for the steps that pictures are drawn in."""
    return np.abs(drawn.astype(float) - draw.pixels(picture)).max() <= gallery.STEP / 2


# ---- what is asked for ----


@pytest.mark.parametrize("name", MODULES)
def test_one_setting_per_picture_threat_and_method(name, home):
    many = name == "figure4"
    settings = spec(name, seed=3, **({"indices": "2,5"} if many else {"index": 2}))
    pictures = (2, 5) if many else (2,)
    wanted = [(i, threat, method) for i in pictures for threat in ("oblivious", "adaptive") for method in SHOWN[name]]
    assert [(s.index, s.threat, s.method) for s in settings] == wanted
    shared = {(s.attack, s.eps, s.steps, s.dataset, s.derain, s.segmenter, s.seed, s.precision) for s in settings}
    assert shared == {(*ATTACKS[name], 10, "scenes", "prenet", "pspnet", 3, "auto")}


def test_the_adaptive_threat_comes_once_and_the_source_of_a_transfer_is_no_target(home):
    assert {s.threat for s in spec("figure1", threat="adaptive")} == {"adaptive"}
    assert len(spec("figure1", threat="adaptive")) == len(DERAINING)
    settings = spec("figure4", threat="transfer", indices="0")
    assert [s.method for s in settings if s.threat == "transfer"] == list(table1.TABLE.methods)[1:]
    assert {s.source for s in settings if s.threat == "transfer"} == {"seg"}


@pytest.mark.parametrize("words", ["a", "", "0,,1", "-1", "1.5", "0;1"])
def test_indices_that_are_none_are_one_line(words, home):
    with pytest.raises(ValueError, match=r"^wanted indices with commas between, such as 0,1, got '[^\n]*'$"):
        spec("figure4", indices=words)


def test_indices_come_once_each_and_a_single_one_as_a_number(home):
    assert figure4.numbers("3, 1,3") == [3, 1]
    assert figure4.numbers(4) == [4]  # as papermill reads it


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["figure1", "--index", "12"], "wanted a picture of scenes test from 0 to 11, got 12"),
        (["figure3", "--index", "-1"], "wanted index of 0 or more, got -1"),
        (["figure4", "--indices", "12,0"], "wanted a picture of scenes test from 0 to 11, got 12"),
        (["figure4", "--indices", "zero"], "wanted indices with commas between, such as 0,1, got 'zero'"),
        (["figure1", "--threat", "blind"], "unknown threat 'blind'"),
        (["figure3", "--steps", "101"], "wanted steps from 0 to 100, got 101"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(tiny_zoo, arguments, words, capsys):
    assert main(arguments) == 2
    error = capsys.readouterr().err.strip()
    assert words in error and "\n" not in error


# ---- what is drawn ----


@pytest.mark.parametrize("threat", ["oblivious", "transfer"])
def test_figure_1_shows_derained_pictures_over_what_is_seen_in_them(threat, laid_out):
    views, report = laid_out("figure1", threat=threat)
    assert [block.title for block in report.blocks] == [f"scenes/test/00000, threat: {t}" for t in (threat, "adaptive")]
    for shown, block in blocks(views, report):
        places = placed(block.figure)
        assert len(places) == 2 * (1 + len(shown))
        first = shown[0]
        assert close(places["Input", 0][0], first.attacked)
        assert places["Input", 0][1].startswith("attacked, PSNR ")
        assert close(places["Input", 1][0], draw.overlay(first.clean, first.labels, first.palette, 0.6))
        assert places["Input", 1][1] == "ground truth"
        for view in shown:
            title = METHODS[view.setting.method].title
            above, below = places[title, 0], places[title, 1]
            assert close(above[0], view.derained) and above[1] == f"PSNR {view.metrics['PSNR']:.2f} dB"
            assert close(below[0], draw.overlay(view.derained, view.predicted, view.palette, 0.6))
            assert below[1] == f"mIoU {view.metrics['mIoU']:.1f} %"


def test_the_psnr_of_the_input_is_that_of_the_method_that_derains_nothing(laid_out):
    views, report = laid_out("figure4")
    seg = views[0]
    assert gallery.attacked(seg).remark == f"attacked, PSNR {seg.metrics['PSNR']:.2f} dB"
    places = placed(report.blocks[0].figure)
    assert close(places["Seg", 0][0], seg.attacked) and close(places["Robust Seg", 0][0], views[1].attacked)


@pytest.mark.parametrize("name", ["figure3", "figure4"])
def test_heat_maps_share_one_scale_and_say_their_mean(name, laid_out):
    views, report = laid_out(name)
    magma = matplotlib.colormaps["magma"]
    for shown, block in blocks(views, report):
        places = placed(block.figure)
        pictures = {METHODS[view.setting.method].title: view.derained for view in shown}
        pictures |= {"Input": shown[0].attacked} if name == "figure3" else {}
        for title, picture in pictures.items():
            array, words = places[title, 1]
            size = 255 * np.abs(picture.astype(np.float64) - shown[0].clean).mean(-1)
            assert words == f"mean {size.mean():.2f}/255"
            level = np.minimum(size // 4, 8).astype(int)  # 36/255 in nine steps
            assert np.array_equal(array, magma(level / 8, bytes=True)[..., :3])
        (bar,) = [axes for axes in block.figure.axes if len(axes.images[0].get_array()) == 1]
        assert [tick.get_text() for tick in bar.get_xticklabels()] == ["0", "12", "24", "≥ 36"]
        assert np.array_equal(np.asarray(bar.images[0].get_array())[0], magma(np.arange(9) / 8, bytes=True)[:, :3])


def test_figure_4_shows_every_method_on_every_picture_under_both_threats(laid_out):
    views, report = laid_out("figure4")
    wanted = [f"scenes/test/0000{i}, threat: {threat}" for i in (0, 2) for threat in ("oblivious", "adaptive")]
    assert [block.title for block in report.blocks] == wanted
    assert list(report.pictures("figure4")) == [f"figure4{end}.png" for end in ("", "-2", "-3", "-4")]
    assert report.caption.count(" (index ") == 2
    for shown, block in blocks(views, report):
        places = placed(block.figure)
        assert close(places["Clean", 0][0], shown[0].clean)
        assert np.array_equal(places["Clean", 2][0], draw.colours(shown[0].labels, shown[0].palette))
        for view in shown:
            array, words = places[METHODS[view.setting.method].title, 2]
            assert np.array_equal(array, draw.colours(view.predicted, view.palette))
            assert words == f"mIoU {view.metrics['mIoU']:.1f} %"


@pytest.mark.parametrize("name", ["figure1", "figure4"])
def test_the_legend_has_the_classes_that_occur_in_their_colours(name, laid_out):
    views, report = laid_out(name)
    for shown, block in blocks(views, report):
        (legend,) = block.figure.legends
        drawn = {
            text.get_text(): tuple(np.rint(255 * np.array(patch.get_facecolor()[:3])).astype(int))
            for text, patch in zip(legend.get_texts(), legend.get_patches(), strict=True)
        }
        there = {int(k) for view in shown for k in np.union1d(view.labels, view.predicted)}
        void = "not labelled" in drawn
        assert void == (name == "figure4" and VOID in there)
        drawn.pop("not labelled", None)
        assert drawn == {shown[0].classes[k]: shown[0].palette[k] for k in there - {VOID}}


def test_a_figure_without_classes_has_no_legend(laid_out):
    assert all(not block.figure.legends for block in laid_out("figure3")[1].blocks)


# ---- how it is drawn ----


def random_panels(height, width, words="mean 123.45/255"):
    pixels = np.random.RandomState(0).randint(0, 256, (height, width, 3)).astype(np.uint8)
    return [Panel("", words, pixels), Panel("", "attacked, PSNR 17.25 dB", pixels[::-1])]


@pytest.mark.parametrize(
    ("height", "width", "every", "times"),
    [(128, 256, 1, 1), (176, 240, 1, 1), (128, 160, 1, 1), (320, 320, 1, 1), (512, 1024, 4, 1), (32, 64, 1, 3)],
)
def test_a_saved_pixel_is_whole_dots_and_all_pictures_have_one_size(height, width, every, times):
    columns = {METHODS[method].title: random_panels(height, width) for method in METHODS}
    figure = gallery.page(("derained", "difference"), columns)
    saved = np.asarray(Image.open(io.BytesIO(png(figure))).convert("RGB"))
    whole = figure.get_size_inches() * DOTS
    assert saved.shape[:2] == (round(whole[1]) + 2 * PAD, round(whole[0]) + 2 * PAD)
    sizes = set()
    for axes in figure.axes:
        left, bottom, wide, high = np.rint(np.array(axes.get_position().bounds) * [*whole, *whole]).astype(int)
        top = round(whole[1]) - bottom - high
        wanted = draw.enlarged(np.asarray(axes.images[0].get_array()), times)
        assert np.array_equal(saved[PAD + top : PAD + top + high, PAD + left : PAD + left + wide], wanted)
        sizes.add((high, wide))
    assert sizes == {(height // every * times, width // every * times)}


@pytest.mark.parametrize(("height", "width"), [(128, 256), (176, 240), (128, 160), (512, 1024)])
@pytest.mark.parametrize("methods", [3, 6])
def test_words_stay_in_their_columns_and_the_legend_in_the_figure(height, width, methods, laid_out):
    views, _ = laid_out("figure1")
    everything = np.arange(19).repeat(2)[None].astype(np.uint8)
    views = [replace(views[0], labels=np.append(everything, [[VOID] * 2], 1))]
    columns = {"Clean": [random_panels(height, width)[0], None]}
    columns |= {METHODS[method].title: random_panels(height, width) for method in list(METHODS)[-methods:]}
    figure = gallery.page(("derained", "difference"), columns, views, void=True)
    renderer, room = (
        FigureCanvasAgg(figure).get_renderer(),
        gallery.drawn_size(columns["Clean"][0].picture)[1] + gallery.GAP,
    )
    for text in figure.texts:
        box = text.get_window_extent(renderer)
        assert text.get_rotation() or box.width <= room, text.get_text()
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= figure.bbox.width and box.y1 <= figure.bbox.height
    legend = figure.legends[0].get_window_extent(renderer)
    lowest = min(text.get_window_extent(renderer).y0 for text in figure.texts)
    assert len(figure.legends[0].get_texts()) == 20
    assert legend.x1 <= figure.bbox.width and legend.y0 >= 0 and legend.y1 <= lowest


# ---- what is written ----


@pytest.mark.parametrize("name", MODULES)
def test_the_frame_holds_the_numbers_of_each_view(name, laid_out):
    views, report = laid_out(name)
    for shown, block in blocks(views, report):
        assert list(block.frame.index) == [(view.key, METHODS[view.setting.method].title) for view in shown]
        for view, (_, row) in zip(shown, block.frame.iterrows(), strict=True):
            for metric in ("PSNR", "SSIM", "mIoU", "allAcc"):
                for words, metrics in (("attacked", view.metrics), ("rain alone", view.unattacked_metrics)):
                    assert row[METRICS[metric].label, words] == f"{metrics[metric]:.{digits_of(metric)}f}"
    assert "nan" not in report.text() and report.markdown(name).count("![") == len(report.blocks)


@pytest.mark.parametrize("name", MODULES)
def test_the_caption_says_every_setting_and_what_a_picture_cannot_prove(name, laid_out):
    report = laid_out(name, **({"indices": "1"} if name == "figure4" else {"index": 1}), seed=7)[1]
    attack, eps = ATTACKS[name]
    wanted = ["scenes test (64x32, rain pearl)", "scenes/test/00001 (index 1)", "derainer prenet, segmenter pspnet"]
    wanted += [f"{attack.upper()} at eps {eps:g}/255, 2 steps of", "start seed 7", "threats oblivious, adaptive"]
    wanted += ["cannot be compared with this one number by number", "one picture proves nothing"]
    recipes = ["derain-prenet", "pearl-prenet-pspnet", "pearl_ama-prenet-pspnet", "clean-pspnet"]
    for net in [*recipes, *(["nat-prenet-pspnet"] if name != "figure3" else [])]:
        wanted.append(f"{net} {zoo.catalogue()[f'scenes/{net}']['sha256'][:8]}")
    assert [words for words in wanted if words not in report.caption] == []
    assert ("from a random start" in report.caption) == (attack == "pgd")


def test_pictures_of_camvid_come_with_their_credit(laid_out, monkeypatch):
    views, report = laid_out("figure3")
    monkeypatch.setattr(gallery, "nets_of", lambda views: ["nets"])
    moved = [replace(view, setting=replace(view.setting, dataset="camvid")) for view in views]
    assert "CC BY-NC 4.0" in figure3.EXPERIMENT.layout(moved).caption and "CC BY-NC" not in report.caption


# ---- other data sets ----


@pytest.fixture
def object_zoo(tiny_zoo, tmp_path, monkeypatch):
    """The tiny zoo, and all six methods' nets for the objects, which have 21 classes."""
    monkeypatch.setenv("PEARL_ZOO", str(tmp_path / "zoo"))
    monkeypatch.setattr(zoo, "SHIPPED", tiny_zoo)
    for seed, recipe in enumerate(("clean", "sat", "derain", "nat", "pearl", "pearl_ama")):
        name = zoo.NetName("objects", recipe)
        torch.manual_seed(seed)
        settings = (tiny.PLAN.segmenter | tiny.PLAN.derain)[name.network]
        settings = settings | ({"classes": 21, "aux": False} if name.network == "pspnet" else {})
        zoo.save(name, zoo.build(name.network, settings), {"network": name.network, "settings": settings})


@pytest.mark.parametrize("name", MODULES)
def test_a_data_set_of_21_classes(name, object_zoo, laid_out):
    views, report = laid_out(name, dataset="objects", **({"indices": "1"} if name == "figure4" else {}))
    assert views[0].classes == objects.CLASSES and len(views[0].classes) == 21
    assert "objects test (40x32" in report.caption
    for shown, block in blocks(views, report):
        assert png(block.figure).startswith(b"\x89PNG")
        for legend in block.figure.legends:
            assert {text.get_text() for text in legend.get_texts()} <= {*objects.CLASSES, "not labelled"}
        for view in shown:
            picture = placed(block.figure)[METHODS[view.setting.method].title, 0][0]
            assert close(picture, view.derained)
