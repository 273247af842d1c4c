"""The zoo: the trained nets and their cards. Widgets and calls into lab, nothing computed here."""

from __future__ import annotations

import json

import memory
import say
import streamlit as st
from memory import dial

from lab.nets import cards

PAGE = "zoo"
INTRODUCTION = """The trained networks that everything here is measured with. The card of a network says what it was
trained on, for how long, and how well it scores on pictures that it did not see in training."""
ALL = "all"


def main() -> None:
    st.title("Zoo", anchor=False)
    st.markdown(INTRODUCTION)
    memory.opened(PAGE, ("dataset", "net"))
    nets, problems = cards.cards()
    for words in problems:
        say.error(words)
    dataset = dataset_dial([ALL, *dict.fromkeys(map(cards.dataset_of, nets))])
    here = {name: card for name, card in nets.items() if dataset in (ALL, cards.dataset_of(name))}
    if not here:
        st.info("There are no trained networks here; `python -m lab train --all` trains them.")
        return
    overview(here)
    net = net_dial(list(here))
    memory.remember(PAGE, {"dataset": dataset, "net": net}, {"dataset": ALL, "net": next(iter(here))})
    card(net, here[net])


def dataset_dial(options: list[str]) -> str:
    with st.sidebar:
        return st.selectbox(
            "Data set", options, key=dial(PAGE, "dataset", ALL, options),
            help="Show only the networks that were trained on this data set.",
        )  # fmt: skip


def net_dial(options: list[str]) -> str:
    """The net whose card is shown; where the one that was chosen is filtered away, the first."""
    return st.selectbox(
        "Card", options, key=dial(PAGE, "net", options[0], options),
        help="The network whose card is shown: its data set, the recipe that trained it, and the networks it needed.",
    )  # fmt: skip


def overview(here: dict[str, dict]) -> None:
    """One row per net; scores are headed by their unit."""
    table = cards.table(here)
    formats = {"size (MB)": "%.2f", "training (s)": "%d", "steps": "%d"}
    config = {
        name: st.column_config.NumberColumn(name, format=formats.get(name, "%.3f"), help=say.plain(cards.words(name)))
        for name in table.columns if table[name].dtype.kind == "f"
    }  # fmt: skip
    st.dataframe(table, column_config=config, hide_index=True)


def card(name: str, told: dict) -> None:
    """All that is known of one net, and the same as a file."""
    st.json(told)
    st.download_button(
        "This card (JSON)", json.dumps(told, indent=2) + "\n", f"{name.replace('/', '-')}.json", "application/json",
        help="The file that is stored with the weights.", on_click="ignore",
    )  # fmt: skip


main()
