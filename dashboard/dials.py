"""The dials of a setting, each with a sentence for a reader who knows none of the papers; and their way to the address.

Every dial is kept under the name of the part of the setting it turns.
"""

from __future__ import annotations

from collections.abc import Collection

import memory
import say
import streamlit as st

from lab.data.titles import title
from lab.nets.methods import METHODS
from lab.nets.pipelines import available
from lab.system import parts
from lab.system.threats import THREATS
from lab.system.words import (
    BEYOND,
    CARRIED,
    CARRIED_HELP,
    DIALS,
    EDGES,
    HELP,
    NO_DERAINER,
    NO_EPS,
    OPACITY,
    UNTRAINED,
    precision_title,
    region_title,
    threat_title,
)
from lab.view import choices, setting
from lab.view.choices import help_of, method_title
from lab.view.setting import KINDS, LIMITS, REGIONS, Box, Setting
from pearl_core.derain import DERAINERS

PAGE = "look"  # Explore and Compare share their dials
EXPLORE, COMPARE = ("method", "on", "shown"), ("methods", "perturbation", "divided")  # but for these
BESIDE = ("opacity", *COMPARE)  # in the address, though no part of a setting
DIALLED = ("dataset", "split", "index", "image", "amount", "angle", "rain_seed", "method", "derain", "segmenter",
           "attack", "eps", "steps", "seed", "threat", "source", "precision", "region", "box", "shown")  # fmt: skip
MOST = 4  # methods side by side
NONE = "none"


# ---- the address ----


def begin(own: Collection[str] = EXPLORE) -> None:
    """Before any dial: they turn to the address, where the visitor comes by it. `own` are those of this page alone."""
    say.begin()
    memory.entered("compare" if own is COMPARE else "explore")
    told = memory.arrived(PAGE, (*KINDS, *BESIDE))
    if told is not None:
        others = {*EXPLORE, *COMPARE} - {*own}
        memory.forget([name for name in (*KINDS, *BESIDE) if name in told or name not in others])
        adopt(told)
    memory.turn(**st.session_state.pop("pending", {}))


def adopt(told: dict[str, str]) -> None:
    """Turn the dials to what can be read of an address, and say what cannot."""
    read, wrong = setting.readable(told)
    values = read.changed()
    for name in BESIDE:
        if name in told:
            try:
                values[name] = beside(name, told[name])
            except ValueError as error:
                wrong[name] = str(error)
    for name, why in wrong.items():
        say.unread(name, told[name], why)
    memory.turn(**values)
    memory.asked().update((name, told[name]) for name in told if name not in wrong)


def beside(name: str, text: str) -> float | str | bool | list[str]:
    """What an address says of something that is no part of a setting. Errors: ValueError."""
    if name == "methods":
        return text.split(",")
    if name != "opacity":
        (only,) = {"perturbation": ["own"], "divided": ["1"]}[name]
        if text != only:
            raise ValueError(f"wanted {only}, or nothing")
        return text if name == "perturbation" else True
    value = parts.number(name, text, float)
    if not 0 <= value <= 1:
        raise ValueError(f"wanted {name} from 0 to 1, got {text}")
    return value


def remembered(viewed: Setting, opacity: float, own: Collection[str] = EXPLORE, **more: str) -> None:
    """The whole setting into the address, so that a link reopens the same view."""
    others = {*EXPLORE, *COMPARE} - {*own}
    told = {name: text for name, text in viewed.query().items() if name not in others}
    memory.remember(PAGE, told | more | {"opacity": f"{opacity:g}"}, {"opacity": f"{OPACITY:g}"})


def carried(own: Collection[str] = EXPLORE) -> dict:
    """What the address said and no dial turns; a click leaves it out."""
    names = [name for name in KINDS if name not in (*DIALLED, *{*EXPLORE} - {*own})]
    held = {name: memory.turned()[name] for name in names if name in memory.turned()}
    if held:
        say.caption(CARRIED.format(parts=", ".join(f"{name}={parts.text_of(value)}" for name, value in held.items())))
        st.button("Leave that out", on_click=memory.forget, args=(list(held),), help=CARRIED_HELP)
    return held


# ---- one dial ----


def pick(name: str, options, help: str, why: str = "", **how):
    """A choice of one."""
    options = list(options)
    start = parts.default(Setting, name)
    start = start if start in options else next(iter(options), None)
    memory.placed(name, start, options.__contains__, why or say.one_of(options))
    return st.selectbox(DIALS[name], options, key=name, help=help, **how)


def slide(name: str, low, high, step, help: str, start=None, **how):
    """A number on a slider."""
    start = parts.default(Setting, name) if start is None else start
    memory.placed(name, start, lambda value: low <= value <= high, f"wanted {name} from {low} to {high}")
    return st.slider(DIALS[name], low, high, step=step, key=name, help=help, **how)


def count(name: str, low, high, help: str, step=1, **how):
    """A number to type, or none."""

    def allowed(value) -> bool:
        return value is None or low <= value <= high

    memory.placed(name, parts.default(Setting, name), allowed, f"wanted {name} from {low} to {high}")
    return st.number_input(DIALS[name], low, high, key=name, help=help, step=step, **how)


# ---- networks and attack ----


