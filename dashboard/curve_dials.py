"""The dials of a curve and their start."""

from __future__ import annotations

import memory
import photos
import say
import streamlit as st
from memory import dial

from lab.data import reader
from lab.data.titles import title
from lab.measure import curves
from lab.measure.curves import DEFAULT, CurveSetting
from lab.measure.trial import TABLED
from lab.nets import cards
from lab.nets.methods import METHODS
from lab.system import parts
from lab.system.threats import THREATS
from lab.system.words import CURVE_HELP, DIALS, HELP, threat_title
from lab.view import choices
from lab.view.choices import method_title
from pearl_core.derain import DERAINERS
from pearl_core.metrics import METRICS

PAGE = "curves"
OVER = {"eps": "strength ε", "steps": "steps"}
POINTS = {"eps": DEFAULT["eps"], "steps": (0, 1, 2, 3, 5, 10, 20)}  # to begin with
CONSTANT = {"eps": 8.0, "steps": DEFAULT["steps"][0]}  # the one that does not grow


def start() -> CurveSetting:
    """What the visitor's address asks for; where a part of it cannot be, the usual one and a sentence."""
    say.begin()
    memory.entered(PAGE)
    told = memory.arrived(PAGE, DEFAULT)
    if told is not None:
        memory.turned()[f"{PAGE} start"], wrong = curves.readable(told)
        for name, why in wrong.items():
            say.unread(name, told[name], why)
    return memory.turned()[f"{PAGE} start"]


def labels() -> dict[str, str]:
    """What the dials of this page are called; the one that the curve runs over has its values under Points."""
    over = memory.turned().get(f"{PAGE} over", CurveSetting().over)
    named = {"methods": "Methods", "threats": DIALS["threat"], "images": "Images", "seed": "Seed"}
    return DIALS | named | {over: "Points"}


def keep(setting: CurveSetting) -> None:
    """The setting in the address."""
    memory.remember(PAGE, curves.to_strings(setting), curves.to_strings(CurveSetting()))


def dials(begin: CurveSetting) -> tuple[CurveSetting, str | None]:
    """The sidebar: the setting, and where its data set lies."""
    with st.sidebar:
        st.subheader("Curve", anchor=False)
        told = {"metric": metric_dial(begin)} | axis_dials(begin)
        st.subheader("Networks", anchor=False)
        told |= network_dials(begin)
        st.subheader("Attack", anchor=False)
        told |= attack_dials(begin)
        st.subheader("Pictures", anchor=False)
        told |= picture_dials(begin)
        root = None if reader(told["dataset"]).built_in else photos.folder(HELP["data_root"])
    return curves.from_strings({name: parts.text_of(value) for name, value in told.items()}), root


def metric_dial(begin: CurveSetting) -> str:
    return st.selectbox(
        "Metric", TABLED, key=dial(PAGE, "metric", begin.metric), format_func=lambda name: METRICS[name].label,
        help=CURVE_HELP["metric"],
    )  # fmt: skip


def axis_dials(begin: CurveSetting) -> dict:
    """What the curve runs over and where its points lie, and the amount that stays."""
    over = st.radio(
        "Against", list(OVER), key=dial(PAGE, "over", begin.over), format_func=OVER.get, horizontal=True,
        help=CURVE_HELP["over"],
    )  # fmt: skip
    here = begin.values if begin.over == over else POINTS[over]
    key = dial(PAGE, f"points {over}", parts.text_of(here))
    points = st.text_input("Points", key=key, help=CURVE_HELP["points"])
    return {over: points} | constant_dial(begin, "steps" if over == "eps" else "eps")


def constant_dial(begin: CurveSetting, name: str) -> dict:
    """The amount that is the same at every point."""
    start = getattr(begin, name)[0] if begin.over != name else CONSTANT[name]
    how = {"key": dial(PAGE, name, start), "help": CURVE_HELP[name]}
    if name == "steps":
        return {name: st.number_input("Steps", 0, curves.MOST_STEPS, **how)}
    return {name: st.number_input("Strength ε (1/255)", 0.0, 255.0, step=0.25, format="%g", **how)}


def network_dials(begin: CurveSetting) -> dict:
    methods = st.multiselect(
        "Methods", list(METHODS), key=dial(PAGE, "methods", list(begin.methods)), format_func=method_title,
        help=choices.described(CURVE_HELP["methods"], "\n- "),
    )  # fmt: skip
    derain = st.selectbox(
        "Derainer", list(DERAINERS), key=dial(PAGE, "derain", begin.derain), format_func=title, help=HELP["derain"]
    )
    return {"methods": methods, "derain": derain}


def attack_dials(begin: CurveSetting) -> dict:
    attack = st.selectbox(
        "Attack",
        curves.attacks(),
        key=dial(PAGE, "attack", begin.attack),
        format_func=title,
        help=choices.help_of("attack", separator="\n- "),
    )
    threats = st.multiselect(
        "The attacker knows", list(THREATS), key=dial(PAGE, "threats", list(begin.threats)), format_func=threat_title,
        help=CURVE_HELP["threats"],
    )  # fmt: skip
    return {"attack": attack, "threats": threats}


def picture_dials(begin: CurveSetting) -> dict:
    dataset = st.selectbox(
        "Data set", list(dict.fromkeys([*cards.datasets(), begin.dataset])), key=dial(PAGE, "dataset", begin.dataset),
        format_func=title, help=CURVE_HELP["dataset"],
    )  # fmt: skip
    images = st.slider(
        "Images", curves.IMAGES[0], curves.IMAGES[-1], step=curves.IMAGES.step, key=dial(PAGE, "images", begin.images),
        help=CURVE_HELP["images"],
    )  # fmt: skip
    seed = st.number_input("Seed", 0, 2**32 - 1, key=dial(PAGE, "seed", begin.seed), help=CURVE_HELP["seed"])
    return {"dataset": dataset, "images": images, "seed": seed}
