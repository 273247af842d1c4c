"""How strongly it must rain on which data set (`calibrate.py` finds the strengths).

The strengths of the shipped data sets are in rain.json beside this file. Those a user finds are saved in the lab's
home, where they come first: an installed package is not written to.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from lab.data.files import Size
from lab.system import disk, paths
from pearl_core.rain import PRESETS, Rain, add_rain, preset
from pearl_core.types import choose

RECORDS = Path(__file__).with_name("rain.json")  # the shipped ones
Records = dict[str, dict[str, dict[str, dict]]]  # {data set: {"HxW": {preset: {"strength": ..., "probe": ..., ...}}}}
SAME = 0.01  # dB by which the probe may differ between machines


def recorded(name: str, size: Size, rain: str) -> Rain:
    """Preset `rain` at the strength recorded for data set `name` at `size`."""
    choose("rain", rain, (*PRESETS, "none"))
    calibration = records().get(name, {}).get(size_key(size), {}).get(rain)
    remedy = f"`python -m lab data calibrate {name} --size {size_key(size)}` (and --data-root DIR)"
    if calibration is None:
        raise ValueError(
            f"no strength of rain {rain!r} is recorded for {name} at {size_key(size)}; find it with {remedy}, "
            "or ask for rain 'none'"
        )
    fallen = preset(rain, calibration["strength"])
    if abs(probe(fallen) - calibration["probe"]) > SAME:
        raise ValueError(f"rain {rain!r} has changed since its strength was recorded for {name}; redo {remedy}")
    return fallen


def own() -> Path:
    """The file of the strengths that the user found."""
    return disk.home() / "rain.json"


def records() -> Records:
    """All recorded strengths, the user's own before the shipped ones."""
    shipped, found = read(RECORDS), read(own())
    return {name: shipped.get(name, {}) | found.get(name, {}) for name in {**shipped, **found}}


def read(path: Path) -> Records:
    """The strengths in one file; none where there is no file. Errors: ValueError, one line."""
    if not path.exists():
        return {}
    try:
        strengths = json.loads(paths.read_text(path))
        for by_size in strengths.values():
            every = [rain["strength"] + rain["probe"] for by_rain in by_size.values() for rain in by_rain.values()]
            if not np.isfinite(every).all():
                raise ValueError(f"wanted numbers, got {every}")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        words = f"{type(error).__name__}: {error}".splitlines()[0]
        raise ValueError(f"{path} holds no strengths of rain ({words}); move it away to find them anew") from None
    return strengths


def record(name: str, size: Size, calibrations: dict[str, dict[str, float]]) -> None:
    """Saves the result of a calibration; if that fails (full disk, killed process), the old file stays complete."""
    everything = read(own())
    everything.setdefault(name, {})[size_key(size)] = calibrations
    disk.write_text(own(), json.dumps(everything, indent=2, sort_keys=True) + "\n")


def probe(rain: Rain) -> float:
    """What this rain does to one gray picture, PSNR in dB: a changed value means that the rain model has changed."""
    gray = np.full((48, 64, 3), 0.4, np.float32)
    error = np.mean(np.square(add_rain(gray, rain, "probe").image - gray, dtype=np.float64))
    return round(float(-10 * np.log10(error)), 4) if error else 999.0


def size_key(size: Size) -> str:
    """'176x240', height first."""
    return f"{size[0]}x{size[1]}"


def parse_size(text: str | None) -> Size | None:
    """'176x240' to (176, 240); None stays None."""
    if text is None:
        return None
    parts = text.split("x")
    if len(parts) != 2 or not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise ValueError(f"wanted a size as HxW, such as 176x240, got {text!r}")
    return int(parts[0]), int(parts[1])
