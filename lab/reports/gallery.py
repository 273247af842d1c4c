"""Pictures of a paper's figure beside each other: columns of panels, their words, colour bar and legend in one figure.

Settings become views (`lab.view.seen`), views that share a picture and a threat become one figure, and its numbers
a frame beside it. Everything is placed in whole dots at the report's resolution, so that a picture's pixel is a square
of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch

from lab.data import reader
from lab.data.titles import title
from lab.measure.case import settings_of
from lab.measure.trial import both
from lab.nets.methods import METHODS, UNDEFENDED
from lab.reports.report import DOTS, Block, Report, framed, number
from lab.system import draw
from lab.system.threats import THREATS
from lab.view.panels import Panel
from lab.view.setting import Setting
from lab.view.view import View
from pearl_core.metrics import METRICS, psnr
from pearl_core.types import VOID

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TABLED = ("PSNR", "SSIM", "mIoU", "allAcc")
NARROWEST, WIDEST = 160, 320  # dots of a picture's width
GAP = 6  # dots between columns
STEP = 5  # /255: pictures are drawn so coarsely, which no eye sees and which saves a third of the file
SCALE, LEVELS = 36 / 255, 9  # of heat maps: the difference at the brightest, and the number of colours
WORDS = f"""Numbers are of single pictures: mIoU is the mean over the classes labelled or predicted in the picture.
Pictures are drawn in steps of {STEP}/255, numbers are exact. The paper's figure shows other pictures, so it cannot be
compared with this one number by number; and one picture proves nothing: the tables measure many."""


# ---- from settings to a report ----


def settings(methods: Iterable[str], *, threat: str, indices: Iterable[int], **shared) -> list[Setting]:
    """One setting per picture, threat (`threat` and the adaptive one) and method; the source of a transfer is Seg."""
    return [
        Setting(method=method, threat=name, index=index, precision="auto", **shared)
        for index in indices
        for name in both(threat)
        for method in methods
        if (name, method) != ("transfer", UNDEFENDED)  # a transfer attack leaves out its own source
    ]


def report(
    heading: str, views: Sequence[View], drawn: Callable[[Sequence[View]], Figure], note: str, about: str = ""
) -> Report:
    """One block per picture and threat: what the attack knows, the numbers, and what `drawn` makes of its views."""
    groups: dict[tuple, list[View]] = {}
    for view in views:
        groups.setdefault((view.key, view.setting.threat), []).append(view)
    blocks = [
        Block(f"{key}, threat: {threat}", THREATS[threat].sentence, frame(same), figure=drawn(same))
        for (key, threat), same in groups.items()
    ]
    return Report(heading, f"{caption(views)} {' '.join(note.split())}", blocks, " ".join(about.split()))


def frame(views: Iterable[View]) -> pd.DataFrame:
    """The numbers of each view, under attack and with rain alone."""
    lines = {}
    for view in views:
        line = lines[view.key, METHODS[view.setting.method].title] = {}
        for name in TABLED:
            for words, metrics in (("attacked", view.metrics), ("rain alone", view.unattacked_metrics)):
                line[METRICS[name].label, words] = number(name, metrics[name])
    return framed(lines, ("picture", "method"))


def caption(views: Sequence[View]) -> str:
    """Every setting that was used, and what such pictures can show."""
    first, height, width = views[0].setting, *views[0].labels.shape
    pictures = dict.fromkeys(f"{view.key} (index {view.setting.index})" for view in views)
    threats = dict.fromkeys(view.setting.threat for view in views)
    made, attack = settings_of(first.made(), "cpu"), f"{title(first.attack)} at eps {first.eps:g}/255"
    step = "" if made["alpha"] is None else f" of {made['alpha']:g}/255"
    start = " from a random start" if made["random_start"] else ""
    source = " (source seg)" if "transfer" in threats else ""
    sentences = [
        f"Seen on {first.dataset} {first.split or reader(first.dataset).default_split} ({width}x{height}, rain pearl): "
        f"{', '.join(pictures)}; derainer {first.derain}, segmenter {first.segmenter}, training seed 0, nets "
        f"{', '.join(nets_of(views))}.",
        f"Attack: {attack}, {first.steps} steps{step}{start}; start seed {first.seed}; threats {', '.join(threats)}"
        f"{source}; gradients in {made['precision']}, scores in float32.",
        " ".join(WORDS.split()),
        reader(first.dataset).credit,
    ]
    return " ".join(filter(None, sentences))


def nets_of(views: Iterable[View]) -> list[str]:
    """The nets behind the views and their attacks, by name and the beginning of their digest."""
    names = {}
    for setting in (view.setting for view in views):
        used = *setting.system.nets, *setting.attacked
        names |= {f"{net.path.stem} {net.sha256[:8]}": None for net in used if net is not None}
    return list(names)


# ---- panels ----


def photo(image: np.ndarray, words: str = "") -> Panel:
    """A picture in steps of `STEP`."""
    return Panel("", words, (STEP * np.rint(draw.pixels(image) / STEP)).astype(np.uint8))


def derained(view: View) -> Panel:
    return photo(view.derained, likeness(view.metrics["PSNR"]))


def attacked(view: View) -> Panel:
    both = (torch.from_numpy(image).movedim(-1, 0)[None] for image in (view.attacked, view.clean))
    return photo(view.attacked, f"attacked, {likeness(psnr(*both).item())}")


def likeness(value: float) -> str:
    """A PSNR in words."""
    return "identical to clean" if np.isinf(value) else f"PSNR {value:.2f} dB"


def heat(image: np.ndarray, clean: np.ndarray) -> Panel:
    """How far a picture is from the clean one, mean over the colours; its mean over the picture in words."""
    size = np.abs(image.astype(np.float64) - clean).mean(-1)
    return Panel("", f"mean {255 * size.mean():.2f}/255", draw.ramp(stepped(size / SCALE)), scale=SCALE)


def stepped(values: np.ndarray) -> np.ndarray:
    """Numbers in [0, 1] in `LEVELS` equal steps, the lowest 0 and the highest 1."""
    return np.clip(np.floor(values * LEVELS), 0, LEVELS - 1) / (LEVELS - 1)


def seen(view: View, opacity: float = 1) -> Panel:
    """The prediction of the segmenter under attack, as a panel."""
    return labelled(view.derained, view.predicted, view, opacity, f"mIoU {view.metrics['mIoU']:.1f} %")


def truth(view: View, opacity: float = 1) -> Panel:
    return labelled(view.clean, view.labels, view, opacity, "ground truth")


def labelled(image: np.ndarray, labels: np.ndarray, view: View, opacity: float, words: str) -> Panel:
    """Classes over a picture; opaque ones cover it, void too."""
    if opacity == 1:
        return Panel("", words, draw.colours(labels, view.palette))
    return photo(draw.overlay(image, labels, view.palette, opacity), words)


# ---- the figure ----


def page(
    rows: Sequence[str],
    columns: Mapping[str, Sequence[Panel | None]],
    views: Sequence[View] = (),
    *,
    void: bool = False,
) -> Figure:
    """Panels by column title, one for each of `rows`; None leaves its place to the colour bar of the heat maps.

    Under them a legend of the classes that occur in the `views`, and of void where that is drawn.
    """
    height, width = drawn_size(next(panel for column in columns.values() for panel in column if panel).picture)
    font = max(12, round((width + GAP) * len(columns) / 110))  # in dots: a wide figure is made smaller on a page
    line, left = round(1.5 * font), round(1.7 * font)
    total = left + len(columns) * (width + GAP) - GAP
    entries = legend_entries(views, void)
    deep = legend_rows(entries, total / font)
    bottom = line + len(rows) * (height + line)
    sheet = Page(total, bottom + round((1.35 * deep + 0.5 * bool(deep)) * font), font)
    for i, name in enumerate(rows):
        sheet.words(left / 2.4, line + i * (height + line) + height / 2, name, rotation=90)
    for j, (name, column) in enumerate(columns.items()):
        x = left + j * (width + GAP)
        sheet.words(x + width / 2, line / 2, name, weight="bold")
        for i, panel in enumerate(column):
            sheet.cell(x, line + i * (height + line), width, height, panel)
    if entries:
        sheet.legend(entries, left, bottom + font // 3, -(-len(entries) // deep))
    return sheet.figure


def drawn_size(picture: np.ndarray) -> tuple[int, int]:
    """Height and width in dots: a whole multiple or fraction of the pixels."""
    height, width = picture.shape[:2]
    every, times = -(-width // WIDEST), -(-NARROWEST // width)
    return times * -(-height // every), times * -(-width // every)


def legend_entries(views: Sequence[View], void: bool) -> dict[str, tuple | None]:
    """Colours by name of the classes that are there or seen; None for void."""
    there = {int(k) for view in views for labels in (view.labels, view.predicted) for k in np.unique(labels)}
    colours = {views[0].classes[k]: views[0].palette[k] for k in sorted(there - {VOID})}
    return colours | ({"not labelled": None} if void and VOID in there else {})


def legend_rows(names: Iterable[str], width: float) -> int:
    """How many rows of names and patches fit a width in letters' heights; filled column by column."""
    widths = [0.6 * len(name) + 2.5 for name in names]
    for rows in range(1, len(widths)):
        if sum(max(widths[i : i + rows]) for i in range(0, len(widths), rows)) <= width:
            return rows
    return len(widths)


