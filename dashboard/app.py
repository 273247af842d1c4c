"""The dashboard: dial an attack and a defence, look at one street. Widgets and calls into lab, nothing computed here.

streamlit run dashboard/app.py
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

STYLE = """<style>
[data-testid="stMainBlockContainer"] {padding: 2.5rem 3rem}
[data-testid="stImageCaption"] {text-align: left; padding: .15rem 0 0}
</style>"""
HERE = Path(__file__).parent / "views"  # not "pages": Streamlit would show a folder of that name by itself
PAGES = {
    "explore": ("Explore", ":material/search:"),
    "compare": ("Compare", ":material/compare:"),
    "curves": ("Curves", ":material/show_chart:"),
    "tables": ("Tables", ":material/table_chart:"),
    "zoo": ("Zoo", ":material/inventory_2:"),
}

st.set_page_config("PEARL Lab", "🌧️", layout="wide")
st.html(STYLE)
pages = [
    st.Page(HERE / f"{name}.py", title=title, icon=icon, default=name == "explore", url_path=name)
    for name, (title, icon) in PAGES.items()
]
st.navigation(pages, position="top").run()
