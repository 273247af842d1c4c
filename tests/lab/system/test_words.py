"""Errors in the words of a page, and numbers in words."""

import pytest

from lab.system.words import DIALS, in_labels, signed


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("wanted eps from 0 to 16, got 99", "wanted “Strength ε (1/255)” from 0 to 16, got 99"),
        ("wanted index of 0 or more, got -1", "wanted “Picture” of 0 or more, got -1"),
        ("wanted a whole number for rain_seed, got 'many'", "wanted a whole number for “Rain seed”, got 'many'"),
        ("camvid: give --data-root DIR (data_root=...) or", "camvid: fill in “Folder of the data” or"),
        ("wanted an attack for this threat, got none", "wanted an attack for this threat, got none"),
        ("wanted steps", "wanted steps"),
    ],
)
def test_an_error_names_the_dials_of_its_page(error, words):
    assert in_labels(error, DIALS) == words
    assert in_labels(error, {}) == error


def test_a_sign_is_as_long_as_the_other():
    assert [signed(number, 1) for number in (-6.38, 6.38)] == ["−6.4", "+6.4"]
