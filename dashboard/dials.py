"""The dials of a setting, each with a sentence for a reader who knows none of the papers; and their way to the URL.

Every dial is kept under the name of the part of the setting it turns.
"""

from __future__ import annotations

import os
from typing import NamedTuple

import numpy as np
import streamlit as st
from address import asked, remember

from lab.data import dataset, reader, uploads
from lab.data.titles import title
from lab.nets.methods import METHODS
from lab.nets.pipelines import available
from lab.system.threats import THREATS
from lab.system.words import (
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
from lab.view.setting import KINDS, LIMITS, REGIONS, Setting
from pearl_core.derain import DERAINERS

PAGE = "look"  # Explore and Compare share their dials
BESIDE = ("opacity", "methods", "perturbation")  # in the address, though no part of a setting
NONE = "none"
MISSING = object()


def begin() -> None:
    """Before any dial: the setting of the address at the first run, later the one this visitor left."""
    state = st.session_state
    if "turned" not in state:
        told = asked(PAGE, [*KINDS, *BESIDE])
        state.turned = {name: told[name] for name in BESIDE if name in told}
        try:
            state.turned |= setting.from_query(told).changed()
        except ValueError as error:
            state.wrong = f"The address of this page holds no setting: {error}. The page opens with the usual one."
    if "wrong" in state:
        st.error(state.wrong)  # until an address is written that does
    turn(**state.pop("pending", {}))


def turn(**parts) -> None:
    """Turn dials from elsewhere, such as a picture that was drawn on; before they are placed in a run."""
    for name, value in parts.items():
        st.session_state.turned[name] = value
        st.session_state.pop(name, None)


def later(**parts) -> None:
    """The same once they are placed: they turn at the start of the next run."""
    st.session_state.pending = parts


def placed(name: str, allowed, start=MISSING) -> None:
    """Before a dial is placed: what it shows is what it showed, or on another page, or at the start."""
    state = st.session_state
    start = Setting.__dataclass_fields__[name].default if start is MISSING else start
    for value in (state.get(name, MISSING), state.turned.get(name, MISSING), start):
        if value is not MISSING and allowed(value):
            state[name] = value
            return
    state.pop(name, None)  # the dial's own first choice


def keep(name: str, value):
    """Remember what a dial says, for other pages: Streamlit forgets dials that are not there."""
    st.session_state.turned[name] = value
    return value


def pick(name: str, label: str, options, help: str, **how):
    """A choice of one."""
    options = list(options)
    placed(name, lambda value: value in options)
    return keep(name, st.selectbox(label, options, key=name, help=help, **how))


def slide(name: str, label: str, low, high, step, help: str, **how):
    """A number on a slider."""
    placed(name, lambda value: low <= value <= high)
    return keep(name, st.slider(label, low, high, step=step, key=name, help=help, **how))


def count(name: str, label: str, low: int, high: int, help: str, **how):
    """A whole number, or none."""
    placed(name, lambda value: value is None or low <= value <= high)
    return keep(name, st.number_input(label, low, high, key=name, help=help, step=1, **how))


# ---- the picture ----


class Photographed(NamedTuple):
    """Which picture in which rain, as dialled."""

    parts: dict  # of the setting
    size: tuple[int, int]  # (H, W)
    own: np.ndarray | None  # the visitor's own picture
    root: str | None  # where the data lies


def photo() -> Photographed:
    """The picture and its rain."""
    st.subheader("Picture", anchor=False)
    name = pick("dataset", "Data set", choices.datasets(), format_func=title, help=HELP["dataset"])
    root = None if reader(name).built_in else folder(name)
    own, data = upload(), dataset(name, data_root=root)
    if own is not None:
        parts = {"dataset": name, "image": uploads.digest(own)}
        return Photographed(parts | rain(), own.shape[:2], own, root)
    if st.session_state.turned.get("image"):
        st.info("This link shows a picture that somebody uploaded. Upload the same picture above to see it.")
    index = count("index", "Picture", 0, len(data) - 1, HELP["index"])
    return Photographed({"dataset": name, "index": index} | rain(), data.size, None, root)


def folder(name: str) -> str | None:
    """Where a data set lies, from the person at the dials; not part of a setting, so it is in no address."""
    given = st.text_input(
        "Folder of the data", os.environ.get("PEARL_DATA", ""),
        help=f"The folder on this machine that holds {title(name)}, or {name}/ with it.",
    )  # fmt: skip
    return given or None


def upload() -> np.ndarray | None:
    """The visitor's own picture, (H, W, 3) uint8."""
    given = st.file_uploader(
        "Or upload a picture", ["png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff", "gif"], help=HELP["image"]
    )
    return None if given is None else decoded(given.getvalue(), given.name)


@st.cache_data(max_entries=8, show_spinner=False)
def decoded(data: bytes, name: str) -> np.ndarray:
    return uploads.fitted(uploads.decoded(data, name))


def rain() -> dict:
    low, high = map(float, LIMITS["amount"])
    return {
        "amount": slide("amount", "Rain", low, high, 0.05, HELP["amount"]),
        "angle": slide("angle", "Rain angle", *map(float, LIMITS["angle"]), 1.0, HELP["angle"]),
        "rain_seed": count("rain_seed", "Rain seed", 0, 2**31, HELP["rain_seed"], placeholder="as in the tables"),
    }


# ---- networks and attack ----


def networks(dataset: str) -> dict:
    """The method, and which derainer it has: those with weights for that data set."""
    st.subheader("Networks", anchor=False)
    there = available(dataset)
    method = pick("method", "Method", there, format_func=method_title, help=help_of("method", separator="\n- "))
    untrained(dataset, [made.title for name, made in METHODS.items() if name not in there])
    if METHODS[method].derain is not None:
        derain = pick("derain", "Derainer", there[method], format_func=title, help=HELP["derain"])
        untrained(dataset, [title(name) for name in DERAINERS if name not in there[method]])
        return {"method": method, "derain": derain}
    st.selectbox("Derainer", [NONE], disabled=True, help=HELP["derain"])
    st.caption(NO_DERAINER.format(title=METHODS[method].title))
    return {"method": method}


def untrained(dataset: str, titles: list[str]) -> None:
    """What is not offered, and why."""
    if titles:
        st.caption(UNTRAINED.format(titles=", ".join(titles), dataset=title(dataset)))


def attack(size: tuple[int, int]) -> dict:
    """How the attacker searches, how far it may go, and where on a picture of that size (H, W)."""
    st.subheader("Attack", anchor=False)
    name = pick("attack", "Attack", choices.attacks(), format_func=title, help=help_of("attack", separator="\n- "))
    sized = Setting(attack=name).with_eps
    eps = slide(
        "eps", "Strength ε (1/255)", *map(float, LIMITS["eps"]), 0.25, format="%g", disabled=not sized,
        help=HELP["eps"] + ("" if sized else f" {NO_EPS}"),
    )  # fmt: skip
    steps = slide("steps", "Steps", *LIMITS["steps"], 1, disabled=name == "fgsm", help=HELP["steps"])
    seed = count("seed", "Attack seed", 0, 2**31, HELP["seed"])
    return {"attack": name, "eps": eps, "steps": steps, "seed": seed} | where(size)


def where(size: tuple[int, int]) -> dict:
    """The region of the attack. A box is drawn on a picture, or typed."""
    region = pick("region", "Region", REGIONS, format_func=region_title, help=help_of("region", drawn=True))
    if region != "box":
        return {"region": region, "box": None}
    high, wide = size
    edges = st.session_state.turned.get("box") or choices.middle(high, wide)
    places = (*st.columns(2), *st.columns(2))
    given = tuple(
        column.number_input(
            label, 0, most, min(edge, most), key=f"box_{label}_{edge}", step=1, help=HELP["box"].format(edge=label)
        ) for column, label, edge, most in zip(places, EDGES, edges, (high, wide, high, wide), strict=True)
    )  # fmt: skip
    return {"region": region, "box": keep("box", given)}


def threat(dataset: str, method: str) -> dict:
    """What the attacker knows of the networks; a transfer is computed on another method that has weights."""
    name = pick("threat", "The attacker knows", list(THREATS), format_func=threat_title, help=HELP["threat"])
    if name != "transfer":
        return {"threat": name}
    source = pick(
        "source", "Perturbation computed on", choices.sources(dataset, method), format_func=method_title,
        help=HELP["source"],
    )  # fmt: skip
    return {"threat": name, "source": source}


def precision() -> dict:
    """The number format of gradients: the page's own, the tables', or what the address asks for."""
    asked_for = st.session_state.turned.get("precision", Setting.precision)
    options = choices.precisions(Setting(precision=asked_for))
    words = "Precision of the gradients"
    return {"precision": pick("precision", words, options, format_func=precision_title, help=HELP["precision"])}


def opacity() -> float:
    """How strongly classes cover pictures."""
    st.subheader("Display", anchor=False)
    state = st.session_state
    if "opacity" not in state:
        state.opacity = opacity_of(state.turned.get("opacity"))
    return keep(
        "opacity", st.slider("Opacity of the classes", 0.0, 1.0, step=0.05, key="opacity", help=HELP["opacity"])
    )


def opacity_of(text) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except (TypeError, ValueError):
        return OPACITY


def remembered(viewed: Setting, opacity: float, **more: str) -> None:
    """The whole setting into the address, so that a link reopens the same view."""
    st.session_state.pop("wrong", None)
    told = viewed.query() | more | {"opacity": f"{opacity:g}"}
    remember(PAGE, dict.fromkeys([*KINDS, *BESIDE], "") | told, {"opacity": f"{OPACITY:g}"})
