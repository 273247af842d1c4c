"""Notebooks of experiments: their parameters are those of the spec function, and they hand on each in its place."""

import ast
import inspect

import nbformat
import pytest
from papermill import inspect_notebook

from lab.papers import EXPERIMENTS
from lab.reproduce.tables import notebook_of


@pytest.fixture
def cells(request):
    def cells(experiment):
        path = request.config.rootpath / "notebooks" / notebook_of(experiment)
        return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]

    return cells


def defaults_of(experiment) -> dict:
    spec = getattr(EXPERIMENTS[experiment], experiment)
    return {parameter.name: parameter.default for parameter in inspect.signature(spec).parameters.values()}


def parameters_of(cells) -> dict:
    """What the cell tagged `parameters` sets, in its order."""
    (cell,) = [cell for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    scope = {}
    exec(cell.source, scope)
    return {name: value for name, value in scope.items() if name != "__builtins__"}


def calls_of(cells, function) -> list[ast.Call]:
    code = ast.parse("\n".join(cell.source for cell in cells))
    return [node for node in ast.walk(code) if isinstance(node, ast.Call) and ast.unparse(node.func) == function]


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_a_notebook_has_the_parameters_of_its_spec_in_order(experiment, cells):
    found, wanted = parameters_of(cells(experiment)), defaults_of(experiment)
    assert list(found.items()) == list(wanted.items())
    assert [type(value) for value in found.values()] == [type(value) for value in wanted.values()]


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_papermill_finds_every_parameter(experiment, request):
    path = request.config.rootpath / "notebooks" / notebook_of(experiment)
    assert list(inspect_notebook(str(path))) == list(defaults_of(experiment))


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_a_notebook_gives_every_parameter_to_its_spec(experiment, cells):
    (call,) = calls_of(cells(experiment), experiment)
    names = list(defaults_of(experiment))
    given = dict(zip(names, map(ast.unparse, call.args), strict=False))
    given |= {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
    assert given == {name: name for name in names}


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_a_notebook_takes_spec_and_layout_from_its_own_file(experiment, cells):
    code = ast.parse("\n".join(cell.source for cell in cells(experiment)))
    found = {alias.name: node.module for node in ast.walk(code) if isinstance(node, ast.ImportFrom)
             for alias in node.names}  # fmt: skip
    assert found[experiment] == found["layout"] == EXPERIMENTS[experiment].__name__
