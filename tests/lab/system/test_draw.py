"""Known pixels of everything that is drawn."""

import numpy as np
import pytest

from lab.system import draw
from pearl_core.types import VOID

PALETTE = ((10, 20, 30), (200, 100, 0))
LABELS = np.array([[0, 1, VOID], [1, 0, 0]], np.uint8)
IMAGE = np.arange(18, dtype=np.float32).reshape(2, 3, 3) / 17


def test_pixels_rounds_to_the_nearest_level_and_leaves_8_bit_alone():
    whole = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    assert draw.pixels(whole) is whole
    assert draw.pixels(np.float32([[[-0.1, 0.5 + 0.1 / 255, 1.2]]])).tolist() == [[[0, 128, 255]]]
    assert np.array_equal(draw.pixels(whole / 255), whole)
    with pytest.raises(ValueError, match=r"wanted a picture \(H, W, 3\), got \(2, 2\)"):
        draw.pixels(np.zeros((2, 2)))


def test_enlarged_keeps_every_pixel_a_square():
    large = draw.enlarged(draw.pixels(IMAGE), 3)
    assert large.shape == (6, 9, 3)
    assert np.array_equal(large[::3, ::3], draw.pixels(IMAGE))
    assert np.array_equal(large[2::3, 2::3], draw.pixels(IMAGE))


def test_colours_are_the_palette_and_void_is_grey():
    drawn = draw.colours(LABELS, PALETTE)
    assert drawn.dtype == np.uint8
    assert tuple(drawn[0, 1]) == PALETTE[1]
    assert np.ptp(drawn[0, 2]) == 0
    assert len(np.unique(draw.colours(np.full((8, 8), VOID), PALETTE))) == 2  # hatched


@pytest.mark.parametrize("wrong", [2, 254, -1])
def test_a_label_beyond_the_palette_is_refused(wrong):
    with pytest.raises(ValueError, match=f"wanted labels from 0 to 1 and void 255, got .*{wrong}"):
        draw.colours(np.array([[0, wrong]]), PALETTE)


def test_overlay_runs_from_the_picture_to_the_colours_and_leaves_void_untouched():
    below = draw.pixels(IMAGE)
    assert np.array_equal(draw.overlay(IMAGE, LABELS, PALETTE, 0), below)
    full = draw.overlay(IMAGE, LABELS, PALETTE, 1)
    assert np.array_equal(full[LABELS != VOID], draw.colours(LABELS, PALETTE)[LABELS != VOID])
    half = draw.overlay(below, LABELS, PALETTE, 0.5)
    assert half[0, 0].tolist() == np.rint((below[0, 0] + np.array(PALETTE[0])) / 2).tolist()
    assert np.array_equal(half[0, 2], below[0, 2])
    with pytest.raises(ValueError, match="opacity from 0 to 1, got 2"):
        draw.overlay(IMAGE, LABELS, PALETTE, 2)


def test_errors_marks_wrong_pixels_and_no_void():
    drawn = draw.errors(LABELS, np.array([[0, 0, 1], [1, 0, 1]]))
    wrong = (drawn == draw.WRONG).all(-1)
    assert wrong.tolist() == [[False, True, False], [False, False, True]]
    assert tuple(drawn[0, 0]) == draw.RIGHT
    assert np.array_equal(drawn[0, 2], draw.colours(LABELS, PALETTE)[0, 2])


@pytest.mark.parametrize("cmap", draw.PERCEPTUAL)
def test_heat_grows_with_the_difference_up_to_its_scale(cmap):
    steps = np.linspace(0, 0.5, 32)[None]
    drawn = draw.heat(steps, scale=0.5, cmap=cmap)
    assert drawn.shape == (1, 32, 3)
    brightness = drawn[0] @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(brightness) > 0).all()
    assert np.array_equal(draw.heat(np.array([[0.5, 3]]), scale=0.5, cmap=cmap)[0, 0], drawn[0, -1])
    assert np.array_equal(draw.heat(np.array([[0.5, 3]]), scale=0.5, cmap=cmap)[0, 1], drawn[0, -1])
    assert np.array_equal(draw.heat(-steps, scale=0.5, cmap=cmap), drawn)
    assert np.array_equal(draw.heat(2 * steps, scale=1, cmap=cmap), drawn)


def test_heat_takes_the_largest_channel_and_its_bar_has_the_same_colours():
    drawn = draw.heat(np.array([[[0.1, -0.5, 0.2]]]), scale=0.5)
    assert np.array_equal(drawn, draw.heat(np.array([[0.5]]), scale=0.5))
    bar = draw.scale_bar()
    assert np.array_equal(bar[0, -1], drawn[0, 0])
    assert np.array_equal(bar[0, 0], draw.heat(np.zeros((1, 1)), scale=1)[0, 0])
    with pytest.raises(ValueError, match="wanted a scale over 0, got 0"):
        draw.heat(IMAGE, scale=0)
    with pytest.raises(ValueError, match="unknown colour map 'jet'; choose one of cividis"):
        draw.heat(IMAGE, scale=1, cmap="jet")


def test_legend_names_every_class_and_escapes_it():
    html = draw.legend(("road", "<b>"), PALETTE)
    assert "road" in html and "&lt;b&gt;" in html and "<b>" not in html
    assert "rgb(10, 20, 30)" in html
