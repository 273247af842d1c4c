"""An address of Explore or Compare: what can be shown of it is shown, and of the rest a sentence says why not."""

import io

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from lab.reproduce import tables
from lab.view import setting
from lab.view.session import look
from lab.view.setting import Setting
from tests.dashboard.conftest import read
from tests.dashboard.test_app import APP, address, dial, expected, figures, opened, page, remarks, turn, viewed

BRIEF = {"steps": "1"}


@pytest.fixture(autouse=True)
def tiny(tiny_zoo):
    """Tiny nets for every test."""


def arrived(name: str = "explore", **address: str) -> AppTest:
    """The page at an address of which not all can be shown."""
    app = AppTest.from_file(str(APP.with_name("views") / f"{name}.py"), default_timeout=120)
    app.query_params.update(BRIEF | address)
    app.run()
    assert not app.exception
    return app


def said(app: AppTest) -> list[str]:
    return [read(element.value) for element in (*app.error, *app.info)]


@pytest.fixture(autouse=True)
def path(monkeypatch):
    monkeypatch.syspath_prepend(str(APP.parent))


FAULTS = [
    {"eps": ("much", "wanted a number for eps, got 'much'"), "index": ("12", "wanted index from 0 to 11"),
     "dataset": ("voc", "choose one of scenes, objects, which have trained networks here"),
     "split": ("night", "unknown split 'night'"), "method": ("magic", "unknown method 'magic'"),
     "segmenter": ("unet", "unknown segmenter 'unet'"), "derain": ("towel", "unknown derain net 'towel'"),
     "attack": ("hammer", "unknown attack 'hammer'"), "region": ("box", "wanted a box"),
     "source": ("nat,seed", "part of a system"), "precision": ("float8", "unknown precision"),
     "opacity": ("2", "wanted opacity from 0 to 1"), "weather": ("fine", "says weather")},
    {"eps": ("17", "wanted eps from 0 to 16"), "dataset": ("moon", "unknown data set 'moon'"),
     "index": ("-1", "wanted index of 0 or more"), "objective": ("cw", "wanted no objective for bim"),
     "threat": ("psychic", "unknown threat 'psychic'"), "perturbation": ("mine", "wanted own, or nothing"),
     "seed": ("-3", "wanted a seed from 0"), "shown": ("7", "This attack has the steps 0 to 1, and no step 7"),
     "angle": ("61", "wanted angle from -60 to 60"), "opacity": ("dim", "wanted a number for opacity, got 'dim'")},
    {"method": ("pearl", "choose one of seg, derain_seg, nat, which have weights for scenes and deeplabv3")},
]  # fmt: skip


@pytest.mark.parametrize("faults", FAULTS)
def test_what_cannot_be_shown_is_said_and_the_rest_of_the_address_is_kept(faults):
    kept = BRIEF | {"amount": "1.5"}
    kept |= {"threat": "transfer"} if "source" in faults else {}
    kept |= {"segmenter": "deeplabv3"} if len(faults) == 1 else {}
    app = arrived(**kept, **{name: text for name, (text, _) in faults.items()})
    sentences = said(app)
    assert len(sentences) == len(faults)
    for name, (_, words) in faults.items():
        assert any(words in sentence for sentence in sentences), (name, sentences)
    kept |= {"source": "seg"} if "source" in faults else {}  # the first that is offered
    assert address(app) == kept and figures(app) == expected(look(setting.from_query(kept)))
    assert not said(app.run())


@pytest.mark.parametrize("name", ["explore", "compare"])
def test_a_box_beyond_the_picture_is_cut_and_said(name):
    app = arrived(name, region="box", box="10,20,500,60")
    (sentence,) = said(app)
    high, wide = viewed_size(app)
    assert f"The box 10, 20, 500, 60 reaches beyond this picture of {high} x {wide}" in sentence
    assert address(app)["box"] == f"10,20,{high},60"
    (sentence,) = said(arrived(name, region="box", box="900,900,950,950"))
    assert "900, 900, 950, 950" in sentence


def viewed_size(app: AppTest) -> tuple[int, int]:
    bottom = viewed(app)["box"][2]
    return bottom, 2 * bottom


@pytest.mark.parametrize(
    "valid",
    [{"segmenter": "deeplabv3", "split": "train", "index": "2", "eps": "7.65", "precision": "bfloat16",
      "region": "box", "box": "2,4,20,40"},
     {"attack": "pgd", "alpha": "0.5", "on": "nat", "threat": "adaptive"},
     {"attack": "apgd", "protocol": "published", "threat": "transfer", "source": "nat,segmenter=deeplabv3"}],
)  # fmt: skip
def test_what_no_dial_turns_and_what_one_does_is_shown_and_stays(valid):
    app = opened(**BRIEF | valid)
    assert address(app) == BRIEF | valid
    assert figures(app) == expected(look(setting.from_query(BRIEF | valid)))
    turn(app, "Rain", 1.5)
    assert address(app) == BRIEF | valid | {"amount": "1.5"}


