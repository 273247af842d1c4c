"""What came from outside is shown as it is on every page: addresses, files, folders, nets and their cards."""

import ast
import json
import re
import shutil
from importlib import import_module

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from lab.measure.curves import CurveSetting
from lab.reproduce import tables
from lab.view import choices
from lab.view.setting import KINDS
from tests.dashboard.conftest import DASHBOARD, markdown_of, read

HOSTILE = "![x](http://evil.example/x.png) <img src=//evil.example> :red[www.evil.example] $x$ `y` #"
NAMES = {
    "explore": (*KINDS, "opacity", "methods", "perturbation", "divided"),
    "compare": (*KINDS, "opacity", "methods", "perturbation", "divided"),
    "curves": (*CurveSetting.ALWAYS,),
    "tables": ("view", "on", "paper", "claim", "dataset", "experiment", "method", "metric", "threat"),
    "zoo": ("dataset", "net"),
}
WORDS_ALONE = ("image", "source", "objective", "derain_on", "derain_with", "variant")  # any text may be one
WORDS = ("error", "warning", "info", "success", "exception", "caption", "markdown", "write", "toast")


@pytest.fixture
def opened(tiny_zoo, monkeypatch):
    """Opens a page at an address, as a browser does."""
    monkeypatch.syspath_prepend(str(DASHBOARD))
    monkeypatch.delenv("PEARL_DATA", raising=False)
    known = tables.known  # all of them take seconds to read
    monkeypatch.setattr(tables, "known", lambda folder: [pair for pair in known(folder) if pair[1] == "camvid"][:2])
    st.cache_data.clear()

    def page(name: str, **address: str) -> AppTest:
        app = AppTest.from_file(str(DASHBOARD / "views" / f"{name}.py"), default_timeout=120)
        app.query_params.update(address)
        app.run()
        assert not app.exception
        return app

    return page


def harmless(app: AppTest) -> list[str]:
    """The page's complaints, as they are read; nothing on it is Markdown of others."""
    assert not [text for text in markdown_of(app) if re.search(r"(?<!\\)(\]\(|<img|\$|`y`)|:red|www\.", text)]
    return [read(error.value) for error in app.error]


@pytest.mark.parametrize("name", NAMES)
def test_each_part_of_an_address_that_cannot_be_shown_is_named_as_it_is(opened, name):
    app = opened(name, **dict.fromkeys(NAMES[name], HOSTILE), nowhere=HOSTILE)
    said = harmless(app)
    elsewhere = {"methods", "perturbation", "divided"} if name == "explore" else {"claim", "on", "paper"}
    for part in {*NAMES[name]} - {*WORDS_ALONE} - elsewhere:
        assert any(f"{part}={HOSTILE[:40]}" in sentence for sentence in said), (part, said)
    assert any("nowhere" in sentence for sentence in said)


def test_an_uploaded_file_is_named_as_it_is(opened):
    app = opened("explore", steps="1")
    app.file_uploader[0].set_value((f"{HOSTILE.replace('/', '')}.png", b"no picture", "image/png")).run()
    (sentence,) = harmless(app)
    assert sentence.startswith("![x](http:evil.examplex.png) <img") and "wanted a picture" in sentence


@pytest.mark.parametrize("name", ["explore", "compare", "curves"])
def test_a_folder_is_named_as_it_is(opened, monkeypatch, name):
    monkeypatch.setattr(choices, "datasets", lambda: ["scenes", "camvid"])
    app = opened(name, dataset="camvid")
    (field,) = [field for field in app.text_input if field.label == "Folder of the data"]
    folder = f"/nowhere/{HOSTILE.replace('/', '')}"
    field.set_value(folder).run()
    assert any(f"got nothing at {folder}" in sentence for sentence in harmless(app))


