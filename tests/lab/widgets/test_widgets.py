"""The notebook explorer without a notebook: dials are turned by their values, on a zoo of tiny nets."""

import base64
import json
import re
from threading import Event, Thread

import numpy as np
import pandas as pd
import pytest
from ipywidgets import HTML, Box, Button, HBox, IntProgress, ValueWidget

from lab.data import uploads
from lab.nets import zoo
from lab.nets.methods import METHODS
from lab.view import choices, matplotlib_charts, panels, session, take
from lab.view.session import RECENT, look
from lab.view.setting import Setting
from lab.view.trajectory import Trajectory
from lab.widgets import latest
from lab.widgets.explorer import GO_ON, STOP, Explorer, explore
from pearl_core.derain import DERAINERS

PATIENCE = 60  # seconds


@pytest.fixture
def charts():
    """For tests that look at the charts: the others are quicker without."""


@pytest.fixture(autouse=True)
def quick(request, monkeypatch):
    if "charts" not in request.fixturenames:
        monkeypatch.setattr(matplotlib_charts, "file", lambda figure: b"a chart")


class Gate:
    """Holds attacks: `reached` is set once `free` points are made, then they wait for `opened`."""

    def __init__(self):
        self.free, self.reached, self.opened = 10**9, Event(), Event()

    def hold(self, after: int) -> None:
        self.free = after
        self.reached.clear()
        self.opened.clear()

    def let_go(self) -> None:
        self.free = 10**9
        self.opened.set()


@pytest.fixture
def gate(monkeypatch):
    gate, advance = Gate(), Trajectory.advance

    def advancing(self, steps):
        for points in advance(self, steps):
            yield points
            if points >= gate.free:
                gate.reached.set()
                assert gate.opened.wait(PATIENCE)

    monkeypatch.setattr(Trajectory, "advance", advancing)
    yield gate
    gate.let_go()


def titled(explorer: Explorer) -> dict[str, str]:
    """The widgets' HTML by the titles of their pictures."""
    pages = [picture.value for picture in explorer.screen.pictures.children]
    return {re.search(r"<b>(.*?)</b>", html)[1]: html for html in pages}


def turn(explorer: Explorer, **dials) -> Explorer:
    for name, value in dials.items():
        explorer.dials[name].value = value
    return sound(explorer)


def sound(explorer: Explorer) -> Explorer:
    assert explorer.wait().error is None and explorer.notice.value == ""
    assert explorer.screen.layout.display is None
    return explorer


def every(widget) -> list:
    return [widget, *(descendant for child in getattr(widget, "children", ()) for descendant in every(child))]


def controls(explorer: Explorer) -> list:
    kinds = ValueWidget, Button, IntProgress
    return [widget for widget in every(explorer) if isinstance(widget, kinds) and not isinstance(widget, HTML | Box)]


def figures(explorer: Explorer) -> list[str]:
    return [reading.value for reading in panels.readings(explorer.view)]


def test_it_opens_on_a_scene_under_attack(tiny_zoo, charts):
    explorer = sound(explore())
    assert explorer.setting == Setting() and explorer.view.finished
    assert list(titled(explorer)) == [
        "Clean", "Rainy", "Attacked", "Derained", "Ground truth", "Seen without attack", "Seen under attack",
        "Wrong under attack", "|rainy − clean|", "|attacked − rainy|", "|derained − clean|",
    ]  # fmt: skip
    for html in titled(explorer).values():
        assert "data:image/png;base64," in html and "pixelated" in html
    for reading in panels.readings(explorer.view):
        assert reading.value in explorer.screen.readings.value and reading.words in explorer.screen.readings.value
    for drawn in (explorer.screen.trajectory, explorer.screen.classes):
        assert base64.b64decode(re.search(r"base64,([^\"]+)", drawn.value)[1]).startswith(b"\x89PNG")
    assert "sidewalk" in explorer.screen.legend.value
    assert explorer.screen.step.options == (*range(11), "result") and explorer.screen.step.value == "result"
    assert explorer.progress.layout.display == "none"


def test_every_control_says_what_it_is(tiny_zoo):
    explorer = sound(explore())
    widgets = controls(explorer)
    assert len(widgets) >= 24
    for control in widgets:
        assert control.tooltip and "{" not in control.tooltip and len(control.tooltip) > 10, control
    assert explorer.dials["method"].tooltip == choices.help_of("method")
    assert all(method.words in choices.help_of("method") for method in METHODS.values())


