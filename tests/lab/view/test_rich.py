"""What notebooks show of a view, a data set and a scene by themselves: whole, escaped, without other files."""

import io
import re
from base64 import b64decode
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from lab.data import dataset
from lab.view import charts, matplotlib_charts, panels, plotly_charts, rich
from lab.view.session import look
from lab.view.trajectory import Point
from pearl_core.worlds import scenes
from pearl_core.worlds.scenes import PALETTE, page

EVIL = '<script>alert("x")</script>&\'"'


class Tags(HTMLParser):
    """Counts elements and keeps those that are open."""

    def __init__(self, html: str):
        super().__init__()
        self.open, self.seen, self.words = [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))
        if tag not in ("img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def parsed(html: str) -> Tags:
    tags = Tags(html)
    assert tags.open == []
    assert {tag for tag, _ in tags.seen} <= {
        "p",
        "b",
        "table",
        "tbody",
        "tr",
        "td",
        "img",
        "div",
        "small",
        "span",
        "br",
    }
    for _, attributes in tags.seen:
        assert not [name for name in attributes if name.startswith("on")]
        assert attributes.get("src", "data:image/png;base64,").startswith("data:image/png;base64,")
    return tags


def pictures(tags: Tags) -> list[np.ndarray]:
    sources = [attributes["src"] for tag, attributes in tags.seen if tag == "img"]
    return [np.array(Image.open(io.BytesIO(b64decode(source.partition(",")[2])))) for source in sources]


def test_a_view_shows_its_pictures_words_and_figures(tiny_zoo):
    view = look(steps=2, eps=4)
    tags = parsed(view._repr_html_())
    for panel, picture in zip(panels.rows(view), pictures(tags), strict=True):
        assert np.array_equal(picture, panels.painted(panel, view.palette))
        assert panel.title in tags.words and panel.remark in tags.words
    for reading in panels.readings(view):
        assert reading.label in tags.words and reading.value in tags.words
    assert f": {panels.point_words(view)}" in tags.words and view.key in tags.words
    changes = [f.change for f in panels.readings(view) if f.change]
    assert changes and all(f"{change} by attack" in tags.words for change in changes)
    assert "unchanged" in parsed(look(eps=0)._repr_html_()).words


def test_all_text_is_escaped(tiny_zoo):
    view = look(steps=1)
    tags = parsed(rich.html(replace(view, key=EVIL, classes=(EVIL, *view.classes[1:]))))
    assert tags.words.count(EVIL) == 1 and any(EVIL in word for word in tags.words[-40:])
    panel = panels.Panel(EVIL, EVIL, np.zeros((2, 2, 3), np.uint8))
    assert parsed(rich.picture(panel, view.palette)).words.count(EVIL) == 2
    data = replace(dataset("scenes", "val"), note=EVIL)
    data.name = EVIL
    assert {EVIL} <= set(parsed(data._repr_html_()).words)
    scene = scenes.scene("val", 0, height=32, width=64)._replace(key=EVIL)
    assert EVIL in parsed(scene._repr_html_()).words


@pytest.mark.parametrize(("split", "shown"), [("test", 8), ("val", 3)])
def test_a_data_set_shows_its_first_pictures(tiny_zoo, split, shown):
    data = dataset("scenes", split)
    tags = parsed(data._repr_html_())
    for i, picture in enumerate(pictures(tags)):
        assert np.array_equal(picture, data[i].clean) and data.keys[i] in tags.words
    assert i + 1 == shown
    (facts,) = [word for word in tags.words if "pictures" in word]
    assert f"{split}, {len(data)} pictures, 64 x 32 pixels, 19 classes" in facts and "strength 1.15" in facts
    assert "rain: none added" in replace(data, rain=None)._repr_html_()


def test_a_scene_shows_its_picture_beside_its_classes():
    scene = scenes.scene("val", 3, height=48, width=80)
    tags = parsed(scene._repr_html_())
    picture, labels = pictures(tags)
    assert np.array_equal(picture, scene.image) and labels.shape == scene.image.shape
    for name in np.unique(scene.labels):
        expected = page.GREY if name == 255 else PALETTE[name]
        assert (labels[scene.labels == name] == expected).all()
    assert scene.key in tags.words and f"{len(scene.boxes)} persons" in "".join(tags.words)
    assert page.GREY not in PALETTE


@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (50, 33)])
def test_a_png_file_of_the_core_is_one(shape):
    picture = np.random.RandomState(0).randint(0, 256, (*shape, 3), np.uint8)
    read = Image.open(io.BytesIO(page.png(picture)))
    assert read.mode == "RGB" and np.array_equal(np.array(read), picture)
    read.close()


