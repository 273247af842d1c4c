"""The docstrings of the core: their examples run as they stand, and every public name says what it takes and gives."""

import ast
import doctest
import inspect
import re
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest
import torch

import pearl_core
from pearl_core.derain import DERAINERS
from pearl_core.segment import SEGMENTERS

ROOT = Path(pearl_core.__file__).parents[1]
MODULES = ["pearl_core", *(module.name for module in walk_packages(pearl_core.__path__, "pearl_core."))]
# Not ALMA-prox, which is offered as `zoo.alma_prox`; of the worlds only what they offer, not how it is drawn.
TAUGHT = [
    name
    for name in MODULES
    if name != "pearl_core.attacks.alma" and (".worlds." not in name or name.endswith(".render"))
]
# Files of many parts: public are those that other files import, and the networks.
OF_PARTS = tuple(
    f"pearl_core.{name}"
    for name in ("derain.", "segment.", "worlds.", "evaluation.", "kept", "chance", "adapters", "attacks.square")
)
EXEMPT = {
    "pearl_core.attacks.searches": {"Problem", "Progress"},  # a protocol, told by its methods; the memory of APGD
    "pearl_core.attacks.problem": {"How"},  # a protocol, told by the fields of `compose.Ascent`
}


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_run_as_they_stand(name):
    before = torch.get_rng_state()
    failed, _ = doctest.testmod(import_module(name), optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert not failed
    torch.set_rng_state(before)


# ---- what is public ----


def imported(path: Path) -> set[tuple[str, str]]:
    """(module, name) of all that a file of this repository imports by `from module import name`."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*above, *filter(None, [node.module])])
            names |= {(module, alias.name) for alias in node.names}
    return names


def shared() -> set[tuple[str, str]]:
    """(module, name) of what files import, and of the networks that the registries hold."""
    files = [path for room in ("pearl_core", "lab", "dashboard") for path in (ROOT / room).rglob("*.py")]
    classes = [network.make for registry in (DERAINERS, SEGMENTERS) for network in registry.values()]
    return set().union(*map(imported, files)) | {(made.__module__, made.__name__) for made in classes}


def public(name: str, used: set[tuple[str, str]]) -> dict[str, object]:
    """Functions and classes that a module offers, by name: its own without an underscore; of parts those others use."""
    own = {
        key: value
        for key, value in vars(import_module(name)).items()
        if getattr(value, "__module__", None) == name and (inspect.isfunction(value) or inspect.isclass(value))
    }
    alone = not name.startswith(OF_PARTS)
    return {
        key: value
        for key, value in own.items()
        if not key.startswith("_") and key not in EXEMPT.get(name, ()) and (alone or (name, key) in used)
    }


# ---- what it must say ----


def untold(thing) -> list[str]:
    """The arguments that neither `Args` tells nor, for the fields of a class, a comment on their own line."""
    source = inspect.getsource(thing) if inspect.isclass(thing) else ""
    told = thing.__doc__.partition("Args:\n")[2].partition("\n\n")[0]
    names = inspect.signature(inspect.unwrap(thing)).parameters
    return [
        name
        for name in names
        if not re.search(rf"^ +(\*+)?{name}: ", told, re.M) and not re.search(rf"^    {name}: .+  # ", source, re.M)
    ]


def raised(thing) -> set[str]:
    """The errors that a function, or the making of an object, raises by itself."""
    made = [vars(thing)[key] for key in ("__init__", "__post_init__") if inspect.isfunction(vars(thing).get(key))]
    parts = made if inspect.isclass(thing) else [inspect.unwrap(thing)]
    parts = [part for part in parts if part.__code__.co_filename != "<string>"]  # written by `dataclass`
    return {error for part in parts for error in re.findall(r"^ +raise ([A-Z]\w+)\(", inspect.getsource(part), re.M)}


def lacking(thing) -> list[str]:
    """What the docstring of a public function or class leaves out."""
    told = thing.__doc__ or ""
    if ">>> " not in told:
        return ["an example"]
    lacks = [f"the argument {name}" for name in untold(thing)]
    gives = inspect.isfunction(thing) and inspect.signature(thing).return_annotation not in ("None", None)
    lacks += ["Returns"] if gives and "Returns:\n" not in told else []
    raises = told.partition("Raises:\n")[2].partition("\n\n")[0]
    return lacks + [f"that it raises {error}" for error in sorted(raised(thing)) if error not in raises]


USED = shared()


@pytest.mark.parametrize("name", TAUGHT)
def test_a_public_name_says_what_it_takes_and_gives(name):
    assert {key: lacks for key, thing in public(name, USED).items() if (lacks := lacking(thing))} == {}


def test_a_name_that_is_exempt_exists_and_needs_it():
    for name, keys in EXEMPT.items():
        for key in keys:
            assert lacking(getattr(import_module(name), key)), (name, key)


# ---- the checker sees ----


def silent(x: int) -> int:
    return x


def halved(x: int) -> int:
    """Half of a number.

    Example:
        >>> halved(4)
        2
    """
    if x % 2:
        raise ValueError(x)
    return x // 2


class Field:
    """A record.

    Example:
        >>> Field(1, 2).x
        1
    """

    x: int  # told here
    y: int

    def __init__(self, x: int, y: int):
        self.x, self.y = x, y


def test_the_checker_sees_what_is_missing():
    assert lacking(silent) == ["an example"]
    assert lacking(halved) == ["the argument x", "Returns", "that it raises ValueError"]
    assert lacking(Field) == ["the argument y"]


def test_of_a_network_the_class_is_public_and_its_layers_are_not():
    names = public("pearl_core.derain.mprnet", USED)
    assert "MPRNet" in names and "ORSNet" not in names
    assert {"folded_copy"} == set(public("pearl_core.kept", USED))
