"""The same small lab as the bench's tests have."""

import sys

import pytest

from tests.lab.conftest import home, passes, small, tiny_nets, tiny_zoo

__all__ = ["home", "passes", "small", "tiny_nets", "tiny_zoo"]


@pytest.fixture(autouse=True)
def main_stays():
    """Streamlit makes a page the main module, which every process spawned later would run first."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before
