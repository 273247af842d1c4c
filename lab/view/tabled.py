"""What the tables hold of a picture that is looked at; nothing is computed."""

from __future__ import annotations

from lab.measure.store import Store
from lab.measure.trial import Cell, Trial
from lab.view.photo import opened
from lab.view.session import Session
from lab.view.setting import Setting
from lab.view.view import SHOWN
from pearl_core.metrics import METRICS

SAME = ("method", "dataset", "split", "derain", "segmenter", "attack", "eps", "steps", "threat", "source", "seed",
        "precision")  # fmt: skip


def tabled(session: Session, *, data_root: str | None = None, store: Store | None = None) -> dict[str, float] | None:
    """The numbers of the table's row for exactly this picture, by the names of `SHOWN`; None where there are none."""
    setting, store = session.setting, store or Store()
    trial = trial_of(setting)
    if trial is None or not store.path.exists():
        return None
    cell = Cell(trial, opened(setting.dataset, setting.split, data_root))
    statistics = [METRICS[name].statistic for name in SHOWN]
    known = store.read(cell.address, list(dict.fromkeys(statistics))).get(session.photo.sample.keys[0])
    if known is None:
        return None
    return {name: METRICS[name].reduce(known[kept][None]) for name, kept in zip(SHOWN, statistics, strict=True)}


def trial_of(setting: Setting) -> Trial | None:
    """The trial whose table this setting is a picture of; None where no table holds such a one."""
    shared = {name: getattr(setting, name) for name in SAME}
    if setting != Setting(**shared, index=setting.index) or not setting.with_eps:
        return None  # other rain, a region, a step on the way, a picture of one's own
    return Trial(**shared, images=1)
