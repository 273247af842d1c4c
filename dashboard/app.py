"""The dashboard's server: whom it answers, and that it asks nobody. What a visitor sees begins in main.py.

streamlit run dashboard/app.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st
from streamlit import config, net_util

HERE = {"localhost", "127.0.0.1", "::1"}
UNNAMED = """The dashboard is open to the network, but answers only those who call it {names}.
Add the name or number that others type, with an option for each:
  --server.allowedHosts localhost --server.allowedHosts NAME"""


def prepare() -> None:
    """Before the first visitor: no look at the network, and a word to those who open the dashboard to it."""
    # Streamlit asks the network for this machine's addresses where a page of another site knocks: nobody here needs it
    net_util.get_internal_ip = net_util.get_external_ip = lambda: None
    names = config.get_option("server.allowedHosts")
    if config.get_option("server.address") not in HERE and names and HERE.issuperset(names):
        print(UNNAMED.format(names=" or ".join(names)), file=sys.stderr)


prepare()
app = st.App(Path(__file__).with_name("main.py"))  # `streamlit run` looks for this line
