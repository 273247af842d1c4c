"""The cards of the trained nets, for display: a broken card does not hide the others."""

from __future__ import annotations

import pandas as pd

from lab.nets import zoo
from lab.nets.zoo import part

UNITS = {"mIoU": "%", "mAcc": "%", "allAcc": "%", "PSNR": "dB"}  # SSIM has none


def cards() -> tuple[dict[str, dict], list[str]]:
    """All readable cards by net name, the user's own before the shipped ones; and one sentence per broken card."""
    by_name: dict[str, dict] = {}
    problems: dict[str, str] = {}
    for folder in zoo.folders():
        for path in sorted(folder.glob("*/*.json")):
            name = str(path.relative_to(folder).with_suffix(""))
            if name in by_name or name in problems or not path.with_suffix(".safetensors").exists():
                continue  # a broken card of the user takes precedence over the shipped net of that name, as everywhere
            try:
                by_name[name] = zoo.read_card(path)
            except (ValueError, OSError) as error:
                problems[name] = " ".join(str(error).split())
    return by_name, list(problems.values())


def dataset_of(name: str) -> str:
    return name.partition("/")[0]


def datasets() -> list[str]:
    """The data sets that nets were trained for, those built in first."""
    return sorted({dataset_of(name) for name in cards()[0]}, key=lambda name: (name != "scenes", name))


def derained() -> list[str]:
    """Those of them that have a trained derainer, so that the papers' tables can be measured on them."""
    names = [name for name in cards()[0] if name.partition("/")[2].startswith("derain-")]
    return [dataset for dataset in datasets() if any(dataset_of(name) == dataset for name in names)]


def table(by_name: dict[str, dict]) -> pd.DataFrame:
    """One row per net: network, size, training, scores on pictures it was not trained on."""
    return pd.DataFrame([row(name, card) for name, card in by_name.items()])


def row(name: str, card: dict) -> dict:
    """A card as a row of the table; entries that are missing or of another type stay empty."""
    scores = part(card, "scores")
    size, seconds = amount(card.get("bytes")), amount(card.get("seconds"))
    return {
        "net": name,
        "data set": dataset_of(name),
        "recipe": text(part(card, "name").get("recipe")),
        "network": text(card.get("network")),
        "size (MB)": None if size is None else size / 1e6,
        "training (s)": seconds,
        "steps": amount(part(card, "schedule").get("steps")),
        "scored on": text(scores.get("on")),
    } | {headed(key): amount(value) for key, value in scores.items() if key != "on"}


def headed(score: str) -> str:
    """'mIoU rain (%)' for 'mIoU rain'."""
    unit = UNITS.get(score.split(" ")[0])
    return f"{score} ({unit})" if unit else score


def amount(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def text(value: object) -> str:
    return value if isinstance(value, str) else ""


def words(column: str) -> str:
    """The help text of a column of `table`."""
    told = {
        "size (MB)": "The file of the weights, in half precision.",
        "training (s)": "How long the training took on the machine that did it.",
        "steps": "How many times the weights were changed.",
    }
    name, _, on = column.partition(" ")
    where = "rainy" if on.startswith("rain") else "clean"
    return told.get(column, f"{name} on {where} pictures without attack, none of which it was trained on.")
