"""The built-in pictures of objects: the same everywhere, every kind often enough, void borders, other than streets."""

import hashlib
from functools import cache

import numpy as np
import pytest

from pearl_core.types import VOID
from pearl_core.worlds.objects import CLASSES, PALETTE, SPLITS, drawn, kinds, render
from pearl_core.worlds.objects.plan import Thing
from pearl_core.worlds.objects.view import View
from pearl_core.worlds.scenes import scene
from pearl_core.worlds.scenes.canvas import Canvas
from pearl_core.worlds.scenes.dice import Dice
from pearl_core.worlds.scenes.stage import Light

MAGENTA = (1.0, 0.0, 1.0)  # of which no thing is

draw = cache(drawn)


def many(split, count):
    return [draw(split, index) for index in range(count)]


def digest(*arrays):
    return hashlib.sha256(b"".join(a.tobytes() for a in arrays)).hexdigest()[:16]


def shares(labels):
    return np.bincount(labels.ravel(), minlength=256) / labels.size


def of(name):
    return CLASSES.index(name)


def canvas_with(*things, height=128, width=160):
    """These things on a plain canvas, painted in this order."""
    canvas, light = Canvas(height, width), Light((1, 1, 1), 0.5, 0.8, (0, 0, 0), 1e9, 0.0)
    canvas.labels[:] = 0
    canvas.rgb[:] = MAGENTA
    for number, thing in enumerate(things):
        render._paint(canvas, light, Dice(f"thing {number}"), thing)
    return canvas


def thing(name, *, size=0.8, u=0.5, v=None, which=0, ridden=False):
    kind = kinds.of(of(name))[which]
    scale = size / max(kind.high, kind.wide / 1.25)
    foot = 0.5 + kind.high * scale / 2 if v is None else v
    view = View(u, foot, scale, kind.far * max(kind.wide, kind.high), sum(kind.pitch) / 2)
    return Thing(kind, view, kinds.heading(kind, Dice("heading")), False, ridden)


def test_shapes_types_and_key():
    picture = drawn("val", 12)
    assert (picture.image.shape, picture.image.dtype) == ((128, 160, 3), np.uint8)
    assert (picture.labels.shape, picture.labels.dtype) == ((128, 160), np.uint8)
    assert picture.key == "objects/val/00012"


def test_classes_and_colours_are_vocs():
    assert len(CLASSES) == len(PALETTE) == len(set(PALETTE)) == 21
    known = {
        "background": (0, 0, 0),
        "aeroplane": (128, 0, 0),
        "bottle": (128, 0, 128),
        "cat": (64, 0, 0),
        "person": (192, 128, 128),
        "tvmonitor": (0, 64, 128),
    }
    assert {name: PALETTE[of(name)] for name in known} == known


@pytest.mark.parametrize(
    ("split", "index", "size", "image", "labels"),
    [
        ("train", 0, (128, 160), "57b5720c36936a9d", "5906a548231a22e2"),
        ("val", 3, (128, 160), "fde8f5c9a1c8dc37", "7d8fb403b0c0e869"),
        ("test", 1, (128, 160), "dd78a577fc2b3007", "062d1842cb21db1b"),
        ("val", 3, (96, 96), "f8d52a8ede308f5e", "d692caf46ac42e17"),
        ("test", 2, (256, 320), "fea9580f2c385595", "c6f5ff837af9d7fd"),
    ],
)
def test_bytes_are_pinned(split, index, size, image, labels):
    """Results are stored by key: the pixels behind a key must never change by accident."""
    picture = drawn(split, index, height=size[0], width=size[1])
    assert (digest(picture.image), digest(picture.labels)) == (image, labels)


def test_a_picture_does_not_depend_on_what_was_drawn_before():
    alone = draw("test", 3)
    for index in (0, 7):
        drawn("train", index)
    again = drawn("test", 3)
    assert digest(alone.image, alone.labels) == digest(again.image, again.labels)


def test_no_picture_occurs_twice_within_or_between_splits():
    pictures = [picture for split in SPLITS for picture in many(split, 100)]
    assert (
        len({digest(picture.labels) for picture in pictures})
        == len({digest(picture.image) for picture in pictures})
        == 300
    )


@pytest.mark.parametrize("split", SPLITS)
def test_every_kind_occurs_within_the_first_hundred(split):
    seen = np.stack([shares(picture.labels) for picture in many(split, 100)]) > 0.002
    assert set(np.flatnonzero(seen.any(0))) == {*range(21), VOID}


def test_kinds_are_balanced_and_background_has_its_share():
    seen = np.stack([shares(picture.labels) for split in SPLITS for picture in many(split, 100)])
    often = (seen > 0).mean(0)
    assert often[1:21].min() >= 0.03 and often[of("person")] == often[1:21].max()
    assert 0.6 < seen[:, 0].mean() < 0.8
    assert ((seen[:, 0] > 0.35) & (seen[:, 0] < 0.95)).mean() > 0.8
    assert (seen[:, 1:21] > 0).sum(1).max() <= 5  # three kinds, a rider, and what stands on a table