def test_a_part_without_a_dial_is_named_and_can_be_left_out():
    app = opened(**BRIEF, attack="pgd", alpha="0.5")
    assert "From the address, without a dial here: alpha=0.5." in [read(caption.value) for caption in app.caption]
    (button,) = [button for button in app.button if button.label == "Leave that out"]
    button.click().run()
    assert address(app) == BRIEF | {"attack": "pgd"} and not [b for b in app.button if b.label == "Leave that out"]


def test_the_segmenter_and_any_strength_can_be_dialled():
    app = opened(**BRIEF)
    turn(app, "Segmenter", "deeplabv3")
    for eps in (7.65, 0.25, 3.75):
        turn(app, "Strength ε (1/255)", eps)
    assert figures(app) == expected(look(segmenter="deeplabv3", eps=3.75, steps=1))
    app = page(app, "compare")
    assert dial(app, "Segmenter").value == "deeplabv3" and dial(app, "Derainer").value == "prenet"


# ---- Compare ----


def test_methods_that_cannot_be_compared_are_said():
    app = arrived("compare", methods="nat,magic,pearl")
    (sentence,) = said(app)
    assert "methods=magic" in sentence and dial(app, "Methods").value == ["nat", "pearl"]
    (sentence,) = said(arrived("compare", methods="seg,derain_seg,robust_seg,nat,pearl"))
    assert "methods=pearl" in sentence and "at most 4" in sentence


def test_compare_remembers_its_dials_on_every_page_and_in_its_link():
    app = page(opened(**BRIEF), "compare")
    turn(app, "The perturbation is computed", "own")
    turn(app, "Before and after with a divider", True)
    turn(app, "Opacity of the classes", 0.3)
    wanted = address(app)
    assert wanted == BRIEF | {
        "methods": "derain_seg,nat,pearl",
        "perturbation": "own",
        "divided": "1",
        "opacity": "0.3",
    }
    page(page(app, "explore"), "compare")
    assert dial(app, "The perturbation is computed").value == "own"
    assert dial(app, "Before and after with a divider").value and viewed(app)["opacity"] == 0.3
    again = arrived("compare", **wanted)
    assert viewed(again) == viewed(app) and not said(again)


def test_before_and_after_the_caption_has_both_numbers():
    app = page(opened(**BRIEF), "compare")
    turn(app, "Before and after with a divider", True)
    for method, remark in zip(dial(app, "Methods").value, remarks(app), strict=True):
        view = look(method=method, steps=1, on="derain_seg")
        before, after = view.unattacked_metrics["mIoU"], view.metrics["mIoU"]
        assert remark == f"left: mIoU {before:.1f} %; right, under attack: mIoU {after:.1f} %"


def test_a_step_is_one_of_its_attack_alone():
    app = opened(shown="1", steps="2")
    assert any("after 1 of 2 steps" in remark for remark in remarks(app))
    turn(app, "Strength ε (1/255)", 4.0)
    assert address(app)["shown"] == "1"
    turn(app, "Attack", "sea")
    assert "shown" not in address(app) and not any("after" in remark for remark in remarks(app))


# ---- a picture of one's own ----


def test_an_uploaded_picture_stays_on_every_page_until_it_is_removed():
    file = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (64, 96, 3), np.uint8)
    Image.fromarray(noise).save(file, "PNG")
    app = opened(**BRIEF)
    app.file_uploader[0].set_value(("mine.png", file.getvalue(), "image/png")).run()
    own = expected(look(Setting(steps=1), own=noise))
    assert figures(app) == own and address(app)["image"]
    app = page(app, "compare")
    assert any("Your picture mine.png is still shown." in read(caption.value) for caption in app.caption)
    assert figures(page(app, "explore")) == own
    (button,) = [button for button in app.button if button.label == "Remove your picture"]
    button.click().run()
    assert figures(app) == expected(look(steps=1)) and address(app) == BRIEF


def test_a_folder_is_typed_once_for_all_pages(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "known", lambda folder: [])  # nothing to read
    app = page(opened(**BRIEF), "tables")
    turn(app, "Folder of the data", str(tmp_path))
    page(app, "zoo")
    assert dial(page(app, "tables"), "Folder of the data").value == str(tmp_path)
    assert str(tmp_path) not in str(address(app))
