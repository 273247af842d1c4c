"""The dashboard's dials, run headless on a zoo of tiny nets."""

from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pearl_core.attacks.problem import ImageProblem
from pearl_core.pipeline import Pipeline

APP = Path(__file__).parents[2] / "dashboard" / "app.py"


@pytest.fixture
def app(tiny_zoo):
    """The dashboard as it opens; what other tests looked at is forgotten."""
    st.cache_data.clear()
    return sound(AppTest.from_file(str(APP), default_timeout=60).run())


@pytest.fixture
def calls(monkeypatch):
    """Every call of a pipeline and every gradient of an attack."""
    counted, forward, evaluate = [], Pipeline.forward, ImageProblem.evaluate
    monkeypatch.setattr(Pipeline, "forward", lambda self, images: counted.append("model") or forward(self, images))
    monkeypatch.setattr(ImageProblem, "evaluate", lambda *given: counted.append("gradient") or evaluate(*given))
    return counted


def sound(app: AppTest) -> AppTest:
    assert not app.exception and not app.error
    return app


def dial(app: AppTest, label: str):
    (found,) = [w for w in (*app.slider, *app.selectbox, *app.number_input) if w.label == label]
    return found


def captions(app: AppTest) -> list[str]:
    return [picture.caption for gallery in app.get("image") for picture in gallery.proto.imgs]


def addresses(app: AppTest) -> list[str]:
    return [picture.url for gallery in app.get("image") for picture in gallery.proto.imgs]


def figures(app: AppTest) -> dict[str, tuple[str, str]]:
    return {metric.label: (metric.value, metric.delta) for metric in app.metric}


def test_it_opens_on_a_scene_under_attack(app):
    assert app.title[0].value == "PEARL Lab"
    assert list(figures(app)) == ["mIoU", "Pixels right", "PSNR", "SSIM"]
    assert {"what the camera saw", "BIM at ε = 8/255", "by Derain + Seg"} <= set(captions(app))
    assert len(captions(app)) == 4 + 4 + 1 + 3
    assert all(address.endswith(".png") for address in addresses(app))  # nothing is compressed away
    assert all(widget.help for widget in (*app.slider, *app.selectbox, *app.number_input))


def test_eps_changes_the_attacked_picture_and_its_figures(app):
    before, pictures = figures(app), addresses(app)
    sound(dial(app, "Strength ε (1/255)").set_value(2.25).run())
    assert "BIM at ε = 2.25/255" in captions(app)
    same = [old == new for old, new in zip(pictures, addresses(app), strict=True)]
    assert same[:4] == [True, True, False, False]  # clean and rainy stay, attacked and derained change
    assert figures(app)["PSNR"] != before["PSNR"]
    sound(dial(app, "Strength ε (1/255)").set_value(0.0).run())
    assert {delta for _, delta in figures(app).values()} == {"unchanged"}


def test_opacity_and_settings_seen_before_call_no_model(app, calls):
    sound(dial(app, "Opacity of the classes").set_value(0.2).run())
    assert calls == []
    sound(dial(app, "Strength ε (1/255)").set_value(4.0).run())
    assert calls.count("gradient") == 10
    calls.clear()
    sound(dial(app, "Strength ε (1/255)").set_value(8.0).run())
    assert calls == []


def test_steps_are_gradients_and_fgsm_has_none_to_choose(app, calls):
    sound(dial(app, "Steps").set_value(3).run())
    assert calls.count("gradient") == 3
    calls.clear()
    sound(dial(app, "Attack").set_value("fgsm").run())
    assert dial(app, "Steps").disabled
    assert calls.count("gradient") == 1
    assert "FGSM at ε = 8/255" in captions(app)


def test_methods_are_those_that_fit_the_derainer(app):
    assert dial(app, "Method").options == ["Derain + Seg", "NAT", "PEARL", "PEARL + AMA"]
    sound(dial(app, "Derainer").set_value("none").run())
    assert dial(app, "Method").options == ["Seg", "Robust Seg"]
    assert "nothing derains here" in captions(app)


def test_a_transfer_attack_asks_for_its_source_and_never_offers_the_victim(app):
    dial(app, "Method").set_value("pearl")
    sound(dial(app, "The attacker knows").set_value("transfer").run())
    assert "PEARL" not in dial(app, "Attack made on").options
    sound(dial(app, "Attack made on").set_value("nat").run())
    sound(dial(app, "The attacker knows").set_value("adaptive").run())


def test_another_scene_is_another_street(app):
    before = figures(app)
    sound(dial(app, "Scene").set_value(1).run())
    assert figures(app) != before


def test_a_missing_net_is_one_sentence(small):
    st.cache_data.clear()
    app = AppTest.from_file(str(APP), default_timeout=60).run()
    assert not app.exception
    (error,) = app.error
    assert "no trained net" in error.value and "python -m lab train" in error.value
    assert "\n" not in error.value
    assert not app.metric
