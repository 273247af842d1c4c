"""The dials of a curve, each with a sentence for a reader who knows none of the papers; and their start."""

from __future__ import annotations

import os

import streamlit as st
from address import asked, dial, remember

from lab.data import reader
from lab.measure import curves
from lab.measure.curves import DEFAULT, CurveSetting
from lab.measure.trial import TABLED
from lab.nets import cards
from lab.nets.methods import METHODS
from lab.nets.pipelines import THREATS
from lab.system import parts
from lab.view.panels import title
from pearl_core.derain import DERAINERS
from pearl_core.metrics import METRICS

PAGE = "curves"
KNOWN = {"oblivious": "segmenter only", "adaptive": "everything", "transfer": "the undefended Seg"}
OVER = {"eps": "strength ε", "steps": "steps"}
POINTS = {"eps": DEFAULT["eps"], "steps": (0, 1, 2, 3, 5, 10, 20)}  # to begin with
STILL = {"eps": 8.0, "steps": DEFAULT["steps"][0]}  # the one that does not grow


def defaults() -> dict[str, str]:
    return curves.to_strings(CurveSetting()) | {"data_root": os.environ.get("PEARL_DATA", "")}


def start() -> tuple[CurveSetting, str]:
    """What the address asks for; where that cannot be, the defaults and a sentence."""
    told = defaults() | asked(PAGE, defaults())
    root = told.pop("data_root")
    try:
        return curves.from_strings(told), root
    except ValueError as error:
        st.error(f"The address of this page asks for what cannot be shown: {error}")
        return CurveSetting(), root


def keep(setting: CurveSetting, root: str | None) -> None:
    """The setting in the address; the folder only where it is not the one of this computer."""
    home = defaults()["data_root"]
    remember(PAGE, curves.to_strings(setting) | {"data_root": root or home}, defaults())


def dials(begin: CurveSetting, root: str) -> tuple[CurveSetting, str | None]:
    """The sidebar: the setting, and where its data set lies."""
    with st.sidebar:
        st.subheader("Curve", anchor=False)
        told = {"metric": metric_dial(begin)} | axis_dials(begin)
        st.subheader("Defence", anchor=False)
        told |= defence_dials(begin)
        st.subheader("Attack", anchor=False)
        told |= attack_dials(begin)
        st.subheader("Pictures", anchor=False)
        told |= picture_dials(begin)
        root = root_dial(told["dataset"], root)
    return curves.from_strings({name: parts.text_of(value) for name, value in told.items()}), root


def metric_dial(begin: CurveSetting) -> str:
    return st.selectbox(
        "Metric", TABLED, key=dial(PAGE, "metric", begin.metric), format_func=lambda name: METRICS[name].label,
        help="What is drawn upwards. mIoU, mAcc and allAcc say how much of the street is seen right, each counting "
        "classes or pixels in its own way; PSNR and SSIM say how close the picture is to the street without rain.",
    )  # fmt: skip


def axis_dials(begin: CurveSetting) -> dict:
    """What the curve runs over and where its points lie, and the amount that stays."""
    over = st.radio(
        "Against", list(OVER), key=dial(PAGE, "over", begin.over), format_func=OVER.get, horizontal=True,
        help="What grows from left to right: how far the attacker may move each colour value (ε), or how often it may "
        "improve its pattern (steps).",
    )  # fmt: skip
    here = begin.values if begin.over == over else POINTS[over]
    points = st.text_input(
        "Points", key=dial(PAGE, f"points {over}", parts.text_of(here)),
        help="Where the curve is measured, with commas between: ε in 1/255 (8 is hardly visible), or whole numbers of "
        "steps. At 0 there is no attack.",
    )  # fmt: skip
    return {over: points} | (steps_dial(begin) if over == "eps" else eps_dial(begin))


def steps_dial(begin: CurveSetting) -> dict:
    found = st.number_input(
        "Steps", 0, curves.MOST_STEPS,
        key=dial(PAGE, "steps", begin.steps[0] if begin.over == "eps" else STILL["steps"]),
        help="How many times the attacker may improve its pattern at every point of the curve; FGSM always takes one.",
    )  # fmt: skip
    return {"steps": found}


def eps_dial(begin: CurveSetting) -> dict:
    found = st.number_input(
        "Strength ε (1/255)", 0.0, 255.0, step=0.25, format="%g",
        key=dial(PAGE, "eps", begin.eps[0] if begin.over == "steps" else STILL["eps"]),
        help="How far the attacker may move each colour value at every point of the curve, out of 255.",
    )  # fmt: skip
    return {"eps": found}


def defence_dials(begin: CurveSetting) -> dict:
    methods = st.multiselect(
        "Methods", list(METHODS), key=dial(PAGE, "methods", list(begin.methods)),
        format_func=lambda name: METHODS[name].title,
        help="The defences to compare, one colour each: Seg and Derain + Seg know no attacks, Robust Seg and NAT "
        "harden the segmenter, PEARL and PEARL + AMA teach the derainer to remove attacks together with the rain.",
    )  # fmt: skip
    derain = st.selectbox(
        "Derainer", list(DERAINERS), key=dial(PAGE, "derain", begin.derain), format_func=title,
        help="The network that removes the rain in those defences that have one.",
    )  # fmt: skip
    return {"methods": methods, "derain": derain}


def attack_dials(begin: CurveSetting) -> dict:
    attack = st.selectbox(
        "Attack", curves.attacks(), key=dial(PAGE, "attack", begin.attack), format_func=title,
        help="How the pattern is found: FGSM takes one big step, BIM many small ones, PGD the same from a random "
        "start; the others spend their effort on pixels that are still right, or find their own step.",
    )  # fmt: skip
    threats = st.multiselect(
        "The attacker knows", list(THREATS), key=dial(PAGE, "threats", list(begin.threats)),
        format_func=lambda name: f"{KNOWN[name]} ({name})",
        help="What the attacker can compute with, one kind of line each: the segmenter alone (oblivious), derainer and "
        "segmenter together (adaptive, the hardest test), or only the undefended Seg (transfer).",
    )  # fmt: skip
    return {"attack": attack, "threats": threats}


def picture_dials(begin: CurveSetting) -> dict:
    dataset = st.selectbox(
        "Data set", list(dict.fromkeys([*cards.datasets(), begin.dataset])), key=dial(PAGE, "dataset", begin.dataset),
        help="The streets to measure on. Only those are offered that trained nets are there for; the scenes are built "
        "in and need no files.",
    )  # fmt: skip
    images = st.slider(
        "Images", curves.IMAGES[0], curves.IMAGES[-1], step=curves.IMAGES.step, key=dial(PAGE, "images", begin.images),
        help="On how many pictures each point is measured: more take longer and make the bars shorter. More pictures "
        "only add to fewer, nothing is measured twice.",
    )  # fmt: skip
    seed = st.number_input(
        "Seed", 0, 2**32 - 1, key=dial(PAGE, "seed", begin.seed),
        help="Decides where attacks with a random start begin and how the bars are drawn by lot; the same seed gives "
        "the same numbers.",
    )  # fmt: skip
    return {"dataset": dataset, "images": images, "seed": seed}


def root_dial(dataset: str, root: str) -> str | None:
    """Where a data set lies that is not built in."""
    if reader(dataset).built_in:
        return None
    found = st.text_input(
        "Folder of the data", key=dial(PAGE, "data_root", root),
        help="The folder on this computer that holds the data set's own folder; empty: the one that PEARL_DATA names.",
    )  # fmt: skip
    return found or None
