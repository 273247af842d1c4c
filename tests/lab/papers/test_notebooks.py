"""Notebooks of displays: their parameters are those of the display, and they hand on each by its name."""

import ast
import inspect
import re

import nbformat
import pytest
from papermill import PapermillExecutionError, execute_notebook, inspect_notebook

from lab.measure import curves
from lab.measure.curves import curve
from lab.papers import PAPERS
from lab.reports import experiment
from lab.system.notebook import refuse_unknown
from lab.widgets import explorer

DISPLAYS = {
    f"{paper.key}/{name}": made
    for paper in PAPERS.values() for name, made in paper.experiments.items() if made.gives != "rows"
}  # fmt: skip
BESIDE = {"data_root": None}  # where a data set lies decides no number, so no display has it as a parameter


@pytest.fixture
def notebook(request):
    """The path of a notebook, by the key of its display."""

    def notebook(display):
        name = "curve.ipynb" if display == "curve" else PAPERS[DISPLAYS[display].paper].notebook(DISPLAYS[display].name)
        return request.config.rootpath / "notebooks" / name

    return notebook


@pytest.fixture
def cells(notebook):
    def cells(display):
        return [cell for cell in nbformat.read(notebook(display), as_version=4).cells if cell.cell_type == "code"]

    return cells


def defaults_of(display) -> dict:
    """The parameters that its notebook has to have, but for where the data set lies."""
    if display == "curve":
        return {p.name: p.default for p in inspect.signature(curve).parameters.values() if p.name not in BESIDE}
    return DISPLAYS[display].parameters


def parameters_of(cells) -> dict:
    """What the cell tagged `parameters` sets, in its order."""
    (cell,) = [cell for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    scope = {}
    exec(cell.source, scope)
    return {name: value for name, value in scope.items() if name != "__builtins__"}


def calls_of(cells, function) -> list[ast.Call]:
    code = ast.parse("\n".join(cell.source for cell in cells))
    return [node for node in ast.walk(code) if isinstance(node, ast.Call) and ast.unparse(node.func) == function]


def test_every_display_of_pearl_and_the_curve_have_a_notebook():
    assert [display for display in DISPLAYS if display.startswith("pearl/")] == [
        f"pearl/{name}" for name in PAPERS["pearl"].experiments
    ]


@pytest.mark.parametrize("display", [*DISPLAYS, "curve"])
def test_a_notebook_has_the_parameters_of_its_display_in_order(display, cells):
    parameters, wanted = parameters_of(cells(display)), defaults_of(display)
    assert {name: parameters.pop(name, "missing") for name in BESIDE} == BESIDE
    assert list(parameters.items()) == list(wanted.items())
    assert [type(value) for value in parameters.values()] == [type(value) for value in wanted.values()]


@pytest.mark.parametrize("display", [*DISPLAYS, "curve"])
def test_papermill_finds_every_parameter(display, notebook, cells):
    assert list(inspect_notebook(str(notebook(display)))) == list(parameters_of(cells(display)))


@pytest.mark.parametrize("display", [*DISPLAYS, "curve"])
def test_a_notebook_hands_on_every_parameter_by_its_name(display, cells):
    code = cells(display)
    functions = ("curve", "run") if display == "curve" else ("EXPERIMENT.measured",)
    calls = [call for function in functions for call in calls_of(code, function)]
    assert len(calls) == len(functions) and calls[0].args == []
    names = parameters_of(code)
    given = [keyword for call in calls for keyword in call.keywords]
    assert {keyword.arg: ast.unparse(keyword.value) for keyword in given} == {name: name for name in names}


@pytest.mark.parametrize("display", DISPLAYS)
def test_a_notebook_takes_its_display_from_its_own_file_and_lays_it_out(display, cells):
    code = cells(display)
    tree = ast.parse("\n".join(cell.source for cell in code))
    imported = {alias.name: node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
             for alias in node.names}  # fmt: skip
    assert imported == {"EXPERIMENT": DISPLAYS[display].spec.__module__}
    assert len(calls_of(code, "EXPERIMENT.layout")) == 1


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("epss = 4", "unknown parameter 'epss', did you mean 'eps'?"),
        ("eps = 4\nimage = 3", "unknown parameter 'image', did you mean 'images'?"),
        ("threats = 'adaptive'", "unknown parameter 'threats', did you mean 'threat'?"),
        ("nonsense = [1, 2]", "unknown parameter 'nonsense', did you mean "),
    ],
)
def test_a_notebook_refuses_a_parameter_that_it_does_not_have(given, told, cells):
    parameters, *_ = [cell.source for cell in cells("pearl/table1")]
    with pytest.raises(ValueError, match=re.escape(told)) as refused:
        refuse_unknown(["", parameters, f"# Parameters\n{given}\n", "EXPERIMENT.measured()"])
    assert "choose one of data_root, dataset, derain, eps, " in str(refused.value)


@pytest.mark.parametrize(
    "ran",
    [
        [],
        ["import lab", "# Parameters\nmine = 3", "x = 1"],
        ["eps = 8\nimages = 32", "epss = 4"],  # a cell of one's own
        ["eps = 8\nimages = 32", "# Parameters\neps = 4\n"],
        ["%matplotlib inline", "# Parameters\nepss = 4\n"],
    ],
    ids=str,
)
def test_cells_that_papermill_did_not_write_are_left_alone(ran):
    refuse_unknown(ran)


def test_papermill_ends_where_a_parameter_is_unknown(notebook, tiny_zoo, tmp_path):
    with pytest.raises(PapermillExecutionError, match="unknown parameter 'epss', did you mean 'eps'"):
        execute_notebook(notebook("curve"), tmp_path / "out.ipynb", {"epss": 4}, progress_bar=False)


def test_every_notebook_makes_its_first_call_where_parameters_are_looked_at(monkeypatch):
    """Displays, curves and the explorer; each before anything else."""

    class Looked(Exception):
        pass

    def look():
        raise Looked

    for module in (experiment, curves, explorer):
        monkeypatch.setattr(module, "refuse_unknown_parameters", look)
    for first in (DISPLAYS["pearl/table1"].measured, DISPLAYS["pearl/figure1"].measured, curve, explorer.explore):
        with pytest.raises(Looked):
            first()
