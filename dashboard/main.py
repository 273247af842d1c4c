"""The dashboard as each visitor sees it: its pages. Widgets and calls into lab, nothing computed here."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import streamlit as st
from plotly.graph_objects import Figure
from viewer import data_url, viewer

STYLE = """<style>
[data-testid="stMainBlockContainer"] {padding: 2.5rem 3rem}
[data-testid="stImageCaption"] {text-align: left; padding: .15rem 0 0}
</style>"""
HERE = Path(__file__).parent / "views"  # not "pages": Streamlit would show a folder of that name by itself
BACK = Path(__file__).with_name("back.js").read_text(encoding="utf-8")
PAGES = {
    "explore": ("Explore", ":material/search:"),
    "compare": ("Compare", ":material/compare:"),
    "curves": ("Curves", ":material/show_chart:"),
    "tables": ("Tables", ":material/table_chart:"),
    "zoo": ("Zoo", ":material/inventory_2:"),
}


def main() -> None:
    st.set_page_config("PEARL Lab", "🌧️", layout="wide")
    st.html(STYLE)
    st.html(f"<script>{BACK}</script>", unsafe_allow_javascript=True)
    pages = [
        st.Page(HERE / f"{name}.py", title=title, icon=icon, default=name == "explore", url_path=name)
        for name, (title, icon) in PAGES.items()
    ]
    page = st.navigation(pages, position="top")
    if "torch" not in sys.modules:
        load()
    page.run()


def load() -> None:
    """The first visitor of a server waits for torch; meanwhile the browser fetches what it will draw with."""
    place = st.empty()
    with place.container():
        st.caption("Loading the networks …")
        viewer(
            [{"title": "", "picture": data_url(np.full((8, 16, 3), 128, np.uint8))}], (), (), opacity=0, key="loading"
        )
        st.plotly_chart(Figure(), key="loading_chart", height=1)
    import lab.view.session  # noqa: F401 - what takes so long

    place.empty()


main()
