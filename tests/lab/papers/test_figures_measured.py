"""PEARL's figures 5, 6 and 7 on tiny nets that know nothing: what is drawn and written is what the rows hold."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from lab.data import reader
from lab.measure.measuring import run
from lab.nets.methods import METHODS
from lab.papers.pearl import figure5, figure6, figure7
from lab.reports import curve_chart
from lab.reports.lines import MARKS
from lab.reports.report import of_difference, shown
from lab.reports.tidy import tidy
from pearl_core.bootstrap import paired_difference
from pearl_core.metrics import METRICS, class_accuracy, class_iou

MODULES = {"figure5": figure5, "figure6": figure6, "figure7": figure7}
SMALL = {"figure5": {"derains": "prenet,rescan"}, "figure6": {}, "figure7": {}}


@pytest.fixture(scope="module")
def kept():
    """The rows of each figure once some test has measured them."""
    return {}


@pytest.fixture
def rows(tiny_zoo, kept):
    def rows(name):
        if name not in kept:
            kept[name] = run(MODULES[name].EXPERIMENT.asked(images=2, **SMALL[name]), quiet=True)
        return kept[name].copy()

    return rows


def laid_out(name, rows):
    """The blocks by threat."""
    return {block.title.removeprefix("Threat: "): block for block in MODULES[name].EXPERIMENT.layout(rows).blocks}


def heights(axes) -> dict[str, list[float]]:
    """The bars of one panel, by method."""
    return {bars.get_label(): [bar.get_height() for bar in bars] for bars in axes.containers}


def row_of(rows, **where):
    for column, value in where.items():
        rows = rows[rows[column] == value]
    (row,) = rows.itertuples()  # one and no more
    return row


def twice(rows, **moved):
    """The rows of two training runs, the second with other numbers."""
    second = rows.assign(net_seed=1, **{name: change(rows[name]) for name, change in moved.items()})
    return pd.concat([rows, second], ignore_index=True)


# ---- what all three have in common ----


@pytest.mark.parametrize("name", MODULES)
def test_both_threats_are_measured_and_stand_one_after_the_other(name, rows):
    measured = rows(name)
    report = MODULES[name].EXPERIMENT.layout(measured)
    assert [block.title for block in report.blocks] == ["Threat: oblivious", "Threat: adaptive"]
    assert list(report.pictures(name)) == [f"{name}.png", f"{name}-2.png"]
    for words in ("no numbers, only the figure", "scenes test (64x32, 2 images", "eps 8/255", "knows of no derainer"):
        assert words in report.text()
    assert "<img" in report._repr_html_() and f"({name}.png)" in report.markdown(name)
    assert tidy(MODULES[name].EXPERIMENT, measured).published.isna().all()


@pytest.mark.parametrize("name", MODULES)
def test_titles_say_data_set_attack_and_threat_and_axes_have_units(name, rows):
    for threat, block in laid_out(name, rows(name)).items():
        title = block.figure.get_suptitle()
        assert title.startswith("built-in scenes: ") and title.endswith(f"at ε = 8/255, {threat} threat")
        assert "BIM" in title and ("no rain" in title) == (name == "figure7")
        for axes in block.figure.axes:
            assert any(unit in axes.get_ylabel() for unit in ("(%)", "(dB)", "SSIM (1"))
        assert block.figure.axes[-1].get_xlabel()


@pytest.mark.parametrize("name", MODULES)
def test_a_transfer_attack_has_a_source_and_the_adaptive_one_stays(name):
    asked, few = MODULES[name].EXPERIMENT.asked, {"derains": "prenet"} if name == "figure5" else {}
    trials = asked(threat="transfer", **few)
    assert {(t.threat, t.source) for t in trials if t.attack} == {("transfer", "seg"), ("adaptive", None)}
    assert {t.threat for t in asked(threat="adaptive", **few) if t.attack} == {"adaptive"}


def test_a_method_has_one_colour_everywhere_and_in_grey_another_hatching_or_mark():
    assert len({MARKS[method.mark] for method in METHODS.values()}) == len(METHODS)
    cell = pd.DataFrame({"eps": [1], "value": [1], "low": [1], "high": [1]})
    for name, method in METHODS.items():
        drawn = curve_chart.line(cell, name, "adaptive", "eps")
        assert (drawn["line"]["color"], drawn["marker"]["symbol"]) == (method.colour, method.mark)
    for first, second in combinations(METHODS.values(), 2):
        apart = abs(grey(first.colour) - grey(second.colour))
        assert apart > 25 or first.hatch != second.hatch, (first.title, second.title)


def grey(colour: str) -> float:
    """The level that paper shows, 0 to 255."""
    return float(np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) @ [0.299, 0.587, 0.114])


# ---- figure 5 ----


def test_figure_5_has_every_net_before_and_after_under_all_steps():
    trials = figure5.EXPERIMENT.asked(derains="prenet, rescan,prenet")
    assert len(trials) == len(set(trials)) == 2 * 2 * 2 * 3
    assert {(t.method, t.derain, t.steps) for t in trials if t.threat == "oblivious"} == {
        (method, net, steps)
        for method in ("derain_seg", "pearl_ama") for net in ("prenet", "rescan") for steps in (5, 7, 9)
    }  # fmt: skip


@pytest.mark.parametrize("derains", ["prnet", "prenet,prnet", "", "prenet;rescan"])
def test_a_net_that_does_not_exist_is_one_line_with_the_choices(derains):
    with pytest.raises(ValueError, match=r"^unknown derain net '.*'; choose one of .*prenet") as caught:
        figure5.EXPERIMENT.asked(derains=derains)
    assert "\n" not in str(caught.value)


def test_figure_5_draws_the_rows_in_the_paper_s_order(rows):
    measured = rows("figure5")
    for threat, block in laid_out("figure5", measured).items():
        assert [axes.get_ylabel() for axes in block.figure.axes] == ["PSNR (dB)", "SSIM (1 = the same)", "mIoU (%)"]
        for axes, metric in zip(block.figure.axes, ("PSNR", "SSIM", "mIoU"), strict=True):
            cells = measured[(measured.threat == threat) & (measured.metric == metric)]
            wanted = {
                METHODS[method].title: [
                    row_of(cells, method=method, derain=net, steps=steps)
                    for net in ("rescan", "prenet") for steps in (5, 7, 9)
                ]
                for method in ("derain_seg", "pearl_ama")
            }  # fmt: skip
            assert heights(axes) == {name: [row.value for row in cells] for name, cells in wanted.items()}
            for (name, cells), lines in zip(wanted.items(), axes.collections, strict=True):
                ends = [segment[:, 1].tolist() for segment in lines.get_segments()]
                assert ends == [[row.low, row.high] for row in cells], name
        labels = [label.get_text() for label in block.figure.axes[-1].get_xticklabels()]
        assert labels == ["5", "7\nRESCAN", "9", "5", "7\nPReNet", "9"]


def test_figure_5_writes_before_after_and_the_paired_difference(rows):
    measured = rows("figure5")
    frame = laid_out("figure5", measured)["adaptive"].frame
    assert list(frame.index) == [(net, f"rain + BIM{k}") for net in ("RESCAN", "PReNet") for k in (5, 7, 9)]
    cells = measured[(measured.threat == "adaptive") & (measured.derain == "prenet") & (measured.steps == 7)]
    for metric, digits in (("PSNR", 2), ("SSIM", 4), ("mIoU", 2)):
        before, after = (cells[(cells.method == m) & (cells.metric == metric)] for m in ("derain_seg", "pearl_ama"))
        line = frame.loc[("PReNet", "rain + BIM7"), METRICS[metric].label]
        assert (line["before [95 %]"], line["after [95 %]"]) == (shown(before, metric), shown(after, metric))
        moved = paired_difference(METRICS[metric], after.statistics.iloc[0], before.statistics.iloc[0])
        told = "{} [{}, {}]".format(*(f"{value:+.{digits}f}" for value in moved))
        assert line[of_difference("after - before [95 %]", metric)] == told


def test_figure_5_counts_how_often_after_is_better(rows):
    measured = rows("figure5")
    psnr = measured.metric == "PSNR"
    first = {id(s): s for s in measured[psnr & (measured.method == "derain_seg")].statistics}
    level = next(iter(first.values()))
    for method, net, value in (("derain_seg", "prenet", 0), ("derain_seg", "rescan", 0), ("pearl_ama", "prenet", 1),
                               ("pearl_ama", "rescan", -1)):  # fmt: skip
        here = psnr & (measured.method == method) & (measured.derain == net)
        measured.loc[here, "statistics"] = pd.Series([level + value] * here.sum(), measured.index[here])
    after = laid_out("figure5", measured)["oblivious"].after
    assert after[0] == "PSNR: higher after than before in 3 of 6, lower in 3, undecided in 0."


def test_nets_of_nobody_s_paper_come_last_by_their_own_name(rows):
    measured = rows("figure5").replace({"derain": {"rescan": "mine"}})
    labels = [label.get_text() for label in laid_out("figure5", measured)["adaptive"].figure.axes[-1].get_xticklabels()]
    assert labels[1::3] == ["7\nPReNet", "7\nmine"]


# ---- figure 6 ----


def counted(dataset: str, *images: dict[int, tuple[int, int, int]]) -> np.ndarray:
    """Statistics (N, K, 3) with these classes: pixels that are right, predicted, labelled."""
    statistics = np.zeros((len(images), len(reader(dataset).classes), 3), int)
    for image, classes in zip(statistics, images, strict=True):
        for number, counts in classes.items():
            image[number] = counts
    return statistics


def test_figure_6_counts_class_by_class(rows):
    measured = rows("figure6").assign(dataset="camvid")
    # sky in both images, a car in the second; nobody labelled road (3), though it is seen
    made = counted("camvid", {0: (30, 50, 60), 3: (0, 10, 0)}, {0: (10, 30, 20), 8: (5, 5, 20)})
    measured["statistics"] = pd.Series([made] * len(measured))
    block = laid_out("figure6", measured)["oblivious"]
    assert list(block.frame.index) == [("sky", "80.00 %"), ("car", "20.00 %")]  # 80 and 20 of 100 labelled pixels
    assert list(block.frame.columns) == [
        (title, name) for title in ("IoU (%)", "accuracy (%)") for name in ("NAT", "PEARL", "PEARL + AMA")
    ]
    assert set(block.frame["IoU (%)"].loc[("sky", "80.00 %")]) == {"33.33"}  # 40 of 80 + 80 - 40
    assert set(block.frame["accuracy (%)"].loc[("sky", "80.00 %")]) == {"50.00"}
    assert set(block.frame["IoU (%)"].loc[("car", "20.00 %")]) == {"25.00"}  # 5 of 5 + 20 - 5
    upper, lower = block.figure.axes
    assert heights(upper) == {name: pytest.approx([100 / 3, 25]) for name in ("NAT", "PEARL", "PEARL + AMA")}
    assert heights(lower)["PEARL"] == [50, 25]
    assert [label.get_text() for label in lower.get_xticklabels()] == ["sky", "car"]


def test_figure_6_draws_what_the_counts_of_each_method_say(rows):
    measured = rows("figure6")
    for threat, block in laid_out("figure6", measured).items():
        for axes, score in zip(block.figure.axes, (class_iou, class_accuracy), strict=True):
            for method in ("nat", "pearl", "pearl_ama"):
                counts = row_of(measured, threat=threat, method=method, metric="mIoU").statistics.sum(0)
                wanted = score(counts)[counts[:, 2] > 0]
                assert heights(axes)[METHODS[method].title] == wanted.tolist()


def test_figure_6_stands_before_a_segmenter_that_the_derainers_never_met(rows):
    trials = figure6.EXPERIMENT.asked()
    assert {(t.segmenter, t.derain_with, t.attack, t.steps) for t in trials} == {("deeplabv3", "pspnet", "bim", 10)}
    note = laid_out("figure6", rows("figure6"))["adaptive"].note
    assert "trained with pspnet; here they stand before deeplabv3. NAT is another deeplabv3" in note


@pytest.mark.parametrize("dataset", ["camvid", "scenes", "cityscapes", "voc", "objects"])
def test_names_of_many_classes_leave_each_other_room(dataset, rows):
    measured = rows("figure6").assign(dataset=dataset)
    number = len(reader(measured.dataset.iloc[0]).classes)
    made = counted(dataset, dict.fromkeys(range(number), (1, 2, 3)))
    measured["statistics"] = pd.Series([made] * len(measured))
    figure = laid_out("figure6", measured)["oblivious"].figure
    figure.draw_without_rendering()
    ticks = figure.axes[-1].get_xticklabels()
    assert len(ticks) == number
    places = [figure.axes[-1].transData.transform((tick.get_position()[0], 0))[0] for tick in ticks]
    height = ticks[0].get_fontsize() * figure.dpi / 72  # of slanted text: lines lie apart by its sine
    assert min(np.diff(places)) * np.sin(np.pi / 4) > height


# ---- figure 7 ----


def test_figure_7_has_no_rain_and_shares_the_point_without_attack(rows):
    measured = rows("figure7")
    assert set(measured.rain) == {"none"}
    for threat, block in laid_out("figure7", measured).items():
        labels = [axes.get_ylabel() for axes in block.figure.axes]
        assert labels == ["mIoU (%)", "allAcc (%)", "PSNR (dB)", "SSIM (1 = the same)"]
        for axes, metric in zip(block.figure.axes, ("mIoU", "allAcc", "PSNR", "SSIM"), strict=True):
            here = measured[(measured.threat.isna() | (measured.threat == threat)) & (measured.metric == metric)]
            for line, method in zip(axes.lines, ("derain_seg", "pearl", "pearl_ama"), strict=True):
                assert line.get_label() == METHODS[method].title
                assert line.get_xdata().tolist() == [0, 3, 5, 7]
                wanted = [row_of(here, method=method, steps=steps).value for steps in (0, 3, 5, 7)]
                assert line.get_ydata().tolist() == wanted
            for shade, method in zip(axes.collections, ("derain_seg", "pearl", "pearl_ama"), strict=True):
                cell = row_of(here, method=method, steps=5)
                drawn = shade.get_paths()[0].vertices
                assert {cell.low, cell.high} <= set(drawn[drawn[:, 0] == 5][:, 1])
        conditions = ["No attack", "BIM3", "BIM5", "BIM7"]
        assert list(dict.fromkeys(block.frame.index.get_level_values(0))) == conditions


# ---- several training runs ----


def test_several_runs_are_averaged_in_bars_and_lines(rows):
    def more(values):
        return values + 2

    single, several = rows("figure5"), twice(rows("figure5"), value=more, low=more, high=more)
    before, after = (laid_out("figure5", measured)["adaptive"] for measured in (single, several))
    for first, second in zip(before.figure.axes, after.figure.axes, strict=True):
        for name, values in heights(first).items():
            assert heights(second)[name] == pytest.approx(np.add(values, 1))
    assert after.frame.iloc[0].loc[("mIoU (%)", "before [95 %]")].endswith("(2)")
    assert "of several training runs" in after.note and "one training run" in before.note
    several = twice(rows("figure7"), value=more, low=more, high=more)
    for first, second in zip(*(laid_out("figure7", f)["oblivious"].figure.axes for f in (rows("figure7"), several)),
                             strict=True):  # fmt: skip
        for line, other in zip(first.lines, second.lines, strict=True):
            assert other.get_ydata() == pytest.approx(line.get_ydata() + 1)


def test_several_runs_are_averaged_class_by_class(rows):
    first = counted("scenes", {0: (10, 20, 20)})  # accuracy 50, IoU 33.33
    second = counted("scenes", {0: (20, 20, 20)})  # 100, 100
    measured = twice(rows("figure6"))
    runs = [first if seed == 0 else second for seed in measured.net_seed]
    measured["statistics"] = pd.Series(runs)
    frame = laid_out("figure6", measured)["adaptive"].frame
    assert frame.loc[("road", "100.00 %"), ("accuracy (%)", "PEARL")] == "75.00"
    assert frame.loc[("road", "100.00 %"), ("IoU (%)", "PEARL")] == "66.67"


def test_the_same_method_is_the_same_colour_in_all_three(rows):
    def face(name, axes):
        if name == "figure7":
            return next(to_hex(line.get_color()) for line in axes.lines if line.get_label() == "PEARL + AMA")
        (bars,) = [bars for bars in axes.containers if bars.get_label() == "PEARL + AMA"]
        return to_hex(bars[0].get_facecolor())

    faces = {face(name, laid_out(name, rows(name))["adaptive"].figure.axes[0]) for name in MODULES}
    assert faces == {METHODS["pearl_ama"].colour}


def test_every_data_set_with_labels_has_names_for_its_classes():
    for dataset in ("camvid", "cityscapes", "objects", "scenes", "voc"):
        assert reader(dataset).name == dataset
        assert len(reader(dataset).classes) in (11, 19, 21)
