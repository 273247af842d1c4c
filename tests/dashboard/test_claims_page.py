"""The Tables page's claims, run headless: verdicts from shipped files and from the store, one claim in full."""

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from lab.bench import browser
from lab.papers import PAPERS
from lab.reports import tidy
from lab.reports.claim import ABSENT
from lab.reproduce import tables, verdicts
from lab.reproduce.verdicts import asked, declared
from pearl_core.attacks.problem import ImageProblem
from tests.dashboard.conftest import read

DASHBOARD = Path(__file__).parents[2] / "dashboard"
PEARL = PAPERS["pearl"]
CLAIMS = {claim.key: claim for claim in declared(PEARL)}


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """Verdicts as the repository ships them, made up: ama-improves fails, all others hold."""
    rows = verdicts.judged(PEARL, list(CLAIMS.values()), measure=False)
    good = rows.assign(difference=0.1, low=0.05, high=0.15, verdict="holds", note="", runs=1, science=2)
    good = good.assign(address_a="aaaa", address_b="bbbb")
    bad = good.claim == "ama-improves"
    good.loc[bad, ["difference", "low", "high"]] = -3.5, -4.0, -3.0
    good.loc[bad, "verdict"] = "fails"
    folder = tmp_path / "results"
    (folder / "pearl").mkdir(parents=True)
    good.to_csv(folder / "pearl" / "claims-scenes.csv", index=False)
    monkeypatch.setattr(tables, "SHIPPED", folder)
    return folder


@pytest.fixture
def opened(tiny_zoo, monkeypatch):
    monkeypatch.syspath_prepend(str(DASHBOARD))
    monkeypatch.delenv("PEARL_DATA", raising=False)
    nothing = pd.DataFrame(columns=list(tidy.COLUMNS))
    monkeypatch.setattr(tables, "gathered", lambda *_: (nothing, []))  # the numbers have tests of their own
    monkeypatch.setattr(ImageProblem, "evaluate", lambda *_: pytest.fail("computed"))
    st.cache_data.clear()

    def page(**address: str) -> AppTest:
        app = AppTest.from_file(str(DASHBOARD / "views" / "tables.py"), default_timeout=120)
        app.query_params.update(address)
        return sound(app.run())

    return page


def sound(app: AppTest) -> AppTest:
    assert not app.exception and not app.error
    return app


def dial(app: AppTest, label: str):
    (widget,) = [
        widget for kind in (app.radio, app.selectbox, app.multiselect) for widget in kind if widget.label == label
    ]
    return widget


def test_the_page_opens_on_numbers_and_one_click_shows_the_claims(opened, shipped):
    app = opened()
    assert dial(app, "Show").value == "numbers" and app.query_params == {}
    sound(dial(app, "Show").set_value("claims").run())
    assert app.query_params == {"view": "claims"}
    told = app.dataframe[0].value
    assert set(told.claim) == set(CLAIMS) and set(told.source) == {"shipped"}
    assert set(told[told.verdict == "fails"].claim) == {"ama-improves"}
    sound(dial(app, "Show").set_value("numbers").run())
    assert app.query_params == {} and "docs/RESULTS.md" in app.markdown[0].value


def test_a_claim_shows_its_contrasts_with_intervals_margins_and_addresses(opened, shipped):
    app = opened(view="claims", claim="ama-improves")
    claim = CLAIMS["ama-improves"]
    assert any(claim.text in read(text.value) and claim.where in read(text.value) for text in app.markdown)
    rows = app.dataframe[1].value
    assert len(rows) == 2 * len(claim.contrasts) and set(rows.claim) == {"ama-improves"}
    assert set(rows.difference) == {-3.5} and set(rows.wanted) == {"> 0 points"} and set(rows.verdict) == {"fails"}
    assert set(rows.address_a) == {"aaaa"} and set(rows.address_b) == {"bbbb"}
    published = rows[(rows.threat == "oblivious") & (rows.metric == "mIoU")].published
    assert published.round(2).tolist() == [0.74, 1.44, 2.72, 2.91, 1.57]
    assert app.code[0].value == "python -m lab claims pearl --claim ama-improves"


