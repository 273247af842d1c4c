"""Views whose attacks are kept in the store, so that each attack is computed once, also for later processes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import torch

from lab.measure.store import Store, address_of
from lab.measure.values import Shape
from lab.system import parts
from lab.system.paths import writable
from lab.view.photo import hashes, opened, within
from lab.view.session import Session, prepared
from lab.view.setting import Setting
from lab.view.trajectory import Ended, Point
from lab.view.view import View
from pearl_core import SCIENCE
from pearl_core.precision import resolve

KEPT = ("attacked", "points")


def seen(setting: Setting, *, data_root: str | None = None, store: Store | None = None) -> View:
    """`session.look` at the end of an attack on a picture of a data set; errors are its own."""
    if setting.image is not None or setting.shown is not None:
        raise ValueError(f"wanted a data set's picture at the end of an attack, got {setting}")
    store, session = store or Store(), prepared(setting, data_root=data_root)
    facts, key = facts_of(session), session.photo.sample.keys[0]
    if key not in (known := store.read(address_of(facts), KEPT, shapes_of(session))):
        writable(store.path.parent)
        for _ in session.advance():
            pass
        store.add(facts, [key], packed(session))
        return session.view()
    return replace(session, trajectory=unpacked(known[key])).view()


def there(settings: Iterable[Setting], data_root: str | None = None) -> None:
    """Raises what `seen` would raise for nets, pictures or a place that are not there, before anything is computed."""
    writable(Store().path.parent)
    for setting in settings:
        within(opened(setting.dataset, setting.split, data_root), setting.index)
        for net in filter(None, (*setting.system.nets, *setting.attacked)):
            _ = net.module  # a damaged one is refused, too


def facts_of(session: Session) -> dict:
    """All that decides the result of the attack on a picture; the defending nets are not part of it."""
    setting = session.setting
    return {
        "science": SCIENCE,
        "data": session.photo.data.fingerprint,
        "on": hashes(session.attacked),
        "course": parts.written(setting.course) | {"steps": setting.steps, "index": None},  # the picture has a key
        "precision": str(resolve(setting.precision, "cpu")),
    }


def shapes_of(session: Session) -> dict[str, Shape]:
    """What `packed` makes looks like."""
    channels, *sides = session.photo.sample.rainy.shape[1:]
    return {"attacked": (*sides, channels), "points": (None,)}


def packed(session: Session) -> dict[str, np.ndarray]:
    """The end of a trajectory as arrays of one picture each."""
    steps = session.setting.steps
    points = np.frombuffer(json.dumps(session.points()).encode(), np.uint8)
    attacked = session.trajectory.result(steps).permute(0, 2, 3, 1)
    return {"attacked": attacked.numpy(), "points": points[None]}


def unpacked(kept: dict[str, np.ndarray]) -> Ended:
    points = [Point(*point) for point in json.loads(kept["points"].tobytes())]
    return Ended(torch.from_numpy(kept["attacked"]).permute(2, 0, 1)[None], points)
