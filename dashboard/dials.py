"""The dials of a setting, each with a sentence for a reader who knows none of the papers; and their way to the URL.

Every dial is kept under the name of the part of the setting it turns.
"""

from __future__ import annotations

import os
from typing import NamedTuple

import numpy as np
import streamlit as st

from lab.data import dataset, reader, uploads
from lab.nets import zoo
from lab.nets.methods import METHODS
from lab.nets.pipelines import THREATS, available
from lab.system.words import EDGES, HELP, KNOWN, NO_DERAINER, NO_EPS, OPACITY, UNTRAINED, WHERE
from lab.view import panels, setting
from lab.view.setting import LIMITS, REGIONS, Setting, attacks
from pearl_core.attacks.zoo import CATALOGUE
from pearl_core.derain import DERAINERS

NONE = "none"
MISSING = object()


def begin() -> None:
    """Before any dial: the setting of the address at the first run, later the one this visitor left."""
    state = st.session_state
    if "turned" not in state:
        state.turned = {}
        try:
            state.turned = setting.from_query(st.query_params.to_dict()).changed()
        except ValueError as error:
            st.error(f"The address of this page holds no setting: {error}. Here is the first one instead.")
    turn(**state.pop("pending", {}))


def turn(**parts) -> None:
    """Turn dials from elsewhere, such as a picture that was drawn on; before they are placed in a run."""
    for name, found in parts.items():
        st.session_state.turned[name] = found
        st.session_state.pop(name, None)


def later(**parts) -> None:
    """The same once they are placed: they turn at the start of the next run."""
    st.session_state.pending = parts


def placed(name: str, allowed) -> None:
    """Before a dial is placed: what it shows is what it showed, or on another page, or at the start."""
    state = st.session_state
    start = Setting.__dataclass_fields__[name].default
    for found in (state.get(name, MISSING), state.turned.get(name, MISSING), start):
        if found is not MISSING and allowed(found):
            state[name] = found
            return
    state.pop(name, None)  # the dial's own first choice


def keep(name: str, found):
    """Remember what a dial says, for other pages: Streamlit forgets dials that are not there."""
    st.session_state.turned[name] = found
    return found


def pick(name: str, label: str, options, help: str, **how):
    """A choice of one."""
    options = list(options)
    placed(name, lambda found: found in options)
    return keep(name, st.selectbox(label, options, key=name, help=help, **how))


def slide(name: str, label: str, low, high, step, help: str, **how):
    """A number on a slider."""
    placed(name, lambda found: low <= found <= high)
    return keep(name, st.slider(label, low, high, step=step, key=name, help=help, **how))


def count(name: str, label: str, low: int, high: int, help: str, **how):
    """A whole number, or none."""
    placed(name, lambda found: found is None or low <= found <= high)
    return keep(name, st.number_input(label, low, high, key=name, help=help, step=1, **how))


# ---- the street ----


class Street(NamedTuple):
    """What the camera looks at, as dialled."""

    parts: dict  # of the setting
    size: tuple[int, int]  # (H, W)
    own: np.ndarray | None  # the visitor's own picture
    root: str | None  # where the data lies


def street() -> Street:
    """The picture and its rain."""
    st.subheader("Street", anchor=False)
    sets = sorted({name.partition("/")[0] for name in zoo.catalogue()}, key=lambda name: (name != "scenes", name))
    name = pick("dataset", "Pictures", sets or ["scenes"], format_func=panels.title, help=HELP["dataset"])
    root = None if reader(name).built_in else folder(name)
    own, data = upload(), dataset(name, data_root=root)
    if own is not None:
        found = {"dataset": name, "image": uploads.digest(own)}
        return Street(found | rain(), own.shape[:2], own, root)
    if st.session_state.turned.get("image"):
        st.info("This address shows somebody's own picture. Drop that picture above to see it.")
    index = count("index", "Scene", 0, len(data) - 1, HELP["index"])
    return Street({"dataset": name, "index": index} | rain(), data.size, None, root)


def folder(name: str) -> str | None:
    """Where a data set lies, from the person at the dials; it decides no number and stands in no address."""
    given = st.text_input(
        "Folder of the data", os.environ.get("PEARL_DATA", ""),
        help=f"The folder on this machine that holds {panels.title(name)}, or {name}/ with it.",
    )  # fmt: skip
    return given or None


def upload() -> np.ndarray | None:
    """The visitor's own picture, (H, W, 3) uint8."""
    given = st.file_uploader(
        "Or a picture of your own", ["png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff", "gif"], help=HELP["image"]
    )
    return None if given is None else decoded(given.getvalue(), given.name)


