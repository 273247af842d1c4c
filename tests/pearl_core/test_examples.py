"""The examples in the docstrings of the core run as they stand, and no public function lacks one."""

import doctest
import inspect
from importlib import import_module
from pkgutil import walk_packages

import pytest
import torch

import pearl_core

MODULES = ["pearl_core", *(found.name for found in walk_packages(pearl_core.__path__, "pearl_core."))]
TAUGHT = ("attacks.zoo", "bootstrap", "metrics", "pipeline", "precision", "rain", "recipes", "train")


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_run_as_they_stand(name):
    before = torch.get_rng_state()
    failed, _ = doctest.testmod(import_module(name), optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert not failed
    torch.set_rng_state(before)


def public(name: str) -> dict[str, object]:
    """Functions and classes that a module offers, by name: those of `__all__`, or its own without an underscore."""
    module = import_module(f"pearl_core.{name}")
    own = [key for key, value in vars(module).items() if getattr(value, "__module__", None) == module.__name__]
    names = getattr(module, "__all__", [key for key in own if not key.startswith("_")])
    return {
        key: vars(module)[key]
        for key in names
        if inspect.isfunction(vars(module)[key]) or inspect.isclass(vars(module)[key])
    }


@pytest.mark.parametrize("name", TAUGHT)
def test_every_public_function_has_an_example(name):
    lacking = [key for key, thing in public(name).items() if ">>>" not in (inspect.getdoc(thing) or "")]
    assert not lacking


@pytest.mark.parametrize("name", TAUGHT)
def test_every_argument_of_a_public_function_is_told(name):
    for key, function in public(name).items():
        if not inspect.isfunction(function) or "Args:" not in function.__doc__:
            continue
        for argument in inspect.signature(inspect.unwrap(function)).parameters:
            assert f" {argument}: " in function.__doc__ or f"**{argument}: " in function.__doc__, (key, argument)
