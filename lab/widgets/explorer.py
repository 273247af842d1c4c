"""The explorer for notebooks: one picture, one attack, one method, at every step of the attack, as ipywidgets.

It computes nothing itself. The dials make a `Setting`, one thread opens its `Session`, and a screen shows the view:
the same as on the dashboard's page Explore, which differs in its widgets alone.
"""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
from ipywidgets import HTML, Button, HBox, IntProgress, Layout, VBox

from lab.data import uploads
from lab.system.mistakes import MISTAKES, sentence
from lab.system.notebook import refuse_unknown_parameters
from lab.system.words import STOPPED, in_labels
from lab.view.photo import place
from lab.view.progress import attacked, step_words
from lab.view.session import Session, prepared
from lab.view.setting import KINDS, Setting
from lab.view.tabled import tabled
from lab.view.view import View
from lab.widgets.dials import Dials, small, visible
from lab.widgets.latest import Job, Latest
from lab.widgets.screen import Screen, alarm
from pearl_core.types import choose

STOP, GO_ON = "Stop", "Continue the attack"


def explore(
    setting: Setting | None = None,
    *,
    image: np.ndarray | None = None,
    data_root: str | os.PathLike | None = None,
    **parts,
) -> Explorer:
    """Dials and pictures, opened on a setting, or on the usual one, with some `parts` of it changed.

    `image` is a picture of one's own in place of the data set's, (H, W, 3) uint8 or floats in [0, 1]; `data_root` is
    where data sets lie that are not built in. What goes wrong is said in the explorer, in one sentence.
    """
    refuse_unknown_parameters()
    root = None if data_root is None else os.fspath(data_root)
    try:
        explorer = Explorer(*opening(setting, image, parts), root)
    except MISTAKES as error:
        explorer = Explorer(Setting(), None, root)
        explorer.latest.start(refused(error))
    else:
        explorer.look()
    return explorer


def opening(setting: Setting | None, image: np.ndarray | None, parts: dict) -> tuple[Setting, np.ndarray | None]:
    """The setting to open with, and the user's own picture, scaled down if needed."""
    if not isinstance(setting, Setting | None):
        raise ValueError(f"wanted a Setting to open on, got {type(setting).__name__}; its parts go by name")
    for name in parts:
        choose("part of a setting", name, KINDS)
    setting = replace(setting or Setting(), **parts)
    own = None if image is None else uploads.fitted(uploads.from_array(image))
    if own is not None and setting.image is None:
        setting = replace(setting, image=uploads.digest(own))
    return setting, own


class Explorer(HBox):
    """Shows itself in a notebook. In a script: turn `dials[name].value`, `wait()`, and read `setting` and `view`.

    `error` is what went wrong with that, None where nothing did; then there is a view.
    """

    def __init__(self, setting: Setting, own: np.ndarray | None, data_root: str | None):
        self.own, self.dialled = own, setting
        self.going = True  # whether the attack is to be made; not where it was stopped
        self.session: Session | None = None
        self.error: Exception | None = None
        self.latest = Latest(self.failed)
        self.dials = Dials(setting, own, data_root)
        self.screen = Screen(setting.shown, own, self.dials.root)
        self.notice = HTML()
        self.bar = IntProgress(max=1000, description="Attacking …", tooltip="How much of the attack is done.")
        words = "Stops the attack, or continues it where it was stopped."
        self.stop = Button(description=STOP, tooltip=words, layout=Layout(width="auto"))
        self.told = HTML()  # how far the attack is
        self.progress = HBox([self.bar, self.told, self.stop], layout=Layout(flex_flow="row wrap"))
        wide = Layout(flex="1 1 22em", min_width="0")
        super().__init__(
            [self.dials.column, VBox([self.notice, self.progress, self.screen], layout=wide)],
            layout=Layout(flex_flow="row wrap"),  # one below the other where there is no room for both
        )
        self.blank()
        for name, dial in self.dials.items():
            dial.observe(self.covered if name == "opacity" else self.turned, "value")
        self.screen.step.observe(self.stepped, "value")
        self.stop.on_click(self.stopped)

    @property
    def setting(self) -> Setting:
        """The setting of the dials, with the shown step."""
        return replace(self.dialled, shown=self.screen.shown)

    @property
    def view(self) -> View | None:
        """The view that is shown; None before the first one, and after an error."""
        view = self.screen.view
        return None if self.error is not None or view is None or view.waiting else view

    def wait(self) -> Explorer:
        """Wait until the view of the latest setting is shown."""
        self.latest.wait()
        return self

    # ---- when a dial is turned ----

    def look(self) -> None:
        self.latest.start(self.seen(self.dialled, self.going))

    def turned(self, change) -> None:
        """The user turned a dial of the setting."""
        if self.dials.adapting:
            return
        self.dials.adapt()
        try:
            self.dialled, self.going = self.dials.read(), True
        except ValueError as error:
            self.latest.start(refused(error))
        else:
            self.look()

    def stepped(self, change) -> None:
        """The user moved the slider of the shown step; nothing to do if it was the job that moved it."""
        if not self.latest.here:
            self.look()

    def stopped(self, button: Button) -> None:
        self.going = not self.going
        self.look()

    def covered(self, change) -> None:
        self.screen.cover(self.opacity)

    def opacity(self) -> float:
        return self.dials["opacity"].value

    # ---- in the thread ----

    def seen(self, setting: Setting, going: bool) -> Job:
        """Attack, unless that was stopped, and show the view. At every yield a newer setting can take over."""
        root = self.dials.root(setting.dataset)
        if self.session is None or self.session.setting != setting:
            self.session = prepared(setting, own=self.own, data_root=root)
            yield
        if going and not self.session.finished:
            self.meanwhile()
            for done in attacked([self.session]):
                self.bar.value, self.told.value = round(1000 * done.share), small(done.words)
                yield
        session = self.session.reached()
        self.screen.place(len(session.points()))
        session = session if self.screen.shown is None else session.at(self.screen.shown)
        self.screen.show(session.view(), self.opacity, tabled(session, data_root=root))
        self.error, self.notice.value, self.stop.description = None, "", GO_ON
        self.told.value = small(STOPPED.format(step=step_words([self.session])))
        visible(self.bar, False)
        visible(self.progress, not self.session.finished)
        visible(self.screen, True)

    def meanwhile(self) -> None:
        """While an attack is computed: the bar, and of another picture than before what is known without the attack."""
        setting, shown = self.session.setting, self.screen.view
        if shown is None or place(shown.setting) != place(setting):
            self.screen.show(self.session.before(), self.opacity, None)
            visible(self.screen, True)
            self.error, self.notice.value = None, ""
        self.stop.description = STOP
        visible(self.bar, True)
        visible(self.progress, True)

    def failed(self, error: Exception) -> None:
        """Show the error as one sentence in place of the pictures."""
        self.error, self.notice.value = error, alarm(in_labels(sentence(error), self.dials.labels))
        self.blank()

    def blank(self) -> None:
        for widget in (self.progress, self.screen):
            visible(widget, False)


def refused(error: Exception) -> Job:
    """A job that only raises the error: it replaces the running job."""
    raise error
    yield
