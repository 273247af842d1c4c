"""The zoo: the trained nets and their cards. Widgets and calls into lab, nothing computed here."""

from __future__ import annotations

import json

import streamlit as st
from address import asked, dial, remember

from lab.nets import cards

PAGE = "zoo"
INTRODUCTION = """The trained networks that everything here is measured with. Each has a card that says what it learnt
from, for how long, and how well it did on pictures it had not seen."""
ALL = "all"


def main() -> None:
    st.title("Zoo", anchor=False)
    st.markdown(INTRODUCTION)
    found, problems = cards.cards()
    for words in problems:
        st.error(words)
    told = asked(PAGE, ("dataset", "net"))
    dataset = dataset_dial(list(dict.fromkeys(map(cards.dataset_of, found))), told.get("dataset", ALL))
    here = {name: card for name, card in found.items() if dataset in (ALL, cards.dataset_of(name))}
    if not here:
        st.info("No trained nets here; `python -m lab train --all` trains those that table 1 needs.")
        return
    overview(here)
    net = net_dial(list(here), told.get("net", ""))
    remember(PAGE, {"dataset": dataset, "net": net}, {"dataset": ALL, "net": next(iter(here))})
    card(net, here[net])


def dataset_dial(options: list[str], begin: str) -> str:
    with st.sidebar:
        return st.selectbox(
            "Data set", [ALL, *options], key=dial(PAGE, "dataset", begin if begin in options else ALL),
            help="Show only the nets that were trained on these streets.",
        )  # fmt: skip


def net_dial(options: list[str], begin: str) -> str:
    """The net whose card is shown; where the one that was chosen is filtered away, the first."""
    key = dial(PAGE, "net", begin if begin in options else options[0])
    if st.session_state[key] not in options:
        st.session_state[key] = options[0]
    return st.selectbox(
        "Card", options, key=key,
        help="The net whose whole card to read: its data set, the recipe that trained it, and the networks in play.",
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


def card(name: str, found: dict) -> None:
    """All that is known of one net, and the same as a file."""
    st.json(found)
    st.download_button(
        "This card (JSON)", json.dumps(found, indent=2) + "\n", f"{name.replace('/', '-')}.json", "application/json",
        help="The card as it lies beside the weights.", on_click="ignore",
    )  # fmt: skip


main()
