"""The numbers of the tables for the picture of a view, from the store; nothing is computed."""

from __future__ import annotations

import numpy as np

from lab.measure.case import Case
from lab.measure.store import Store
from lab.measure.trial import Cell, Trial
from lab.measure.worst import worst_case
from lab.system import parts
from lab.view.photo import opened
from lab.view.session import Session
from lab.view.setting import Setting
from lab.view.view import SHOWN
from pearl_core.metrics import METRICS


def tabled(session: Session, *, data_root: str | None = None, store: Store | None = None) -> dict[str, float] | None:
    """The numbers of the table's row for exactly this picture, by the names of `SHOWN`; None where there are none."""
    setting, store = session.setting, store or Store()
    trial = trial_of(setting)
    if trial is None or not store.path.exists():
        return None
    cell = Cell(trial, opened(setting.dataset, setting.split, data_root))
    known = statistics(cell, session.photo.sample.keys[0], store)
    if known is None:
        return None
    return {name: METRICS[name].reduce(known[METRICS[name].statistic]) for name in SHOWN if name in cell.metrics}


def trial_of(setting: Setting) -> Trial | None:
    """The trial that measures what this setting shows; None if no table has such a trial."""
    shared = {name: getattr(setting, name) for name in parts.kinds(Case)}
    if setting != Setting(**shared, index=setting.index):
        return None  # other rain, a region, a step on the way, a picture of one's own
    return Trial(**shared | ({} if setting.with_eps else {"eps": 0}), images=1)


def statistics(cell: Cell, key: str, store: Store) -> dict[str, np.ndarray] | None:
    """Those of one picture, (1, ...) each; of an ensemble those of its worst member. None where one is missing."""
    if cell.members:
        members = [statistics(member, key, store) for member in cell.members.values()]
        return None if None in members else worst_case(members)
    known = store.read(cell.address, cell.statistics, cell.shapes).get(key)
    return known and {name: value[None] for name, value in known.items()}
