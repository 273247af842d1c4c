"""What holds for all tests of the core."""

import pytest
import torch


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Nets this small gain nothing from more, and on a busy machine threads that wait for each other cost minutes."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