def drawn(view):
    return matplotlib_charts.trajectory(charts.trajectory(view))


def test_the_trajectory_is_drawn_with_the_shown_point_marked(tiny_zoo):
    view = look(steps=4, shown=3)
    left, right = drawn(view).axes
    accuracy, mark = left.lines
    assert np.allclose(accuracy.get_ydata(), [100 * point.accuracy for point in view.points])
    assert np.allclose(right.lines[0].get_ydata(), [point.loss for point in view.points])
    assert set(mark.get_xdata()) == {3}
    assert len(drawn(look(steps=4)).axes[0].lines) == 1
    unseen = replace(view, points=(*view.points, Point("", 5, None, None)))
    assert np.isnan(drawn(unseen).axes[0].lines[0].get_ydata()[-1])


@pytest.mark.parametrize(("points", "stride"), [(2, 1), (11, 1), (12, 2), (101, 10), (412, 50)])
def test_the_axis_of_the_steps_names_whole_steps_only(points, stride, tiny_zoo):
    chart = charts.trajectory(look(steps=1))
    line = charts.Line("", "", [1.0] * points, charts.LOSS, True)
    long = chart._replace(words=[""] * points, lines=(line, line))
    assert long.stride == stride == plotly_charts.trajectory(long).layout.xaxis.dtick
    assert all(tick == int(tick) for tick in matplotlib_charts.trajectory(long).axes[0].get_xticks())


def test_classes_are_drawn_with_and_without_attack(tiny_zoo):
    view = look(steps=2)
    figure = matplotlib_charts.classes(charts.classes(view))
    (axes,) = figure.axes
    known = [i for i in np.unique(view.labels) if i < 19]
    assert [text.get_text() for text in axes.get_yticklabels()] == [view.classes[i] for i in known]
    after, before = axes.containers
    assert np.allclose([bar.get_width() for bar in after], np.nan_to_num(view.ious[known]))
    assert np.allclose([bar.get_width() for bar in before], np.nan_to_num(view.unattacked_ious[known]))
    assert re.match(b"\x89PNG", matplotlib_charts.file(figure))


def test_plotly_draws_the_same_two_charts(tiny_zoo):
    view = look(steps=4, shown=3)
    left, right = drawn(view).axes
    page = plotly_charts.trajectory(charts.trajectory(view))
    for line, axes in zip(page.data, (left, right), strict=True):
        assert np.allclose(line.y, axes.lines[0].get_ydata())
    assert [line.name for line in page.data] == [text.get_text() for text in drawn(view).legends[0].get_texts()]
    assert page.layout.shapes[0].x0 == 3 and page.layout.xaxis.dtick == 1
    assert [" %" in line.hovertemplate for line in page.data] == [True, False]
    bars = plotly_charts.classes(charts.classes(view))
    (axes,) = matplotlib_charts.classes(charts.classes(view)).axes
    assert list(bars.data[0].y) == [text.get_text() for text in axes.get_yticklabels()]
    for bar, container in zip(bars.data, axes.containers, strict=True):
        assert np.allclose(np.nan_to_num(bar.x), [patch.get_width() for patch in container])