def test_where_there_is_little_room_it_wraps(tiny_zoo):
    explorer = turn(explore(steps=1), region="box")
    fixed = [
        widget.layout.width for widget in every(explorer)
        if (widget.layout.width or "100%").endswith(("em", "px", "rem")) or (widget.layout.min_width or "0") != "0"
    ]  # fmt: skip
    assert fixed == [], "nothing is wider than its place"
    rows = [widget for widget in every(explorer) if isinstance(widget, HBox) and len(widget.children) > 1]
    assert len(rows) >= 5 and {row.layout.flex_flow for row in rows} == {"row wrap"}
    assert "auto-fill" in explorer.screen.pictures.layout.grid_template_columns


def test_what_is_shown_in_a_notebook_is_a_widget(tiny_zoo):
    assert "application/vnd.jupyter.widget-view+json" in sound(explore())._repr_mimebundle_()


def test_its_numbers_and_pictures_are_those_of_look(tiny_zoo):
    parts = {"method": "nat", "attack": "pgd", "eps": 4, "steps": 3, "threat": "adaptive", "index": 2, "amount": 1.5}
    explorer = turn(explore(), **parts)
    shown = explorer.view
    RECENT.clear()
    view = look(Setting(**parts))
    assert explorer.setting == view.setting == Setting(**parts)
    assert shown.metrics == view.metrics and shown.unattacked_metrics == view.unattacked_metrics
    assert np.array_equal(shown.attacked, view.attacked) and shown.points == view.points


@pytest.mark.parametrize("attack", choices.attacks())
def test_every_attack_of_the_catalogue(tiny_zoo, attack):
    explorer = turn(explore(steps=3), attack=attack)
    assert explorer.view.finished and explorer.setting.attack == attack
    assert explorer.dials["eps"].disabled == (not explorer.setting.with_eps)
    assert bool(explorer.dials.reasons["eps"].value) == explorer.dials["eps"].disabled
    assert explorer.dials["steps"].disabled == (attack == "fgsm")
    assert ("no step" in explorer.screen.trajectory.value) == (len(explorer.view.points) < 2)


def test_turning_a_dial_changes_what_it_should(tiny_zoo):
    explorer = sound(explore(steps=3))
    before, numbers = titled(explorer), figures(explorer)
    turn(explorer, eps=2.25)
    after = titled(explorer)
    assert figures(explorer) != numbers and "BIM at ε = 2.25/255" in after["Attacked"]
    same = {title for title in before if before[title] == after[title]}
    assert {"Clean", "Rainy", "Ground truth", "Seen without attack", "|rainy − clean|"} <= same
    assert not {"Attacked", "Derained", "|attacked − rainy|"} & same
    for dial, value in {"index": 1, "amount": 2.5, "angle": 30, "rain_seed": "7", "method": "pearl"}.items():
        before = titled(explorer)
        turn(explorer, **{dial: value})
        assert titled(explorer) != before, dial
    assert explorer.setting.rain_seed == 7
    turn(explorer, rain_seed="")
    assert explorer.setting.rain_seed is None


def test_no_derainer_where_nothing_derains(tiny_zoo):
    explorer = sound(explore(steps=1))
    assert not explorer.dials["derain"].disabled and explorer.dials.reasons["derain"].value == ""
    turn(explorer, method="seg")
    assert explorer.dials["derain"].disabled
    assert "Seg has no derainer" in explorer.dials.reasons["derain"].value


def test_a_transfer_attack_is_made_on_another_defence(tiny_zoo):
    explorer = sound(explore(steps=1))
    assert explorer.dials["source"].layout.display == "none"
    turn(explorer, threat="transfer", source="nat")
    assert explorer.dials["source"].layout.display is None and explorer.setting.source == "nat"
    turn(explorer, method="nat")
    assert explorer.setting.source != "nat"
    assert [name for _, name in explorer.dials["source"].options] == [name for name in METHODS if name != "nat"]


