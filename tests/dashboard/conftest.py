"""The same small lab as the bench's tests have."""

from tests.lab.conftest import home, small, tiny_nets, tiny_zoo

__all__ = ["home", "small", "tiny_nets", "tiny_zoo"]
