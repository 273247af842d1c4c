"""The dashboard: dial an attack and a defence, look at one street. Widgets and calls into lab, nothing computed here.

streamlit run dashboard/app.py
"""

from __future__ import annotations

import streamlit as st

from lab import draw, panels, zoo
from lab.data import dataset
from lab.methods import METHODS
from lab.panels import Panel
from lab.pipelines import THREATS
from lab.scene import View, look
from pearl_core.attacks.zoo import ATTACKS
from pearl_core.derain import DERAINERS

INTRODUCTION = """A car's camera looks at a street in the rain. An attacker adds a pattern that hardly shows,
and the network that should tell road from pedestrian goes blind. **Which defence still sees the street?**
Turn the dials on the left."""
KNOWN = {"oblivious": "segmenter only", "adaptive": "everything", "transfer": "another defence"}
SCALES = """Black: no difference. Brightest: the difference named below the picture, or more. Of the three colour
channels the largest counts. The scales never move, so that pictures compare."""
STYLE = """<style>
[data-testid="stMainBlockContainer"] {padding: 2.5rem 3rem}
[data-testid="stImageCaption"] {text-align: left; padding: .15rem 0 0}
</style>"""
ENLARGED = 3  # times, so that pictures stay crisp on a large screen


def main() -> None:
    st.set_page_config("PEARL Lab", "🌧️", layout="wide")
    st.html(STYLE)
    st.title("PEARL Lab", anchor=False)
    st.markdown(INTRODUCTION)
    try:
        setting, opacity = dials()
        weights = tuple(card["sha256"] for card in zoo.catalogue().values())
        view = seen(weights, **setting)
    except (ValueError, OSError) as error:
        st.error(str(error))
        st.stop()
    show(view, opacity)


@st.cache_data(max_entries=48, show_spinner="Attacking …")
def seen(weights: tuple[str, ...], **setting) -> View:
    """The view of a setting, kept; computed anew where a net of the zoo changed (`weights`)."""
    return look(**setting)


def dials() -> tuple[dict, float]:
    """The sidebar: the setting of the view, and the opacity it is shown with."""
    with st.sidebar:
        st.subheader("Street", anchor=False)
        setting = {"index": scene_dial()}
        st.subheader("Defence", anchor=False)
        setting |= defence_dials()
        st.subheader("Attack", anchor=False)
        setting |= attack_dials() | threat_dials(setting["method"])
        st.subheader("Display", anchor=False)
        opacity = st.slider(
            "Opacity of the classes", 0.0, 1.0, 0.65, 0.05,
            help="How strongly the colours of the classes cover the picture; moving it computes nothing anew.",
        )  # fmt: skip
    return setting, opacity


def scene_dial() -> int:
    return st.number_input(
        "Scene", 0, len(dataset("scenes")) - 1, 0,
        help="Which of the built-in streets to look at; no network saw any of them in training.",
    )  # fmt: skip


def defence_dials() -> dict:
    """A derainer, and the defences there are with it."""
    derain = st.selectbox(
        "Derainer", [*DERAINERS, "none"], format_func=panels.title,
        help="The network that removes the rain before the street is segmented; with none, the rainy picture goes in "
        "as it is.",
    )  # fmt: skip
    fitting = [name for name, method in METHODS.items() if (method.derain is None) == (derain == "none")]
    method = st.selectbox(
        "Method", fitting, format_func=lambda name: METHODS[name].title,
        help="How the networks were trained: Seg and Derain + Seg know no attacks, Robust Seg and NAT harden the "
        "segmenter, PEARL and PEARL + AMA teach the derainer to remove attacks together with the rain.",
    )  # fmt: skip
    return {"method": method} | ({} if derain == "none" else {"derain": derain})


def attack_dials() -> dict:
    """How the attacker searches, and how far it may go."""
    attack = st.selectbox(
        "Attack", ["bim", *sorted(set(ATTACKS) - {"bim"})], format_func=panels.title,
        help="How the pattern is found: FGSM takes one big step, BIM many small ones, PGD the same from a random "
        "start, and CW spends its effort on the pixels that are still right.",
    )  # fmt: skip
    eps = st.slider(
        "Strength ε (1/255)", 0.0, 16.0, 8.0, 0.25, format="%g",
        help="How far the attacker may move each colour value, out of 255: at 0 there is no attack, and up to about 8 "
        "people hardly notice it.",
    )  # fmt: skip
    steps = st.slider(
        "Steps", 0, 30, 10, disabled=attack == "fgsm",
        help="How many times the attacker may improve its pattern; FGSM always takes exactly one step.",
    )  # fmt: skip
    return {"attack": attack, "eps": eps, "steps": steps}


def threat_dials(method: str) -> dict:
    """What the attacker knows of the defence."""
    threat = st.selectbox(
        "The attacker knows", THREATS, format_func=lambda name: f"{KNOWN[name]} ({name})",
        help="What the attacker can compute with: the segmenter alone (oblivious), derainer and segmenter together "
        "(adaptive, the hardest test), or only another defence (transfer).",
    )  # fmt: skip
    if threat != "transfer":
        return {"threat": threat}
    source = st.selectbox(
        "Attack made on", [name for name in METHODS if name != method], format_func=lambda name: METHODS[name].title,
        help="The defence the attacker has at home; the pattern that fools it is then used against yours.",
    )  # fmt: skip
    return {"threat": threat, "source": source}


def show(view: View, opacity: float) -> None:
    """The figures, and three rows of pictures that stand below one another."""
    for column, figure in zip(st.columns(4), panels.figures(view), strict=True):
        column.metric(
            figure.label, figure.value, f"{figure.change} by attack" if figure.change else "unchanged",
            delta_color="normal" if figure.change else "off", delta_arrow="auto" if figure.change else "off",
            help=figure.words, border=True,
        )  # fmt: skip
    row(st.columns(4), panels.stages(view))
    row(st.columns(4), panels.classes(view, opacity))
    st.html(draw.legend(view.classes, view.palette))
    words, *columns = st.columns(4)
    words.markdown("**How far pictures differ**")
    words.image(draw.scale_bar(height=12), width="stretch", caption=SCALES, output_format="PNG")
    row(columns, panels.differences(view))


def row(columns: list, shown: list[Panel]) -> None:
    """Pictures side by side, each below its title and above its remark."""
    for column, panel in zip(columns, shown, strict=True):
        column.markdown(f"**{panel.title}**")
        picture = draw.enlarged(panel.picture, ENLARGED)
        column.image(picture, caption=panel.remark, width="stretch", output_format="PNG")  # JPEG would hide attacks


main()
