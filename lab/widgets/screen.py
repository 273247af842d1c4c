"""The widgets that show one view; any thread may fill them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from itertools import zip_longest
from pathlib import Path
from threading import Lock

import numpy as np
from ipywidgets import HTML, Button, GridBox, HBox, Layout, SelectionSlider, Text, VBox

from lab.system import draw, html
from lab.system.mistakes import MISTAKES, sentence
from lab.system.words import HELP, OPACITY
from lab.view import charts, matplotlib_charts, panels, rich, saved, take
from lab.view.view import View
from lab.widgets.dials import small, visible

RESULT = "result"
PICTURES = 11  # of a view
COLUMNS = "repeat(auto-fill, minmax(max(11em, 22%), 1fr))"  # four, or fewer where there is no room
WRAPPED = {"flex_flow": "row wrap"}
FOLDER = "explored"
EVERYTHING = "Writes all pictures, exact arrays, numbers, the setting and the command as files into that folder."
NO_STEP = "This attack takes no step."


class Screen(VBox):
    """Numbers, pictures, the trajectory of the attack with the step that is shown, and files to write."""

    def __init__(self, step: int | None, own: np.ndarray | None, root: Callable[[str], str | None]):
        self.own, self.root = own, root
        self.view: View | None = None
        self.panels: list[panels.Panel] = []
        self.painting = Lock()
        self.opacity: Callable[[], float] = lambda: OPACITY
        self.readings, self.tabled, self.legend, self.recipe, self.told = (HTML() for _ in range(5))
        self.trajectory, self.classes = (HTML(layout=Layout(flex=f"{share} 1 20em", min_width="0")) for share in (3, 2))
        grid = Layout(grid_template_columns=COLUMNS, grid_gap="6px", width="100%")
        self.pictures = GridBox([HTML() for _ in range(PICTURES)], layout=grid)
        self.step = SelectionSlider(
            options=[step or 0, RESULT], value=RESULT if step is None else step, disabled=True,
            description="Shown step", tooltip=HELP["shown"], layout=Layout(width="100%", max_width="40em"),
            continuous_update=False,  # else the slider sends back where it stood while its options grow
        )  # fmt: skip
        self.suggested = FOLDER
        how = {"tooltip": "The folder on this machine to write to.", "layout": Layout(flex="1 1 20em", min_width="0")}
        self.folder = Text(FOLDER, description="Folder", **how)
        self.write = Button(description="Write everything", tooltip=EVERYTHING)
        self.write.on_click(self.written)
        charts = HBox([self.trajectory, self.classes], layout=WRAPPED)
        files = HBox([self.folder, self.write], layout=WRAPPED)
        self.taken = VBox([self.step, charts, HTML("<b>Save</b>"), files, self.told, self.recipe])
        super().__init__([self.readings, self.tabled, self.pictures, self.legend, self.taken])

    @property
    def shown(self) -> int | None:
        """The point of the attack that is asked for; None for what it returns."""
        return None if self.step.value == RESULT else self.step.value

    def place(self, known: int) -> None:
        """Set the slider to so many points; it keeps its place if that still exists."""
        kept, options = self.step.value, (*range(max(known, 1)), RESULT)  # a slider of one place cannot be drawn
        if self.step.options != options:
            self.step.options = options  # in a message of its own: the slider needs its length before its place
            self.step.value = kept if kept in options else RESULT
        self.step.disabled = known < 2

    def show(self, view: View, opacity: Callable[[], float], tabled: Mapping[str, float] | None) -> None:
        """Show another view; `tabled` are the numbers of the tables for it."""
        with self.painting:
            self.view, self.panels, self.opacity = view, panels.rows(view), opacity
            for widget, panel in zip_longest(self.pictures.children, self.panels):
                widget.value = "" if panel is None else rich.picture(panel, view.palette, opacity())
            self.readings.value, self.tabled.value = rich.readings(view), small(panels.tabled_words(tabled))
            self.legend.value, self.told.value = draw.legend(view.classes, view.palette), ""
            for widget in (self.readings, self.taken):
                visible(widget, not view.waiting)
            if not view.waiting:
                self.take_along(view)

    def take_along(self, view: View) -> None:
        """What is known only after the attack: its charts, and what to save."""
        self.trajectory.value, self.classes.value = trajectory(view), classes(view)
        self.recipe.value = recipe(view, self.root(view.setting.dataset), self.opacity())
        if self.folder.value == self.suggested:
            self.folder.value = self.suggested = f"{FOLDER}/{take.name(view)}"

    def cover(self, opacity: Callable[[], float]) -> None:
        """The same view, with the class colours at that opacity."""
        with self.painting:
            for widget, panel in zip(self.pictures.children, self.panels, strict=False):  # none before the first view
                if panel.labels is not None:
                    widget.value = rich.picture(panel, self.view.palette, opacity())
            if self.view is not None:
                self.recipe.value = recipe(self.view, self.root(self.view.setting.dataset), opacity())

    def written(self, button: Button) -> None:
        """Write all files into the folder, and say whether that succeeded."""
        folder = self.folder.value.strip()
        try:
            if not folder:
                raise ValueError("wanted a folder to write to, got none")
            view, into = self.view, Path(folder).expanduser()
            take.write(view, into, self.own, self.root(view.setting.dataset), self.opacity())
        except MISTAKES as error:
            self.told.value = alarm(sentence(error))
        else:
            self.told.value = f"Written to {escape(str(into.resolve()))}. {small(saved.words(view))}"


def trajectory(view: View) -> str:
    """The attack, step by step, as a picture."""
    if len(view.points) < 2:
        return f"<small>{NO_STEP}</small>"
    figure = matplotlib_charts.trajectory(charts.trajectory(view))
    return html.image(matplotlib_charts.file(figure), "the attack, step by step", smooth=True)


def classes(view: View) -> str:
    """The IoU of every class, as a picture; nothing without a segmenter."""
    if not view.segmented:
        return ""
    figure = matplotlib_charts.classes(charts.classes(view))
    return html.image(matplotlib_charts.file(figure), "IoU of the classes here", smooth=True)


def recipe(view: View, data_root: str | None, opacity: float) -> str:
    """The command that makes a view again, and its setting."""
    command, text = escape(take.look_command(view, data_root, opacity)), escape(view.setting.text())
    return (
        f"<small>This command computes the same numbers again from these files:</small><pre>{command}</pre>"
        f"<details><summary>setting.json</summary><pre>{text}</pre></details>"
    )


def alarm(text: str) -> str:
    return f'<p role="alert" style="color:#dc2626">{escape(text)}</p>'