def test_a_box_has_four_edges(tiny_zoo):
    explorer = sound(explore(steps=2))
    assert explorer.dials.edges.layout.display == "none" and explorer.setting.box is None
    turn(explorer, region="box")
    assert explorer.dials.edges.layout.display is None and explorer.setting.box == (8, 16, 24, 48)
    turn(explorer, Top=2, Left=4, Bottom=10, Right=20)
    moved = (explorer.view.attacked != explorer.view.rainy).any(-1)
    assert moved[2:10, 4:20].any() and not moved[10:].any() and not moved[:, 20:].any() and not moved[:2].any()
    explorer.dials["Top"].value = 20
    assert "wanted a box as top, left, bottom, right" in explorer.wait().notice.value and explorer.view is None
    turn(explorer, region="rain")
    turn(explorer, Top=2, region="box")
    assert explorer.setting.box == (2, 4, 10, 20)


def test_opacity_calls_no_model_and_the_shown_step_no_gradient(tiny_zoo, passes, charts):
    explorer = sound(explore(steps=6))
    passes.clear()
    before = titled(explorer)
    explorer.dials["opacity"].value = 0.1
    after = titled(explorer)
    assert passes == []
    covered = {"Ground truth", "Seen without attack", "Seen under attack"}
    assert {title for title in before if before[title] != after[title]} == covered
    before = explorer.screen.trajectory.value
    explorer.screen.step.value = 2
    assert sound(explorer).setting.shown == 2 and passes == ["model"]
    assert explorer.screen.trajectory.value != before, "the shown point is marked"
    assert np.array_equal(explorer.view.attacked, look(steps=2).attacked)
    explorer.screen.step.value = "result"
    assert sound(explorer).setting.shown is None and passes.count("gradient") == 0
    turn(explorer, steps=4)
    assert passes.count("gradient") == 0, "the first steps of a longer attack are known"
    assert explorer.screen.step.options == (*range(5), "result")


def test_the_shown_step_stays_where_there_is_such_a_step(tiny_zoo):
    explorer = sound(explore(steps=6, shown=5))
    assert explorer.view.setting.shown == 5 == explorer.screen.step.value
    assert turn(explorer, eps=3).view.setting.shown == 5
    assert turn(explorer, steps=3).view.setting.shown is None
    assert turn(explorer, eps=0).screen.step.disabled
    assert len(explorer.screen.step.options) == 2, "a slider of one place cannot be drawn in a browser"
    assert not explorer.screen.step.continuous_update, "it would send back where it stood while its options change"


def test_stop_shows_how_far_the_attack_came_and_it_goes_on(tiny_zoo, gate, passes):
    gate.hold(after=3)
    explorer = explore(attack="apgd", steps=6)
    assert gate.reached.wait(PATIENCE)
    assert explorer.progress.layout.display is None and explorer.bar.layout.display is None
    assert explorer.stop.description == STOP and 0 < explorer.bar.value < explorer.bar.max and explorer.view is None
    assert "step 2 of 6" in explorer.told.value
    known = titled(explorer)
    assert panels.WAITING in known["Attacked"] and "by Derain + Seg, without attack" in known["Derained"]
    assert explorer.screen.layout.display is None and explorer.screen.taken.layout.display == "none"
    explorer.stop.click()
    gate.let_go()
    sound(explorer)
    assert not explorer.view.finished and "stopped early" in titled(explorer)["Attacked"]
    assert passes.count("gradient") == 3 and explorer.stop.description == GO_ON
    assert "Stopped at step 3 of 6" in explorer.told.value and explorer.screen.taken.layout.display is None
    assert titled(explorer)["Clean"] == known["Clean"]
    again = explorer.view.setting
    assert again == Setting(attack="apgd", steps=6, shown=again.shown) and again.shown is not None
    assert explorer.progress.layout.display is None and explorer.bar.layout.display == "none"
    explorer.screen.step.value = 1
    assert not sound(explorer).view.finished and passes.count("gradient") == 3
    explorer.screen.step.value = "result"
    explorer.stop.click()
    assert sound(explorer).view.finished and passes.count("gradient") == 6
    assert explorer.progress.layout.display == "none"
    assert np.array_equal(explorer.view.attacked, look(attack="apgd", steps=6).attacked)


def test_stop_before_the_first_step(tiny_zoo, passes):
    explorer = Explorer(Setting(steps=4), None, None)
    explorer.going = False
    explorer.look()
    assert sound(explorer).view.setting == Setting(steps=0) and len(explorer.view.points) == 1
    assert passes.count("gradient") == 0 and explorer.progress.layout.display is None
    assert np.array_equal(explorer.view.attacked, explorer.view.rainy)
    explorer.stop.click()
    assert sound(explorer).view.finished