def networks(dataset: str) -> dict:
    """The method, and which networks it has: those with weights for that data set."""
    st.subheader("Networks", anchor=False)
    segmenter = segmenter_of(dataset)
    there = available(dataset, segmenter)
    method = pick("method", there, format_func=method_title, help=help_of("method", separator="\n- "),
                  why=f"{say.one_of(there)}, which have weights for {dataset} and {segmenter}")  # fmt: skip
    untrained(dataset, [made.title for name, made in METHODS.items() if name not in there])
    derain = derainer(dataset, there, [method])
    if not derain:
        st.selectbox(DIALS["derain"], [NONE], disabled=True, help=HELP["derain"])
        say.caption(NO_DERAINER.format(title=METHODS[method].title))
    return {"method": method} | derain | segmenter_dial(dataset)


def derainer(dataset: str, there: dict[str, list[str]], methods: Collection[str]) -> dict:
    """The derainer of these methods, of those that all of them are there with; nothing where none has one."""
    with_one = [there[method] for method in methods if METHODS[method].derain is not None]
    if not with_one:
        return {}
    common = [name for name in DERAINERS if all(name in names for names in with_one)]
    if not common:
        raise ValueError(f"wanted a derainer that all of {', '.join(methods)} have weights with, got none")
    derain = pick("derain", common, format_func=title, help=HELP["derain"],
                  why=f"{say.one_of(common)}, which have weights")  # fmt: skip
    untrained(dataset, [title(name) for name in DERAINERS if name not in common])
    return {"derain": derain}


def segmenter_of(dataset: str) -> str:
    """The segmenter that is dialled, which decides what the dials above it offer."""
    options = choices.segmenters(dataset)
    start = Setting.segmenter if Setting.segmenter in options else options[0]
    return memory.placed("segmenter", start, options.__contains__, f"{say.one_of(options)}, which have weights")


def segmenter_dial(dataset: str) -> dict:
    options = choices.segmenters(dataset)
    return {"segmenter": pick("segmenter", options, format_func=title, help=HELP["segmenter"])}


def untrained(dataset: str, titles: list[str]) -> None:
    """What is not offered, and why."""
    if titles:
        say.caption(UNTRAINED.format(titles=", ".join(titles), dataset=title(dataset)))


def attack(size: tuple[int, int]) -> dict:
    """How the attacker searches, how far it may go, and where on a picture of that size (H, W)."""
    st.subheader("Attack", anchor=False)
    name = pick(
        "attack",
        choices.attacks(),
        format_func=title,
        help=help_of("attack", separator="\n- "),
        on_change=memory.turn,
        kwargs={"shown": None},
    )  # fmt: skip - a step is one of that attack
    sized = Setting(attack=name).with_eps
    eps = count(
        "eps", *map(float, LIMITS["eps"]), step=0.25, format="%g", disabled=not sized,
        help=HELP["eps"] + ("" if sized else f" {NO_EPS}"),
    )  # fmt: skip
    steps = slide("steps", *LIMITS["steps"], 1, disabled=name == "fgsm", help=HELP["steps"])
    seed = count("seed", 0, 2**31, HELP["seed"])
    return {"attack": name, "eps": eps, "steps": steps, "seed": seed} | where(size)


def where(size: tuple[int, int]) -> dict:
    """The region of the attack. A box is drawn on a picture, or typed."""
    region = pick("region", REGIONS, format_func=region_title, help=help_of("region", drawn=True))
    if region != "box":
        return {"region": region, "box": None}
    high, wide = size
    edges = inside(memory.turned().get("box") or choices.middle(high, wide), size)
    places = (*st.columns(2), *st.columns(2))
    given = tuple(
        column.number_input(
            label, 0, most, edge, key=f"box_{label}_{edge}", step=1, help=HELP["box"].format(edge=label)
        )
        for column, label, edge, most in zip(places, EDGES, edges, (high, wide, high, wide), strict=True)
    )
    memory.turned()["box"] = given
    return {"region": region, "box": given}


def inside(box: Box, size: tuple[int, int]) -> Box:
    """The part of the box that lies in the picture; where none does, the usual box."""
    high, wide = size
    top, left, bottom, right = (min(edge, most) for edge, most in zip(box, (high, wide, high, wide), strict=True))
    within = (top, left, bottom, right) if top < bottom and left < right else choices.middle(high, wide)
    if within != tuple(box) and (max(box[0], box[2]) > high or max(box[1], box[3]) > wide):
        words = [", ".join(map(str, edges)) for edges in (box, within)]
        say.changed(BEYOND.format(box=words[0], high=high, wide=wide, inside=words[1]))
    return within


def threat(dataset: str, method: str, segmenter: str) -> dict:
    """What the attacker knows of the networks; a transfer is computed on another method that has weights."""
    name = pick("threat", list(THREATS), format_func=threat_title, help=HELP["threat"])
    if name != "transfer":
        return {"threat": name}
    options, opened = choices.sources(dataset, method, segmenter), memory.turned().get("source")
    options += [opened] if "," in (opened or "") else []  # a method with other networks, as only an address says it
    source = pick(
        "source", options, format_func=choices.source_title, help=HELP["source"],
    )  # fmt: skip
    return {"threat": name, "source": source}


def precision() -> dict:
    """The number format of gradients: the page's own, the tables', or what the address asks for."""
    options = choices.precisions(Setting(precision=memory.turned().get("precision", Setting.precision)))
    return {"precision": pick("precision", options, format_func=precision_title, help=HELP["precision"])}


def opacity() -> float:
    """How strongly classes cover pictures."""
    st.subheader("Display", anchor=False)
    return slide("opacity", 0.0, 1.0, 0.05, HELP["opacity"], start=OPACITY)
