"""The dials of a setting as ipywidgets, each under the name of the part it turns."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from html import escape

import ipywidgets as ui
import numpy as np
from ipywidgets import HTML, DOMWidget, Layout

from lab.data import Dataset, reader
from lab.data.titles import title
from lab.nets.methods import METHODS
from lab.nets.pipelines import available
from lab.system.threats import THREATS
from lab.system.words import (
    EDGES,
    NO_DERAINER,
    NO_EPS,
    OPACITY,
    OWN_PICTURE,
    precision_title,
    region_title,
    threat_title,
)
from lab.view import choices
from lab.view.choices import help_of, method_title
from lab.view.photo import opened
from lab.view.setting import LIMITS, REGIONS, Setting
from pearl_core.attacks.zoo import CATALOGUE
from pearl_core.derain import DERAINERS

GROUPS = {
    "Picture": ("dataset", "index", "amount", "angle", "rain_seed"),
    "Networks": ("method", "derain"),
    "Attack": ("attack", "eps", "steps", "seed", "region", "box", "threat", "source", "precision"),
    "Display": ("opacity",),
}
SEEDS = 2**32 - 1  # the largest
STYLE = {"description_width": "6.5em"}


class Dials(dict[str, DOMWidget]):
    """Widgets by part of the setting, the edges of the box by their names, and `opacity`; all of them in `column`."""

    def __init__(self, opening: Setting, own: np.ndarray | None, data_root: str | None):
        self.opening, self.own, self.data_root = opening, own, data_root
        self.adapting = False
        self.reasons = {name: HTML() for name in ("index", "derain", "eps")}  # why a dial is disabled
        super().__init__(picture(opening) | networks(opening) | attack(opening))
        self.update(box(opening.box or self.middle()))
        self["opacity"] = slider(ui.FloatSlider, "Opacity", OPACITY, 0, 1, 0.05, "opacity", continuous_update=True)
        self.edges = ui.HBox([self[edge] for edge in EDGES], layout=Layout(flex_flow="row wrap"))
        self.adapt()
        self.column = ui.VBox(list(self.placed()), layout=Layout(flex="0 1 25em", min_width="0"))

    def placed(self) -> Iterable[DOMWidget]:
        for heading, names in GROUPS.items():
            yield HTML(f"<b>{heading}</b>")
            for name in names:
                yield self.edges if name == "box" else self[name]
                if name in self.reasons:
                    yield self.reasons[name]

    @property
    def labels(self) -> dict[str, str]:
        """What each dial is called, by the part of the setting that it turns."""
        return {name: dial.description for name, dial in self.items()}

    def root(self, dataset: str) -> str | None:
        """Where that data set lies; the built-in one has no folder."""
        return None if reader(dataset).built_in else self.data_root

    def read(self) -> Setting:
        """The setting as dialled; what has no dial is as at the opening. Errors: ValueError."""
        parts = {name: dial.value for name, dial in self.items() if name not in (*EDGES, "opacity")}
        if parts["dataset"] != self.opening.dataset:
            parts["split"] = None  # the one of that data set
        text = parts["rain_seed"].strip()
        parts["rain_seed"] = int(text) if text.isdecimal() else text or None
        parts["box"] = tuple(self[edge].value for edge in EDGES)  # counts only where the region is a box
        return replace(self.opening, shown=None, **parts)

    def adapt(self) -> None:
        """Adapt the dials that depend on another one."""
        self.adapting = True
        try:
            self.count()
            self.methods()
            method, sized = METHODS[self["method"].value], CATALOGUE[self["attack"].value].sized
            self.still("derain", "" if method.derain else NO_DERAINER.format(title=method.title))
            self.still("eps", "" if sized else NO_EPS)
            self["steps"].disabled = self["attack"].value == "fgsm"
            self.sources()
            visible(self["source"], self["threat"].value == "transfer")
            visible(self.edges, self["region"].value == "box")
        finally:
            self.adapting = False

    def still(self, name: str, reason: str) -> None:
        """Disable a dial if there is a reason, and show the reason."""
        self[name].disabled = bool(reason)
        self.reasons[name].value = small(reason)

    def count(self) -> None:
        """How many pictures there are. Where the data cannot be opened, the attempt to look at them says why."""
        self.still("index", "" if self.own is None else OWN_PICTURE)
        with suppress(ValueError, OSError):
            self["index"].max = len(self.data()) - 1

    def data(self) -> Dataset:
        name = self["dataset"].value
        split = self.opening.split if name == self.opening.dataset else None
        return opened(name, split, self.root(name))

    def methods(self) -> None:
        """The methods with trained nets for the data set, with their derainers; also those that were opened."""
        there = available(self["dataset"].value)
        if self.opening.dataset == self["dataset"].value:
            with_opened = [*there.get(self.opening.method, []), self.opening.derain]
            there[self.opening.method] = [name for name in DERAINERS if name in with_opened]
        offer(self["method"], [name for name in METHODS if name in there], method_title)
        offer(self["derain"], there[self["method"].value], title)

    def sources(self) -> None:
        """All methods with trained nets but the one under attack."""
        offer(self["source"], choices.sources(self["dataset"].value, self["method"].value), method_title)

    def middle(self) -> tuple[int, int, int, int]:
        """The box to begin with: half of each side."""
        try:
            high, wide = self.own.shape[:2] if self.own is not None else self.data().size
        except (ValueError, OSError, TypeError):
            high, wide = 128, 256
        return choices.middle(high, wide)


def picture(opening: Setting) -> dict[str, DOMWidget]:
    seed = "" if opening.rain_seed is None else str(opening.rain_seed)
    return {
        "dataset": pick("Data set", choices.datasets(opening.dataset), opening.dataset, "dataset", title),
        "index": dial(ui.BoundedIntText, "Picture", opening.index, "index", min=0, max=SEEDS),
        "amount": slider(ui.FloatSlider, "Rain", opening.amount, *LIMITS["amount"], 0.05, "amount"),
        "angle": slider(
            ui.FloatSlider, "Rain angle", opening.angle, *LIMITS["angle"], 1, "angle", readout_format=".0f"
        ),
        "rain_seed": dial(ui.Text, "Rain seed", seed, "rain_seed", placeholder="as in the tables",
                          continuous_update=False),
    }  # fmt: skip


def networks(opening: Setting) -> dict[str, DOMWidget]:
    return {
        "method": pick("Method", METHODS, opening.method, "method", method_title),
        "derain": pick("Derainer", DERAINERS, opening.derain, "derain", title),
    }


def attack(opening: Setting) -> dict[str, DOMWidget]:
    source = opening.source or next(name for name in METHODS if name != opening.method)
    return {
        "attack": pick("Attack", choices.attacks(), opening.attack, "attack", title),
        "eps": slider(ui.FloatSlider, "ε (1/255)", opening.eps, *LIMITS["eps"], 0.25, "eps"),
        "steps": slider(ui.IntSlider, "Steps", opening.steps, *LIMITS["steps"], 1, "steps"),
        "seed": dial(ui.BoundedIntText, "Seed", opening.seed, "seed", min=0, max=SEEDS),
        "region": pick("Region", REGIONS, opening.region, "region", region_title),
        "threat": pick("Threat", list(THREATS), opening.threat, "threat", threat_title),
        "source": pick("Computed on", METHODS, source, "source", method_title),
        "precision": pick("Gradients in", choices.precisions(opening), opening.precision, "precision", precision_title),
    }


def box(edges: Iterable[int]) -> dict[str, DOMWidget]:
    """A field for each edge."""
    half = {"layout": Layout(flex="1 1 9em", width="auto", min_width="0"), "style": {"description_width": "4.5em"}}
    return {
        edge: ui.IntText(at, description=edge, tooltip=help_of("box").format(edge=edge), **half)
        for edge, at in zip(EDGES, edges, strict=True)
    }


def dial(kind: type[DOMWidget], label: str, value, name: str, **how) -> DOMWidget:
    return kind(value=value, description=label, tooltip=help_of(name), style=STYLE, layout=Layout(width="98%"), **how)


def slider(kind: type[DOMWidget], label: str, value, low, high, step, name: str, **how) -> DOMWidget:
    how = {"continuous_update": False} | how
    return dial(kind, label, value, name, min=low, max=high, step=step, **how)


def pick(label: str, names: Iterable[str], value: str, name: str, words) -> ui.Dropdown:
    return dial(ui.Dropdown, label, value, name, options=labelled(names, words))


def offer(dial: ui.Dropdown, names: Iterable[str], words) -> None:
    """Offer other choices; the chosen one stays if it is among them, else the first is chosen."""
    names, kept = list(names), dial.value
    if [name for _, name in dial.options] != names:
        dial.options = labelled(names, words)
        dial.value = kept if kept in names else next(iter(names), None)


def labelled(names: Iterable[str], words) -> list[tuple[str, str]]:
    return [(words(name), name) for name in names]


def visible(widget: DOMWidget, there: bool) -> None:
    widget.layout.display = None if there else "none"


def small(text: str) -> str:
    return f'<div style="line-height:1.3"><small>{escape(text)}</small></div>' if text else ""
