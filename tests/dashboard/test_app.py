"""The Explore and Compare pages, run headless on a zoo of tiny nets."""

import base64
import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from lab.data import dataset, uploads
from lab.measure import measuring
from lab.measure.trial import Trial
from lab.system import draw
from lab.view import panels, progress, saved, setting
from lab.view.session import RECENT, look, prepared
from lab.view.setting import Setting
from pearl_core.derain import DERAINERS

APP = Path(__file__).parents[2] / "dashboard" / "main.py"


@pytest.fixture
def app(tiny_zoo):
    """The dashboard as it opens."""
    return opened()


def opened(**address: str) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=120)
    for name, value in address.items():
        app.query_params[name] = value
    return sound(app.run())


def page(app: AppTest, name: str) -> AppTest:
    """Another page, by its link, which empties the address."""
    app.query_params.clear()
    return sound(app.switch_page(f"views/{name}.py").run())


def sound(app: AppTest) -> AppTest:
    assert not app.exception and not app.error, [*app.exception, *app.error]
    return app


def widgets(app: AppTest) -> list:
    kinds = "slider", "selectbox", "number_input", "select_slider", "multiselect", "radio", "toggle", "text_input"
    return [widget for kind in kinds for widget in app.get(kind)]


def dial(app: AppTest, label: str):
    (widget,) = [widget for widget in widgets(app) if widget.label == label]
    return widget


def turn(app: AppTest, label: str, value) -> AppTest:
    return sound(dial(app, label).set_value(value).run())


def viewed(app: AppTest) -> dict:
    """What the viewer was given."""
    (viewer,) = [element for element in app.main if element.type == "bidi_component"]
    return json.loads(viewer.proto.json)


def pictures(app: AppTest) -> dict[str, str]:
    return {panel["title"]: panel["picture"] for panel in viewed(app)["panels"]}


def remarks(app: AppTest) -> list[str]:
    return [panel["remark"] for panel in viewed(app)["panels"]]


def figures(app: AppTest) -> dict[str, tuple[str, str]]:
    return {metric.label: (metric.value, metric.delta) for metric in app.metric}


def expected(view) -> dict[str, tuple[str, str]]:
    return {r.label: (r.value, f"{r.change} by attack" if r.change else "unchanged") for r in panels.readings(view)}