def test_a_newer_setting_cancels_the_older_one(tiny_zoo, gate, passes):
    gate.hold(after=3)
    explorer = explore(attack="apgd", steps=50)
    assert gate.reached.wait(PATIENCE)
    for eps in (1, 2, 3):
        explorer.dials["eps"].value = eps
    explorer.dials["steps"].value = 5
    gate.let_go()
    assert sound(explorer).setting == Setting(attack="apgd", eps=3, steps=5)
    assert explorer.view.setting == explorer.setting and explorer.view.finished
    assert passes.count("gradient") == 3 + 5, "those in between are never begun"


def test_turning_the_opacity_does_not_cancel_an_attack(tiny_zoo, gate, passes):
    gate.hold(after=3)
    explorer = explore(steps=6)
    assert gate.reached.wait(PATIENCE)
    explorer.dials["opacity"].value = 0.3
    gate.let_go()
    assert sound(explorer).view.finished and passes.count("gradient") == 6


def test_a_picture_of_ones_own(tiny_zoo):
    own = np.random.RandomState(0).randint(0, 255, (40, 72, 3), np.uint8)
    explorer = sound(explore(image=own, steps=2))
    assert explorer.view.key.startswith("own/") and explorer.setting.image == uploads.digest(own)
    assert "Agreement" in explorer.screen.readings.value and "--image image.png" in explorer.screen.recipe.value
    assert explorer.dials["index"].disabled and explorer.dials.reasons["index"].value
    turn(explorer, eps=2, region="box")
    assert explorer.setting.box == (10, 18, 30, 54) and explorer.view.key.startswith("own/")
    assert sound(explore(explorer.setting, image=own)).view.metrics == explorer.view.metrics
    assert sound(explore(image=own / 255.0, steps=0)).setting.image == explorer.setting.image


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"eps": 99}, "wanted “ε (1/255)” from 0 to 16, got 99"),
        ({"epss": 9}, "unknown part of a setting"),
        ({"index": 12}, "wanted a picture of scenes test from 0 to 11, got 12"),
        ({"image": "street.png"}, "wanted a numpy array, got str"),
        ({"image": np.zeros((8, 8, 3), np.uint8)}, "wanted sides of at least 32 pixels"),
        ({"setting": {"eps": 4}}, "wanted a Setting to open on, got dict"),
        ({"setting": Setting(image="0" * 64)}, "wanted the picture of one"),
        ({"dataset": "camvid", "data_root": "/nowhere"}, "wanted the folder given by data_root"),
        ({"region": "rain", "amount": 0}, "wanted some rain to attack in"),
        ({"attack": "<b>"}, "unknown attack &#x27;&lt;b&gt;&#x27;"),
    ],
)
def test_a_mistake_is_one_sentence(tiny_zoo, given, said, capfd):
    explorer = explore(**given).wait()
    assert said in explorer.notice.value and explorer.view is None and explorer.error is not None
    assert explorer.notice.value.count("\n") == 0 and explorer.screen.layout.display == "none"
    assert "Traceback" not in "".join(capfd.readouterr())


def test_what_does_not_fit_is_said_until_it_does(tiny_zoo):
    explorer = sound(explore(steps=1))
    explorer.dials["rain_seed"].value = "many"
    assert "wanted a whole number for “Rain seed”, got &#x27;many&#x27;" in explorer.wait().notice.value
    turn(explorer, rain_seed="3")
    turn(explorer, region="rain")
    explorer.dials["amount"].value = 0
    assert "some rain" in explorer.wait().notice.value
    turn(explorer, amount=1)


def test_a_missing_net_names_the_command_that_trains_it(small):
    explorer = explore().wait()
    assert "train it with `python -m lab train" in explorer.notice.value and explorer.view is None


def test_a_fault_of_the_lab_is_a_sentence_too_and_the_explorer_lives_on(tiny_zoo, monkeypatch):
    explorer = sound(explore(steps=1))
    with monkeypatch.context() as broken:
        broken.setattr(session, "answer", lambda *given: {}["no such key"])
        explorer.dials["index"].value = 4
        assert "KeyError" in explorer.wait().notice.value
    turn(explorer, index=5)


