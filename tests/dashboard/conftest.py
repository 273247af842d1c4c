"""The same small lab as the bench's tests have, and an ear at a server's door."""

import json
import os
import re
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lab.bench import browser
from tests.lab.conftest import home, passes, small, tiny_nets, tiny_zoo

__all__ = ["home", "passes", "small", "tiny_nets", "tiny_zoo"]

DASHBOARD = browser.APP.parent
# A server with this on its path writes down every name it looks up and every address it connects to.
SITECUSTOMIZE = """import os, sys
def note(*words):
    with open(os.environ["HEARD"], "a") as file:
        print(*words, file=file)
def heard(event, given):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"):
        note(event, *[part for part in given if isinstance(part, (str, bytes, tuple))])
note("all ears")
sys.addaudithook(heard)
"""


def asked_of(folder: Path) -> dict[str, str]:
    """The environment of a server whose questions to the network are written into `folder`/heard."""
    (folder / "sitecustomize.py").write_text(SITECUSTOMIZE)
    return {"PYTHONPATH": os.pathsep.join([str(folder), str(browser.ROOT)]), "HEARD": str(folder / "heard")}


def read(markdown: str) -> str:
    """What a visitor reads of a text that is shown as it is."""
    return re.sub(r"\\([^\w\s]|_)", r"\1", markdown.replace("\u2060", ""))


def markdown_of(app: AppTest) -> list[str]:
    """Every text of a page that Streamlit reads as Markdown."""
    texts = []
    for element in [*app.main, *app.sidebar]:
        words = [getattr(element.proto, name, "") for name in ("body", "label", "help", "text", "delta")]
        words += element.proto.options if element.type in ("radio", "select_slider") else []
        if element.type in ("arrow_data_frame", "dataframe"):
            words += [column.get("help", "") for column in json.loads(element.proto.columns or "{}").values()]
        texts += words if element.type not in ("text", "code", "json") else words[2:3]
    return [text for text in texts if isinstance(text, str) and text]


@pytest.fixture(autouse=True)
def main_stays():
    """Streamlit makes a page the main module, which every process spawned later would run first."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before
