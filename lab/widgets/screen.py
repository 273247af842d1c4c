"""What is to be seen of one view, in widgets that may be filled from any thread."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path
from threading import Lock

import numpy as np
from ipywidgets import HTML, Button, GridBox, HBox, Layout, SelectionSlider, Text, VBox

from lab.system import draw
from lab.system.words import HELP, sentence
from lab.view import panels, plots, rich, take
from lab.view.session import View

RESULT = "result"
PICTURES = 11  # of a view
EVERYTHING = "All pictures, exact arrays, numbers, setting and command, as files in that folder."


class Screen(VBox):
    """Figures, pictures, the course of the attack with the step that is shown, and what may be taken along."""

    def __init__(self, step: int | None, own: np.ndarray | None, root: Callable[[str], str | None]):
        self.own, self.root = own, root
        self.view: View | None = None
        self.panels: list[panels.Panel] = []
        self.painting = Lock()
        self.figures, self.legend, self.recipe, self.told = (HTML() for _ in range(4))
        self.course, self.classes = (HTML(layout=Layout(width=share)) for share in ("60%", "38%"))
        grid = Layout(grid_template_columns="repeat(4, minmax(0, 1fr))", grid_gap="6px", width="100%")
        self.pictures = GridBox([HTML() for _ in range(PICTURES)], layout=grid)
        self.step = SelectionSlider(
            options=[step or 0, RESULT], value=RESULT if step is None else step, disabled=True,
            description="Shown step", tooltip=HELP["shown"], layout=Layout(width="60%"),
            continuous_update=False,  # else the slider sends back where it stood while its options grow
        )  # fmt: skip
        self.folder = Text("explored", description="Folder", tooltip="Where on this machine to write.")
        self.write = Button(description="Write everything", tooltip=EVERYTHING)
        self.write.on_click(self.written)
        charts = HBox([self.course, self.classes], layout=Layout(justify_content="space-between"))
        taken = [HTML("<b>Take it with you</b>"), HBox([self.folder, self.write]), self.told, self.recipe]
        super().__init__([self.figures, self.pictures, self.legend, self.step, charts, *taken])

    @property
    def shown(self) -> int | None:
        """The point of the attack that is asked for; None for what it returns."""
        return None if self.step.value == RESULT else self.step.value

    def place(self, known: int) -> None:
        """The slider over so many points; where it stood if that is one of them."""
        kept, options = self.step.value, (*range(max(known, 1)), RESULT)  # a slider of one place cannot be drawn
        if self.step.options != options:
            self.step.options = options  # in a message of its own: the slider needs its length before its place
            self.step.value = kept if kept in options else RESULT
        self.step.disabled = known < 2

    def show(self, view: View, opacity: Callable[[], float]) -> None:
        """Another view."""
        with self.painting:
            self.view = view
            self.panels = [*panels.stages(view), *panels.classes(view), *panels.differences(view)]
            for widget, panel in zip(self.pictures.children, self.panels, strict=True):
                widget.value = rich.panel(panel, view.palette, opacity())
            self.figures.value = rich.figures(view)
            self.legend.value = draw.legend(view.classes, view.palette)
            self.course.value = rich.image(plots.png(plots.course(view)), "the attack, step by step", smooth=True)
            if len(view.points) < 2:
                self.course.value = "<small>This attack takes no step.</small>"
            self.classes.value = rich.image(plots.png(plots.classes(view)), "IoU of the classes here", smooth=True)
            self.recipe.value = recipe(view, self.root(view.setting.dataset))
            self.told.value = ""

    def cover(self, opacity: Callable[[], float]) -> None:
        """The same view, its classes as strong as that."""
        with self.painting:
            for widget, panel in zip(self.pictures.children, self.panels, strict=False):  # none before the first view
                if panel.labels is not None:
                    widget.value = rich.panel(panel, self.view.palette, opacity())

    def written(self, button: Button) -> None:
        """Everything into the folder, and whether that went well."""
        folder = self.folder.value.strip()
        try:
            if not folder:
                raise ValueError("wanted a folder to write to, got none")
            take.write(self.view, Path(folder).expanduser(), self.own, self.root(self.view.setting.dataset))
        except (ValueError, OSError) as error:
            self.told.value = alarm(sentence(error))
        else:
            self.told.value = f"Written to {escape(str(Path(folder).expanduser().resolve()))}"


def recipe(view: View, data_root: str | None) -> str:
    """The command that makes a view again, and its setting."""
    command, text = escape(take.command(view, data_root)), escape(view.setting.text())
    return (
        f"<small>The same numbers again, from these files:</small><pre>{command}</pre>"
        f"<details><summary>setting.json</summary><pre>{text}</pre></details>"
    )


def alarm(text: str) -> str:
    return f'<p role="alert" style="color:#dc2626">{escape(text)}</p>'