@st.cache_data(max_entries=8, show_spinner=False)
def decoded(data: bytes, name: str) -> np.ndarray:
    return uploads.fitted(uploads.decoded(data, name))


def rain() -> dict:
    low, high = LIMITS["amount"]
    return {
        "amount": slide("amount", "Rain", float(low), float(high), 0.05, HELP["amount"]),
        "angle": slide("angle", "Wind", -60.0, 60.0, 1.0, HELP["angle"]),
        "rain_seed": count("rain_seed", "Other drops", 0, 2**31, HELP["rain_seed"], placeholder="as in the tables"),
    }


# ---- defence and attack ----


def defence(dataset: str) -> dict:
    """How the street is segmented, and which derainer stands before that: those with weights for that data set."""
    st.subheader("Defence", anchor=False)
    there = available(dataset)
    method = pick("method", "Defence", there, format_func=lambda name: METHODS[name].title, help=HELP["method"])
    untrained(dataset, [made.title for name, made in METHODS.items() if name not in there])
    if METHODS[method].derain is not None:
        derain = pick("derain", "Derainer", there[method], format_func=panels.title, help=HELP["derain"])
        untrained(dataset, [panels.title(name) for name in DERAINERS if name not in there[method]])
        return {"method": method, "derain": derain}
    st.selectbox("Derainer", [NONE], disabled=True, help=HELP["derain"])
    st.caption(NO_DERAINER.format(title=METHODS[method].title))
    return {"method": method}


def untrained(dataset: str, titles: list[str]) -> None:
    """What is not offered, and why."""
    if titles:
        st.caption(UNTRAINED.format(titles=", ".join(titles), dataset=panels.title(dataset)))


def attack(size: tuple[int, int]) -> dict:
    """How the attacker searches, how far it may go, and where on a picture of that size (H, W)."""
    st.subheader("Attack", anchor=False)
    name = pick("attack", "Attack", attacks(), format_func=panels.title, help=HELP["attack"])
    sized = CATALOGUE[name].sized
    eps = slide(
        "eps", "Strength ε (1/255)", 0.0, 16.0, 0.25, format="%g", disabled=not sized,
        help=HELP["eps"] + ("" if sized else f" {NO_EPS}"),
    )  # fmt: skip
    steps = slide("steps", "Steps", *LIMITS["steps"], 1, disabled=name == "fgsm", help=HELP["steps"])
    return {"attack": name, "eps": eps, "steps": steps, "seed": start()} | where(size)


def start() -> int:
    return count("seed", "Seed of the attack", 0, 2**31, HELP["seed"])


def where(size: tuple[int, int]) -> dict:
    """The region of the attack. A box is drawn on a picture, or typed."""
    found = pick(
        "region", "The attacker changes pixels", REGIONS, format_func=WHERE.get,
        help=HELP["region"].format(how="draw on a picture"),
    )  # fmt: skip
    if found != "box":
        return {"region": found, "box": None}
    high, wide = size
    edges = st.session_state.turned.get("box") or (high // 4, wide // 4, 3 * high // 4, 3 * wide // 4)
    given = tuple(
        column.number_input(
            label, 0, most, min(edge, most), key=f"box_{label}_{edge}", step=1, help=HELP["box"].format(edge=label)
        ) for column, label, edge, most in zip(st.columns(4), EDGES, edges, (high, wide, high, wide), strict=True)
    )  # fmt: skip
    return {"region": found, "box": keep("box", given)}


def threat(dataset: str, method: str) -> dict:
    """What the attacker knows of the defence; a transfer is made on another one that has weights."""
    found = pick(
        "threat", "The attacker knows", THREATS, format_func=lambda name: f"{KNOWN[name]} ({name})", help=HELP["threat"]
    )
    if found != "transfer":
        return {"threat": found}
    source = pick(
        "source", "Attack made on", [name for name in available(dataset) if name != method],
        format_func=lambda name: METHODS[name].title, help=HELP["source"],
    )  # fmt: skip
    return {"threat": found, "source": source}


def opacity() -> float:
    """How strongly classes cover pictures; part of the address, though no part of the setting."""
    state = st.session_state
    if "opacity" not in state:
        state.opacity = opacity_of(state.get("opacity_kept", st.query_params.get("opacity")))
    found = st.slider("Opacity of the classes", 0.0, 1.0, step=0.05, key="opacity", help=HELP["opacity"])
    state.opacity_kept = found
    return found


def opacity_of(text) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except (TypeError, ValueError):
        return OPACITY


def address(found: Setting, **more: str) -> None:
    """The whole setting into the address, so that a link reopens the same view."""
    wanted = found.query() | {name: text for name, text in more.items() if text}
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)