def test_everything_is_written_into_the_folder(tiny_zoo, tmp_path):
    explorer = sound(explore(steps=2, eps=4))
    explorer.screen.folder.value = str(tmp_path / "there")
    explorer.screen.write.click()
    assert "Written to" in explorer.screen.told.value
    names = {path.name for path in (tmp_path / "there").iterdir()}
    assert names == set(take.files(explorer.view)) and "exact.npz" in names
    assert "8 bits, rounded towards the rainy picture" in explorer.screen.told.value
    assert f"{explorer.view.setting.steps}steps" in explorer.screen.suggested
    assert json.loads((tmp_path / "there" / "setting.json").read_text())["eps"] == 4
    numbers = pd.read_csv(tmp_path / "there" / "numbers.csv").set_index("metric").attacked
    assert numbers.to_dict() == pytest.approx(explorer.view.metrics, rel=1e-12)
    assert take.look_command(explorer.view) in explorer.screen.recipe.value
    assert "&quot;eps&quot;: 4.0" in explorer.screen.recipe.value
    (tmp_path / "file").write_text("")
    explorer.screen.folder.value = str(tmp_path / "file" / "below")
    explorer.screen.write.click()
    assert "alert" in explorer.screen.told.value and "Written" not in explorer.screen.told.value
    explorer.screen.folder.value = " "
    explorer.screen.write.click()
    assert "wanted a folder" in explorer.screen.told.value


def test_data_sets_are_those_with_nets(tiny_zoo, monkeypatch):
    cards = zoo.catalogue()
    monkeypatch.setattr(zoo, "catalogue", lambda: cards | {"camvid/clean-pspnet": {"network": "pspnet"}})
    monkeypatch.delenv("PEARL_DATA", raising=False)
    explorer = sound(explore(steps=1))
    assert [name for _, name in explorer.dials["dataset"].options] == ["scenes", "camvid", "objects"]
    explorer.dials["dataset"].value = "camvid"
    assert "camvid lies on your disk" in explorer.wait().notice.value
    assert turn(explorer, dataset="scenes").setting == Setting(steps=1)


def test_defences_are_those_with_weights_for_the_data_set(tiny_zoo):
    explorer = sound(explore(steps=1))
    assert [name for _, name in explorer.dials["method"].options] == list(METHODS)
    assert turn(explorer, dataset="objects").setting.method == "seg"
    assert [name for _, name in explorer.dials["method"].options] == ["seg"]
    turn(explorer, dataset="scenes", method="pearl", derain="mprnet")
    assert [name for _, name in explorer.dials["derain"].options] == list(DERAINERS)


def test_a_net_that_is_not_there_is_an_error_where_it_was_asked_for(tiny_zoo):
    explorer = explore(Setting(dataset="objects", method="nat", derain="mprnet"), steps=1)
    assert "no trained net objects/nat-mprnet-pspnet" in explorer.wait().notice.value
    assert explorer.dials["derain"].value == "mprnet"


def test_parts_without_a_dial_stay_as_they_were_opened(tiny_zoo):
    explorer = sound(explore(Setting(split="val", precision="float32", seed=3), steps=1))
    assert turn(explorer, eps=3).setting == Setting(split="val", seed=3, steps=1, eps=3)
    assert explorer.dials["index"].max == 2, "the val split has three pictures here"


def test_of_several_jobs_the_newest_is_done_and_a_failure_does_not_end_it():
    done, failed, began, go = [], [], Event(), Event()

    def job(name, error=None):
        began.set()
        assert go.wait(PATIENCE)
        yield
        if error:
            raise error
        done.append(name)

    thread = latest.Latest(failed.append)
    thread.start(job("first"))
    assert began.wait(PATIENCE)
    thread.start(job("second"))
    thread.start(job("third"))
    go.set()
    thread.wait()
    assert done == ["third"] and failed == [] and not thread.busy
    thread.start(job("fourth", ValueError("no")))
    thread.wait()
    thread.start(job("fifth"))
    thread.wait()
    assert done == ["third", "fifth"] and [str(error) for error in failed] == ["no"]


def test_two_explorers_share_what_they_saw(tiny_zoo, passes):
    explorers = [explore(steps=5) for _ in range(3)]
    waiting = [Thread(target=explorer.wait) for explorer in explorers]
    for thread in waiting:
        thread.start()
    for thread in waiting:
        thread.join(PATIENCE)
    assert passes.count("gradient") <= 3 * 5
    assert len({tuple(explorer.view.metrics.items()) for explorer in explorers}) == 1