def test_choosing_another_claim_stands_in_the_address_and_comes_back_from_it(opened, shipped):
    app = opened(view="claims")
    sound(dial(app, "Claim").set_value("no-rain").run())
    assert app.query_params == {"view": "claims", "claim": "no-rain"}
    assert set(app.dataframe[1].value.claim) == {"no-rain"}
    again = opened(**app.query_params)
    assert dial(again, "Claim").value == "no-rain"


def test_filters_of_the_numbers_outlive_a_look_at_the_claims(opened, shipped):
    app = opened(text="bim3")
    sound(dial(app, "Show").set_value("claims").run())
    sound(dial(app, "Show").set_value("numbers").run())
    assert app.text_input[1].value == "bim3" and app.query_params == {"text": "bim3"}


def test_what_the_store_holds_comes_from_it(opened, shipped, monkeypatch):
    quiet = [CLAIMS[key] for key in ("rain-alone-segmentation", "rain-alone-deraining", "deraining-helps")]
    judged = verdicts.judged
    judged(PEARL, quiet, images=4, quiet=True)
    monkeypatch.setattr(verdicts, "judged", lambda *given, **options: judged(*given, images=4, **options))
    told = opened(view="claims").dataframe[0].value.set_index("claim").source
    assert {key: set([told[key]]) for key in told.index[told == "store"]}.keys() == {claim.key for claim in quiet}


def test_without_store_and_file_it_says_how_to_measure(opened, monkeypatch, tmp_path):
    monkeypatch.setattr(tables, "SHIPPED", tmp_path / "none")
    app = opened(view="claims", claim="unseen-data")
    assert set(app.dataframe[0].value.verdict) == {ABSENT}
    rows = app.dataframe[1].value
    assert len(rows) == len(asked(PEARL, [CLAIMS["unseen-data"]], "scenes", 32)) and set(rows.note) == {
        "the store lacks it"
    }
    assert app.code[0].value == "python -m lab claims pearl --claim unseen-data"


def test_a_broken_file_is_one_sentence_and_the_page_still_shows(opened, shipped):
    (shipped / "pearl" / "claims-scenes.csv").write_text("a,b\n1,2\n")
    app = AppTest.from_file(str(DASHBOARD / "views" / "tables.py"), default_timeout=120)
    app.query_params.update({"view": "claims"})
    app.run()
    (error,) = app.error
    assert "holds no verdicts" in error.value and "\n" not in error.value and not app.exception
    assert set(app.dataframe[0].value.verdict) == {ABSENT}


def test_every_dial_and_column_has_a_sentence(opened, shipped):
    app = opened(view="claims")
    widgets = [*app.radio, *app.selectbox, *app.text_input, *(button.proto for button in app.get("download_button"))]
    assert len(widgets) == 5 and all(len(widget.help.split()) > 5 and widget.help.endswith(".") for widget in widgets)
    config = json.loads(app.get("dataframe")[0].proto.columns)
    told = {"claim", "threat", "verdict", "wanted", "difference", "low", "high", "published", "contrast", "source"}
    assert all(config[name]["help"] for name in told)


@pytest.mark.browser
@pytest.mark.skipif(not any(map(shutil.which, browser.BROWSERS)), reason="no chromium here")
def test_a_click_on_a_verdict_shows_its_claim(home):
    pytest.importorskip("playwright.sync_api")
    second = list(CLAIMS)[1]
    with (
        browser.served(PEARL_HOME=str(home)) as server,
        browser.browsing() as chromium,
        browser.visitor(chromium) as page,
    ):
        page.goto(f"{server.address}/tables?view=claims")
        page.get_by_text(CLAIMS[next(iter(CLAIMS))].margin).wait_for()
        page.locator(".dvn-scroller").first.click(position={"x": 60, "y": 2.5 * 35})  # header, row, the second row
        page.get_by_text(CLAIMS[second].where).wait_for()
        page.wait_for_url(re.compile(f"claim={second}"))
