"""The same small lab as the bench's tests have, and an ear at a server's door."""

import os
import sys
from pathlib import Path

import pytest

from lab.bench import browser
from tests.lab.conftest import home, passes, small, tiny_nets, tiny_zoo

__all__ = ["home", "passes", "small", "tiny_nets", "tiny_zoo"]

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


@pytest.fixture(autouse=True)
def main_stays():
    """Streamlit makes a page the main module, which every process spawned later would run first."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before