def test_nets_and_their_cards_are_named_as_they_are(opened, tiny_zoo, tmp_path, monkeypatch):
    shutil.copytree(tiny_zoo, tmp_path / "mine")
    monkeypatch.setenv("PEARL_ZOO", str(tmp_path / "mine"))
    scenes, name = tmp_path / "mine" / "scenes", HOSTILE.replace("/", "")
    for ending in ("json", "safetensors"):
        shutil.copy(scenes / f"sat-pspnet.{ending}", scenes / f"{name}.{ending}")
    (scenes / f"{name}.json").write_text(json.dumps({"network": HOSTILE, "scores": {HOSTILE: 1.0, "on": HOSTILE}}))
    (scenes / "sat-pspnet.json").rename(scenes / f"{name}2.json")
    (scenes / "sat-pspnet.safetensors").rename(scenes / f"{name}2.safetensors")
    (scenes / f"{name}2.json").write_text("{")
    app = opened("zoo", net=f"scenes/{name}")
    assert [sentence for sentence in harmless(app) if f"{name}2.json is not a card" in sentence]


def test_no_other_file_gives_streamlit_a_text_that_is_not_its_own():
    for path in [*DASHBOARD.glob("*.py"), *DASHBOARD.glob("views/*.py")]:
        if path.name == "say.py":
            continue
        constants = {
            target.id for node in ast.parse(path.read_text()).body if isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Constant) for target in node.targets if isinstance(target, ast.Name)
        }  # fmt: skip
        for call in ast.walk(ast.parse(path.read_text())):
            called = getattr(call, "func", None)
            if isinstance(called, ast.Attribute) and called.attr in WORDS and ast.unparse(called.value) != "say":
                own = isinstance(call.args[0], ast.Constant) or ast.unparse(call.args[0]) in constants
                assert own, f"{path.name}:{call.lineno}: say.{called.attr} shows a text as it is"


@pytest.mark.parametrize(
    "text",
    ["![x](http://a/b.png)", "[a](b)", "*a* _b_ **c**", "`a`", "# a", "- a", "12. a", "+ a", "1) a", "> a", "<b>a</b>",
     "&lt;", "$a$", "~~a~~", ":red[a]", ":material/home:", ":smile:", "http://a.b/c", "www.a.b", "a@b.c", "\\*a\\*",
     "C:\\dir\\_x", "a|b", "--- a"],
)  # fmt: skip
def test_a_plain_text_reads_as_it_was(monkeypatch, text):
    monkeypatch.syspath_prepend(str(DASHBOARD))
    plain = import_module("say").plain
    assert read(plain(text)) == text and plain(text) != text
    assert "\n" not in plain(f"{text}\n\n# second")


# ---- folders ----


@pytest.fixture
def private(tmp_path):
    """A folder in which somebody keeps things, laid out as no data set is."""
    for name in ("diary-of-anna.txt", "salary.ods", "val"):
        (tmp_path / "private" / name).mkdir(parents=True)
    return str(tmp_path / "private")


def seen(app: AppTest) -> str:
    """Everything that was sent to the browser."""
    return "".join(str(element.proto) for element in app.main) + "".join(str(e.proto) for e in app.sidebar)


@pytest.mark.parametrize(
    ("name", "address"),
    [("curves", {"dataset": "camvid"}), ("tables", {}), ("tables", {"view": "claims", "on": "camvid"}),
     ("explore", {"dataset": "camvid"}), ("compare", {"dataset": "camvid"})],
)  # fmt: skip
def test_no_link_lists_a_folder(opened, private, monkeypatch, name, address):
    monkeypatch.setattr(choices, "datasets", lambda: ["scenes", "camvid"])
    app = opened(name, **address, data_root=private)
    assert any("data_root" in read(error.value) for error in app.error)
    assert "diary-of" not in seen(app) and "salary" not in seen(app)
    monkeypatch.setenv("PEARL_DATA", private)
    app = opened(name, **address)
    assert "diary-of" not in seen(app) and "salary" not in seen(app) and private not in seen(app)


def test_who_types_a_folder_reads_what_is_wrong_with_it(opened, private, monkeypatch):
    monkeypatch.setenv("PEARL_DATA", private)
    app = opened("curves", dataset="camvid")
    assert "Whoever types that folder here" in read(app.error[0].value)
    (field,) = [field for field in app.text_input if field.label == "Folder of the data"]
    field.set_value(private).run()
    assert "found diary-of-anna.txt, salary.ods, val" in read(app.error[0].value)