class Page:
    """A figure that is measured in dots from its upper left corner."""

    def __init__(self, width: int, height: int, font: int):
        from matplotlib.figure import Figure  # a third of a second that only figures need
        from matplotlib.patches import Rectangle

        self.width, self.height, self.font, self.points = width, height, font, font * 72 / DOTS
        self.figure = Figure(figsize=(width / DOTS, height / DOTS), dpi=DOTS)
        whole = Rectangle((0, 0), 1, 1, transform=self.figure.transFigure, fill=False, linewidth=0)
        self.figure.add_artist(whole)  # a saved figure is cut to what it holds: now to the whole, at whole dots

    def axes(self, x: float, y: float, width: float, height: float) -> Axes:
        place = x / self.width, 1 - (y + height) / self.height, width / self.width, height / self.height
        axes = self.figure.add_axes(place, xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        return axes

    def words(self, x: float, y: float, text: str, **style) -> None:
        style = {"ha": "center", "va": "center", "fontsize": self.points} | style
        self.figure.text(x / self.width, 1 - y / self.height, text, **style)

    def cell(self, x: int, y: int, width: int, height: int, panel: Panel | None) -> None:
        """A picture with its words below, or the colour bar."""
        if panel is None:
            self.bar(x + width // 10, y + height // 2, width - width // 5)
            return
        every = -(-panel.picture.shape[1] // width)
        picture = panel.picture[::every, ::every]
        self.axes(x, y, width, height).imshow(picture, interpolation="nearest", aspect="auto")
        self.words(x + width / 2, y + height + 0.75 * self.font, panel.remark)

    def bar(self, x: int, y: int, width: int) -> None:
        """The colours of the heat maps from 0 to their scale, with words above."""
        axes, most = self.axes(x, y - self.font, width, self.font), 255 * SCALE
        colours = draw.ramp(stepped((np.arange(LEVELS) + 0.5) / LEVELS))[None]
        axes.imshow(colours, interpolation="nearest", extent=(0, most, 0, 1), aspect="auto")
        ticks = np.linspace(0, most, 4)
        axes.set_xticks(ticks, [*(f"{tick:.0f}" for tick in ticks[:-1]), f"≥ {most:.0f}"], fontsize=self.points)
        axes.tick_params(length=3, pad=2)
        self.words(x + width / 2, y - 1.9 * self.font, "difference, in 1/255")

    def legend(self, entries: Mapping[str, tuple | None], x: int, y: int, across: int) -> None:
        from matplotlib.patches import Patch

        hatched = {"facecolor": draw.HATCH[0] / 255, "edgecolor": draw.HATCH[1] / 255, "hatch": "////", "linewidth": 0}
        styles = [hatched if colour is None else {"color": np.divide(colour, 255)} for colour in entries.values()]
        self.figure.legend(
            handles=[Patch(label=name, **style) for name, style in zip(entries, styles, strict=True)],
            loc="upper left", bbox_to_anchor=(x / self.width, 1 - y / self.height), ncols=across,
            fontsize=self.points, frameon=False, borderpad=0, borderaxespad=0, labelspacing=0.3, handlelength=1,
            handleheight=1, handletextpad=0.4, columnspacing=1,
        )  # fmt: skip
