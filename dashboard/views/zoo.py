"""The zoo: the trained nets and their cards. Widgets and calls into lab, nothing computed here."""

from __future__ import annotations

import json

import streamlit as st
from address import asked, dial, remember

from lab.nets import cards

PAGE = "zoo"
INTRODUCTION = """The trained networks that everything here is measured with. The card of a network says what it was
trained on, for how long, and how well it scores on pictures that it did not see in training."""
ALL = "all"


def main() -> None:
    st.title("Zoo", anchor=False)
    st.markdown(INTRODUCTION)
    nets, problems = cards.cards()
    for words in problems:
        st.error(words)
    told = asked(PAGE, ("dataset", "net"))
    dataset = dataset_dial(list(dict.fromkeys(map(cards.dataset_of, nets))), told.get("dataset", ALL))
    here = {name: card for name, card in nets.items() if dataset in (ALL, cards.dataset_of(name))}
    if not here:
        st.info("There are no trained networks here; `python -m lab train --all` trains them.")
        return
    overview(here)
    net = net_dial(list(here), told.get("net", ""))
    remember(PAGE, {"dataset": dataset, "net": net}, {"dataset": ALL, "net": next(iter(here))})
    card(net, here[net])


def dataset_dial(options: list[str], begin: str) -> str:
    with st.sidebar:
        return st.selectbox(
            "Data set", [ALL, *options], key=dial(PAGE, "dataset", begin if begin in options else ALL),
            help="Show only the networks that were trained on this data set.",
        )  # fmt: skip


def net_dial(options: list[str], begin: str) -> str:
    """The net whose card is shown; where the one that was chosen is filtered away, the first."""
    key = dial(PAGE, "net", begin if begin in options else options[0])
    if st.session_state[key] not in options:
        st.session_state[key] = options[0]
    return st.selectbox(
        "Card", options, key=key,
        help="The network whose card is shown: its data set, the recipe that trained it, and the networks it needed.",
    )  # fmt: skip


def overview(here: dict[str, dict]) -> None:
    """One row per net; scores are headed by their unit."""
    table = cards.table(here)
    formats = {"size (MB)": "%.2f", "training (s)": "%d", "steps": "%d"}
    config = {
        name: st.column_config.NumberColumn(name, format=formats.get(name, "%.3f"), help=cards.words(name))
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
