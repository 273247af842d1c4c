"""What a tensor leaves behind: in a process that was told to keep it, its memory."""

import platform

import pytest
import torch

from lab.bench.memory import fresh, resident
from lab.system.allocator import keep_freed

SIZE = 256 << 20
glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has the switches")


def left(told: bool) -> int:
    """Bytes that stay with this process when a big tensor has gone."""
    assert not told or keep_freed()
    before = resident("VmRSS")
    torch.ones(SIZE, dtype=torch.uint8)
    return resident("VmRSS") - before


@glibc
@pytest.mark.parametrize("told, kept", [(False, False), (True, True)])
def test_freed_memory_stays_only_where_it_was_asked_to(told, kept):
    assert (fresh(left, told) > SIZE // 2) == kept


def test_another_c_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    assert keep_freed.__wrapped__() is False