def encoded(picture: np.ndarray) -> str:
    """A picture as the viewer is given it."""
    held = io.BytesIO()
    Image.fromarray(draw.pixels(picture)).save(held, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(held.getvalue()).decode()


def address(app: AppTest) -> dict[str, str]:
    return {name: values[0] if isinstance(values, list) else values for name, values in app.query_params.items()}


def test_it_opens_on_a_scene_under_attack(app):
    assert app.title[0].value == "PEARL Lab"
    assert figures(app) == expected(look())
    assert {"the picture in the rain, without attack", "BIM at ε = 8/255", "by Derain + Seg"} <= set(remarks(app))
    assert len(pictures(app)) == 4 + 4 + 3
    assert all(picture.startswith("data:image/png") for picture in pictures(app).values())  # nothing compressed away
    assert all(widget.help for widget in widgets(app))


def test_eps_changes_the_attacked_picture_and_its_figures(app):
    before = pictures(app)
    turn(app, "Strength ε (1/255)", 2.25)
    assert "BIM at ε = 2.25/255" in remarks(app) and figures(app) == expected(look(eps=2.25))
    same = {title for title, picture in pictures(app).items() if picture == before[title]}
    assert {"Clean", "Rainy", "Ground truth", "Seen without attack", "|rainy − clean|"} <= same
    assert not {"Attacked", "Derained", "|attacked − rainy|"} & same
    turn(app, "Strength ε (1/255)", 0.0)
    assert {delta for _, delta in figures(app).values()} == {"unchanged"}


def test_opacity_and_settings_seen_before_call_no_model(app, passes):
    turn(app, "Opacity of the classes", 0.2)
    assert passes == [] and viewed(app)["opacity"] == 0.2
    turn(app, "Strength ε (1/255)", 4.0)
    assert passes.count("gradient") == 10
    passes.clear()
    turn(app, "Strength ε (1/255)", 8.0)
    assert passes == []


def test_a_larger_budget_goes_on_and_a_shown_step_computes_no_gradient(app, passes):
    turn(app, "Steps", 13)
    assert passes.count("gradient") == 3
    passes.clear()
    turn(app, "Shown step", 4)
    assert "BIM at ε = 8/255; after 4 of 13 steps" in remarks(app) and figures(app) == expected(look(steps=13, shown=4))
    turn(app, "Shown step", "result")
    turn(app, "Steps", 4)
    assert passes.count("gradient") == 0


def test_fgsm_has_no_steps_to_choose_and_alma_prox_no_eps(app):
    turn(app, "Attack", "fgsm")
    assert dial(app, "Steps").disabled and "FGSM at ε = 8/255" in remarks(app)
    turn(app, "Attack", "alma_prox")
    assert dial(app, "Strength ε (1/255)").disabled and not dial(app, "Steps").disabled


def test_where_nothing_derains_the_derainer_says_why(app):
    turn(app, "Method", "seg")
    assert dial(app, "Derainer").disabled and dial(app, "Derainer").value == "none"
    assert any("Seg has no derainer." in caption.value for caption in app.caption)
    assert "no derainer" in remarks(app)
    turn(app, "Method", "pearl")
    assert not dial(app, "Derainer").disabled


def test_a_registered_derainer_appears_in_the_dial_by_its_title(tiny_zoo, monkeypatch, tmp_path):
    from lab.nets import zoo

    monkeypatch.setattr(zoo, "SHIPPED", tiny_zoo)  # the others stay where they are
    monkeypatch.setenv("PEARL_ZOO", str(tmp_path))
    with DERAINERS.forgetting():
        DERAINERS.add("another", replace(DERAINERS["prenet"], title="Another net"))
        settings = {"width": 4, "iterations": 1}
        card = {"network": "another", "settings": settings}
        zoo.save(zoo.NetName("scenes", "derain", "another"), zoo.build("another", settings), card)
        app = opened()
        assert dial(app, "Derainer").options == ["MPRNet", "PReNet", "RESCAN", "TransWeather", "Another net"]
        before = figures(app)
        turn(app, "Derainer", "another")
        assert figures(app) != before


def test_only_defences_with_weights_for_the_data_set_are_offered(app):
    turn(app, "Data set", "objects")
    assert dial(app, "Method").options == ["Seg"]
    words = [caption.value for caption in app.caption]
    assert "Not trained on built-in objects: Robust Seg, Derain + Seg, NAT, PEARL, PEARL + AMA." in words
    turn(app, "Data set", "scenes")
    assert len(dial(app, "Method").options) == 6
    assert not any(caption.value.startswith("Not trained") for caption in app.caption)


def test_one_defence_is_none_to_compare_and_the_choice_comes_back(app):
    app = page(app, "compare")
    turn(app, "Methods", ["nat", "pearl"])
    dial(app, "Data set").set_value("objects").run()
    assert [error.value for error in app.error] == [
        "wanted two methods or more with weights for built-in objects to compare, got 1"
    ]
    assert dial(turn(app, "Data set", "scenes"), "Methods").value == ["nat", "pearl"]


def test_only_derainers_with_weights_for_the_defence_are_offered(tiny_zoo, monkeypatch, tmp_path):
    shutil.copytree(tiny_zoo, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("pearl-rescan*"))
    monkeypatch.setenv("PEARL_ZOO", str(tmp_path))
    app = AppTest.from_file(str(APP), default_timeout=120)
    app.query_params.update({"method": "pearl", "derain": "rescan"})
    (error,) = app.run().error
    assert "derain=rescan, which cannot be shown: choose one of mprnet, prenet, transweather" in error.value
    assert dial(app, "Derainer").options == ["MPRNet", "PReNet", "TransWeather"]
    assert "Not trained on built-in scenes: RESCAN." in [caption.value for caption in app.caption]
    assert dial(turn(app, "Method", "nat"), "Derainer").options == ["MPRNet", "PReNet", "RESCAN", "TransWeather"]


def test_a_transfer_attack_asks_for_its_source_and_never_offers_the_victim(app):
    turn(app, "Method", "pearl")
    turn(app, "The attacker knows", "transfer")
    assert "PEARL" not in dial(app, "Perturbation computed on").options
    turn(app, "Perturbation computed on", "nat")
    turn(app, "Method", "nat")  # the source is the victim now: another one takes its place
    turn(app, "The attacker knows", "adaptive")


def test_the_attack_can_be_kept_to_the_rain_or_a_box(app):
    everywhere = figures(app)
    turn(app, "Region", "rain")
    assert figures(app) == expected(look(region="rain")) != everywhere
    turn(app, "Region", "box")
    for label, edge in (("Top", 2), ("Left", 4), ("Bottom", 20), ("Right", 40)):
        app = turn(app, label, edge)
    assert figures(app) == expected(look(region="box", box=(2, 4, 20, 40)))
    assert viewed(app)["box"] == [2, 4, 20, 40] and viewed(app)["drawing"]
    assert address(app)["box"] == "2,4,20,40"


def test_the_address_holds_the_whole_setting(app):
    assert address(app) == {}
    for label, value in (
        ("Picture", 3), ("Rain", 1.5), ("Rain angle", -20.0), ("Rain seed", 7), ("Method", "nat"), ("Attack", "pgd"),
        ("Strength ε (1/255)", 5.75), ("Steps", 4), ("Attack seed", 2), ("The attacker knows", "adaptive"),
        ("Precision of the gradients", "auto"), ("Shown step", 2), ("Opacity of the classes", 0.3),
    ):  # fmt: skip
        turn(app, label, value)
    again = opened(**address(app))
    assert figures(again) == figures(app) and viewed(again) == viewed(app)
    reopened = setting.from_query(address(app))
    assert reopened == Setting(
        index=3, amount=1.5, angle=-20, rain_seed=7, method="nat", attack="pgd", eps=5.75, steps=4, seed=2,
        threat="adaptive", precision="auto", shown=2,
    )  # fmt: skip
    assert figures(app) == expected(look(reopened))


def test_a_link_as_it_was_written_before_opens_the_same_view(tiny_zoo):
    app = opened(region="box", box="[2, 4, 20, 40]", eps="5.0", angle="-20.0", opacity="0.3")
    assert figures(app) == expected(look(region="box", box=(2, 4, 20, 40), eps=5, angle=-20))
    assert viewed(app)["opacity"] == 0.3 and address(app)["eps"] == "5"


def test_a_precision_that_is_not_offered_stays_if_the_link_asks_for_it(tiny_zoo):
    app = opened(precision="bfloat16", steps="2")
    assert dial(app, "Precision of the gradients").options == ["as in the tables (auto)", "float32", "bfloat16"]
    turn(app, "Strength ε (1/255)", 4.0)
    assert address(app) == {"precision": "bfloat16", "steps": "2", "eps": "4"}
    assert figures(app) == expected(look(precision="bfloat16", steps=2, eps=4))


def test_what_the_tables_hold_of_a_picture_stands_below_its_numbers(app, passes):
    def told() -> list[str]:
        return [caption.value for caption in app.caption if caption.value.startswith("In the tables")]

    turn(app, "Precision of the gradients", "auto")
    assert told() == []
    (index,) = measuring.chosen(dataset("scenes"), 1)
    trial = Trial("derain_seg", attack="bim", eps=8, steps=10, threat="oblivious", images=1)
    rows = measuring.run([trial], quiet=True).set_index("metric").value
    turn(app, "Picture", index)
    (words,) = told()
    assert f"mIoU {rows.mIoU:.1f} %" in words and f"PSNR {rows.PSNR:.2f} dB" in words
    view = look(index=index, precision="auto")
    assert view.metrics == pytest.approx({name: rows[name] for name in view.metrics}, rel=1e-6)
    passes.clear()
    turn(app, "Opacity of the classes", 0.2)
    assert told() == [words] and passes == []
    turn(app, "Rain", 1.5)
    assert told() == []


def test_an_address_that_is_no_setting_is_a_sentence_and_the_page_opens(tiny_zoo):
    app = AppTest.from_file(str(APP), default_timeout=60)
    app.query_params["eps"] = "much"
    app.run()
    (error,) = app.error
    assert "wanted a number for eps" in error.value and not app.exception
    assert figures(app) == expected(look())


def test_the_command_is_that_of_the_setting(app):
    assert "python -m lab look setting.json" in app.code[0].value


def test_a_missing_net_is_one_sentence(small):
    app = AppTest.from_file(str(APP), default_timeout=60).run()
    assert not app.exception
    (error,) = app.error
    assert "no trained net" in error.value and "python -m lab train" in error.value
    assert "\n" not in error.value
    assert not app.metric


def test_errors_speak_of_dials_by_their_names(app):
    turn(app, "Region", "rain")
    dial(app, "Rain").set_value(0.0).run()
    (error,) = app.error
    assert error.value == "wanted some rain to attack in, got none; raise “Rain”, or attack everywhere"
    turn(app, "Rain", 1.0)


def given(app: AppTest, name: str, data: bytes) -> AppTest:
    """A file in place of the one before."""
    return app.file_uploader[0].set_value((name, data, "application/octet-stream")).run()


def test_a_refused_file_leaves_dials_and_the_last_picture_which_is_not_taken_for_it(app):
    before, dials = pictures(app), [widget.label for widget in widgets(app)]
    (error,) = given(app, "phone.heic", b"\0\0\0\x18ftypheic" + bytes(99)).error
    assert error.value.startswith("phone.heic: wanted a picture as PNG") and "export it as JPEG or PNG" in error.value
    assert error.value.endswith("That file is not shown; below is still picture 0 of built-in scenes.")
    assert pictures(app) == before and [widget.label for widget in widgets(app)] == dials
    street = uploads.png(np.random.RandomState(0).randint(0, 255, (40, 72, 3), np.uint8))
    own = pictures(sound(given(app, "street.png", street)))
    assert own != before
    (error,) = given(app, "cut.png", street[:99]).error
    assert error.value.startswith("cut.png: wanted a whole PNG file") and "still street.png" in error.value
    assert pictures(app) == own and address(app)["image"]
    assert pictures(sound(app.file_uploader[0].set_value(None).run())) == before


def test_a_stopped_attack_is_shown_linked_and_named_as_far_as_it_came(tiny_zoo, passes):
    wanted = Setting(steps=20, eps=4)
    for done in progress.attacked([prepared(wanted)]):
        if done.words.startswith("step 3"):
            break
    app = AppTest.from_file(str(APP), default_timeout=120)
    app.query_params["steps"], app.query_params["eps"] = "20", "4"
    app.session_state.stopped = [wanted]
    sound(app.run())
    assert figures(app) == expected(look(steps=3, eps=4)) and passes.count("gradient") == 3
    assert address(app) == {"steps": "3", "eps": "4"} and dial(app, "Steps").value == 20
    assert any(caption.value.startswith("Stopped at step 3 of 20.") for caption in app.caption)
    assert figures(opened(**address(app))) == figures(app) and passes.count("gradient") == 3
    sound(app.button[0].click().run())
    assert figures(app) == expected(look(wanted)) and address(app)["steps"] == "20"


def test_methods_that_are_stopped_together_are_compared_equally_far(tiny_zoo, passes):
    shared = {"steps": 20, "threat": "adaptive"}
    settings = [Setting(method=method, **shared) for method in ("pearl", "nat")]
    for done in progress.attacked([prepared(each) for each in settings]):
        if done.words.startswith("step 2"):
            break
    app = opened(steps="20", threat="adaptive", eps="0", methods="pearl,nat", perturbation="own")
    page(app, "compare")
    app.session_state.stopped = settings
    turn(app, "Strength ε (1/255)", 8.0)
    assert passes.count("gradient") == 4 and address(app)["steps"] == "2"
    assert pictures(app)["NAT: seen under attack"] == encoded(look(method="nat", steps=2, threat="adaptive").derained)


@pytest.mark.parametrize("name", ["explore", "compare"])
def test_while_a_picture_is_attacked_first_what_is_known_of_it_is_shown(name, tiny_zoo, monkeypatch):
    app = page(opened(eps="0", steps="3"), name)

    def held(sessions):
        yield progress.Progress(0.5, "step 1 of 3, about 2 s to go")
        raise ValueError("held")

    with monkeypatch.context() as holding:
        holding.setattr(progress, "attacked", held)
        dial(app, "Picture").set_value(1)
        dial(app, "Strength ε (1/255)").set_value(8.0).run()
    assert [error.value for error in app.error] == ["held"] and not app.metric
    known = pictures(app)
    assert panels.WAITING in remarks(app)
    turn(app, "Steps", 4)
    assert panels.WAITING not in remarks(app)
    shown = pictures(app)
    prefix, lower = ("", str) if name == "explore" else ("PEARL: ", str.lower)
    same = {title for title in known if known[title] == shown[title]}
    assert prefix + lower("Seen without attack") in same and prefix + lower("Attacked") not in same


def test_what_the_saved_picture_scores_stands_beside_it_once_somebody_looks(app, passes):
    def told() -> list[str]:
        return [text.value for text in app.markdown if "Read back" in text.value]

    assert told() == []
    passes.clear()
    app.session_state["Download"] = True
    sound(app.run())
    (words,) = told()
    assert words == saved.words(look()) and "8 bits, rounded towards the rainy picture" in words
    assert passes == ["model"]
    turn(app, "Opacity of the classes", 0.2)
    assert told() == [words] and passes == ["model"] and "--opacity 0.2" in app.code[0].value
    labels = [button.label for button in app.get("download_button")]
    assert "Attacked picture (PNG)" in labels


def test_a_setting_stays_on_the_way_to_another_page_and_back(app):
    turn(app, "Strength ε (1/255)", 3.0)
    before = figures(app)
    page(app, "compare")
    assert dial(app, "Strength ε (1/255)").value == 3.0
    page(app, "explore")
    assert figures(app) == before


def test_defences_meet_one_perturbation_or_each_its_own(app, passes):
    page(app, "compare")
    turn(app, "The attacker knows", "adaptive")
    turn(app, "Methods", ["pearl", "nat"])
    shown = pictures(app)
    assert shown["PEARL: attacked"] == shown["NAT: attacked"]
    met = look(method="nat", threat="adaptive", on="pearl")
    assert pictures(app)["NAT: seen under attack"] == encoded(met.derained)
    turn(app, "The perturbation is computed", "own")
    own = pictures(app)
    assert own["PEARL: attacked"] == shown["PEARL: attacked"] and own["NAT: attacked"] != shown["NAT: attacked"]
    view = look(method="nat", threat="adaptive")
    assert np.array_equal(view.attacked, look(view.setting).attacked)
    again = AppTest.from_file(str(APP), default_timeout=60)
    for name, value in address(app).items():
        again.query_params[name] = value
    assert pictures(page(again.run(), "compare")) == own


def test_one_defence_is_no_comparison(app):
    page(app, "compare")
    app = dial(app, "Methods").set_value(["pearl"]).run()
    assert "wanted two to four methods" in app.error[0].value and not app.exception


def test_before_and_after_share_a_divider(app):
    page(app, "compare")
    turn(app, "Before and after with a divider", True)
    assert all(panel["other_title"] == "Seen under attack" for panel in viewed(app)["panels"])
    assert all(widget.help for widget in widgets(app))


def test_what_visitors_looked_at_is_bounded(app, monkeypatch):
    monkeypatch.setattr(RECENT, "most", 200_000)
    for eps in (1.0, 2.0, 3.0, 4.0):
        turn(app, "Strength ε (1/255)", eps)
        assert figures(app) == expected(look(eps=eps))
    assert RECENT.bytes < 2_000_000