def test_void_is_a_thin_band_between_things():
    """Two pixels wide, so that hardly any void pixel has four void neighbours, thin parts such as legs aside."""
    void = np.stack([picture.labels == VOID for picture in many("train", 100)])
    inner = void[:, 1:-1, 1:-1] & void[:, 2:, 1:-1] & void[:, :-2, 1:-1] & void[:, 1:-1, 2:] & void[:, 1:-1, :-2]
    assert 0.02 < void.mean() < 0.08 and void.mean((1, 2)).min() > 0.002
    assert inner.mean() < 0.1 * void.mean() and inner.mean((1, 2)).max() < 0.05


def test_two_classes_touch_only_across_void():
    for picture in many("val", 60):
        for a, b in ((picture.labels[1:], picture.labels[:-1]), (picture.labels[:, 1:], picture.labels[:, :-1])):
            assert ((a == b) | (a == VOID) | (b == VOID)).all(), picture.key


@pytest.mark.parametrize("size", [(64, 80), (256, 320), (96, 96)])
def test_another_size_is_the_same_picture(size):
    for index in range(4):
        small, large = draw("val", index), drawn("val", index, height=size[0], width=size[1])
        assert large.image.shape == (*size, 3)
        known = [np.where(picture.labels == VOID, 0, picture.labels) for picture in (small, large)]
        assert np.abs(shares(known[0]) - shares(known[1])).max() < 0.05
        assert np.abs(small.image.mean((0, 1)) - large.image.mean((0, 1))).max() < 3


def test_a_larger_picture_keeps_its_labels_in_place():
    small, large = draw("val", 5).labels, drawn("val", 5, height=256, width=320).labels[::2, ::2]
    known = (small != VOID) & (large != VOID)
    assert known.mean() > 0.85 and (small == large)[known].mean() > 0.99


@pytest.mark.parametrize("name", CLASSES[1:])
def test_each_kind_is_one_thing_where_it_was_placed(name):
    """Painted alone: a good part of its window has its label, and little else has changed."""
    canvas = canvas_with(thing(name))
    mine = canvas.labels == of(name)
    assert 0.03 < mine.mean() < 0.75
    rows, columns = np.nonzero(mine)
    assert rows.max() - rows.min() > 25 or columns.max() - columns.min() > 80
    changed = np.abs(canvas.rgb - np.float32(MAGENTA)).max(-1) > 0.3
    assert (changed & (canvas.owner == 0)).mean() < 0.06  # the water around a boat
    assert changed[mine].mean() > 0.3


def test_what_is_painted_later_hides_what_was_painted_before():
    back, front = thing("sofa", size=1.0), thing("person", size=1.2)
    alone, both = canvas_with(front), canvas_with(back, front)
    sofa, person = of("sofa"), of("person")
    seen = canvas_with(back).labels == sofa
    hidden = seen & (both.labels == person)
    assert hidden.sum() > 500 and not ((both.labels == sofa) & hidden).any()
    assert abs(int((both.labels == person).sum()) - int((alone.labels == person).sum())) < 0.25 * hidden.sum() + 200


def test_things_are_painted_from_far_to_near():
    for index in range(60):
        dice, canvas = Dice(f"order {index}"), Canvas(32, 40)
        where, main = render.setting(dice)
        things = render.arrange(dice, where, main, kinds.SETTINGS[where](canvas, dice))
        feet = [thing.view.v for thing in things if not thing.kind.flies]
        assert feet == sorted(feet) and 1 <= len(things) <= 4
        assert len({thing.kind.label for thing in things}) <= 3


@pytest.mark.parametrize("name", ["bicycle", "motorbike", "horse"])
def test_a_rider_is_a_person_above_what_is_ridden(name):
    canvas = canvas_with(thing(name, size=0.6, v=0.9, ridden=True))
    person, ridden = canvas.labels == of("person"), canvas.labels == of(name)
    assert person.mean() > 0.02 and ridden.mean() > 0.03
    assert np.nonzero(person)[0].min() < np.nonzero(ridden)[0].min()


def test_pictures_do_not_look_like_streets():
    """Streets share one layout, sky above road: their rows follow the mean street's. Objects have none in common."""
    streets = np.stack([scene("train", i, height=32, width=64).image.mean((1, 2)) for i in range(24)])
    objects = np.stack([picture.image.mean((1, 2)) for picture in many("train", 100)])
    alike = [np.mean([np.corrcoef(rows, family.mean(0))[0, 1] for rows in family]) for family in (streets, objects)]
    assert alike[0] > 0.7 and alike[1] < 0.45


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (dict(split="vall", index=0), "unknown split 'vall'; choose one of test, train, val"),
        (dict(split="val", index=-1), "wanted an index of 0 or more, got -1"),
        (dict(split="val", index=0, width=16), "wanted a height and a width of 32 pixels or more, got 128 x 16"),
    ],
)
def test_errors_name_what_was_wanted(call, message):
    with pytest.raises(ValueError) as caught:
        drawn(**call)
    assert str(caught.value) == message
