"""A trial: everything that can change one cell of one table; and the cell, with nets and opened data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

from lab.data import Dataset, dataset, reader
from lab.measure.case import Case, settings_of
from lab.measure.store import address_of
from lab.nets.methods import UNDEFENDED
from lab.nets.pipelines import Nets
from lab.system import parts
from lab.system.device import facts as device_facts
from pearl_core import SCIENCE
from pearl_core.attacks.compose import Attack
from pearl_core.metrics import METRICS, STATISTICS
from pearl_core.rain import PRESETS

RAIN = next(iter(PRESETS))  # that of the papers
TABLED = ("mIoU", "mAcc", "allAcc", "PSNR", "SSIM")  # what is measured unless a trial asks for other metrics


@dataclass(frozen=True, kw_only=True)
class Trial(Case):
    """Everything that can change one cell of one table, and nothing else."""

    rain: str = RAIN  # or "none"
    images: int = 32
    metrics: tuple[str, ...] | None = None  # None: those of `TABLED` that the data and the system allow

    ALWAYS: ClassVar = (
        "method", "dataset", "split", "rain", "derain", "segmenter", "attack", "objective", "eps", "steps", "alpha",
        "threat", "source", "images", "seed", "net_seed", "derain_on", "derain_with", "precision",
    )  # fmt: skip

    def settle(self) -> None:
        if self.images < 1:
            raise ValueError(f"wanted 1 image or more, got {self.images}")
        for name in self.metrics or ():
            METRICS.choose(name)
        super().settle()

    def origin(self) -> dict:
        """The columns of a row that describe its trial."""
        return {name: value for name, value in parts.written(self).items() if name != "metrics"}


def both(threat: str) -> tuple[str, ...]:
    """The threat that a display is asked for, and the adaptive one, which every display shows too."""
    return tuple(dict.fromkeys((threat, "adaptive")))


def attacked(methods: Iterable[str], threat: str, **how) -> list[Trial]:
    """One attack on each method; a transfer attack leaves out its own source."""
    source = how.pop("source", None) or (UNDEFENDED if threat == "transfer" else None)
    return [Trial(method, threat=threat, source=source, **how) for method in methods if method != source]


@dataclass(frozen=True, eq=False)
class Cell:
    """A trial with its nets and its opened data."""

    trial: Trial
    data: Dataset

    @cached_property
    def victim(self) -> Nets:
        return self.trial.system.nets

    @cached_property
    def attacked(self) -> Nets:
        return self.trial.attacked

    @cached_property
    def attack(self) -> Attack | None:
        return self.trial.made()

    @cached_property
    def members(self) -> dict[str, Cell]:
        """The cells of which this one is the worst, image by image; none where it is no ensemble."""
        return {name: replace(self, trial=trial) for name, trial in self.trial.members().items()}

    @cached_property
    def metrics(self) -> tuple[str, ...]:
        """Those that the trial asks for; if it names none, the usual ones that its data and nets allow."""
        if self.trial.metrics is not None:
            return self.trial.metrics
        labelled = self.data.labelled and self.victim[1] is not None
        return tuple(name for name in TABLED if labelled or "labels" not in METRICS[name].needs)

    @cached_property
    def statistics(self) -> tuple[str, ...]:
        """The statistics that its metrics are made of."""
        return tuple(dict.fromkeys(METRICS[name].statistic for name in self.metrics))

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of those of an image, as far as they are known."""
        known = {name: STATISTICS[name].shape for name in self.statistics}
        return {name: shape(len(self.data.classes)) for name, shape in known.items() if shape is not None}

    @cached_property
    def perturbation(self) -> dict | None:
        """All that the attack depends on; without the number of steps if an attack of fewer steps is its beginning.

        Cells that agree here share one run of it.
        """
        if self.attack is None:
            return None
        made, trial = settings_of(self.attack), self.trial
        facts = {
            "on": [None if net is None else net.sha256 for net in self.attacked],
            "name": trial.attack,
            "objective": trial.objective,
            "eps": trial.eps,
            "alpha": made["alpha"],
            "seed": trial.seed if made["random_start"] or trial.entry.queries else None,
            "precision": "torch." + made["precision"],
        }
        later = {name: getattr(trial, name) for name in ("protocol", "label") if getattr(trial, name) != DEFAULT[name]}
        return facts | later | ({} if trial.entry.stepwise else {"of": trial.steps})

    @cached_property
    def facts(self) -> dict:
        """All that decides the statistics of an image."""
        return {
            "science": SCIENCE,
            "data": self.data.fingerprint,
            "victim": [None if net is None else net.sha256 for net in self.victim],
            "attack": self.perturbation and self.perturbation | {"steps": self.trial.steps},
            **device_facts(),
        }

    @cached_property
    def address(self) -> str:
        return address_of(self.facts)


OWN_RAIN = "own"  # that came with the pictures
DEFAULT = {name: parts.default(Trial, name) for name in parts.kinds(Trial)}


def leaves(cells: Iterable[Cell]) -> list[Cell]:
    """The cells that are measured: in place of an ensemble its members."""
    return [leaf for cell in cells for leaf in (leaves(cell.members.values()) if cell.members else [cell])]


def steps_of(cell: Cell) -> int:
    return 0 if cell.attack is None else cell.trial.steps


def cells_of(trials: Iterable[Trial], data_root: str | None) -> list[Cell]:
    """The trials with their data opened, each data set once; `data_root` is for those that are not built in."""
    opened: dict[tuple, Dataset] = {}
    cells = []
    for trial in trials:
        place = trial.dataset, trial.split, trial.rain
        if place not in opened:
            root = None if reader(trial.dataset).built_in else data_root
            opened[place] = dataset(trial.dataset, trial.split, data_root=root, rain=trial.rain)
        data = opened[place]
        rain = trial.rain if data.rain is not None or trial.rain == "none" else OWN_RAIN
        cells.append(Cell(replace(trial, split=data.split, rain=rain), data))
    return cells
