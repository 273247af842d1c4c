"""Picture files: where they are, which belong together, what is in them. Every error is one line."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Container, Iterable
from pathlib import Path

import numpy as np
from PIL import Image, ImageFile

from lab.system.paths import plain, read_text
from pearl_core.types import VOID

Size = tuple[int, int]  # (H, W)
SUFFIXES = (".png", ".webp", ".jpg", ".jpeg")
ENDED = re.compile(r"(.*?\.(?:png|webp|jpe?g))(?:\s|$)", re.IGNORECASE)
MAX_PIXELS = 40_000_000  # no data set of street scenes comes near: a larger file is a mistake or a trap
ImageFile.LOAD_TRUNCATED_IMAGES = False  # another library may have switched it on: half a picture is no picture


def few(names: Iterable[str], show: int = 3, sep: str = ", ") -> str:
    """'a, b, c, ... (12 in all)': the first few and how many."""
    names = sorted(names)
    return sep.join(names[:show]) + (f"{sep}... ({len(names)} in all)" if len(names) > show else "")


def locate(name: str, data_root: str | os.PathLike | None) -> Path:
    """The folder of data set `name`: `data_root` itself, `name` inside it, or the same of PEARL_DATA."""
    given = data_root or os.environ.get("PEARL_DATA")
    if not given:
        raise FileNotFoundError(
            f"{name} lies on your disk, but nobody said where: give --data-root DIR (data_root=...) "
            f"or set PEARL_DATA to the folder that holds {name}/"
        )
    root = folder_given(given, "data_root" if data_root else "PEARL_DATA")
    return root / name if (root / name).is_dir() else root


def folder_given(path: str | os.PathLike, source: str = "data_root") -> Path:
    """The folder that holds data sets, if there is one of that name."""
    root = Path(path).expanduser()
    if not root.is_dir():
        got = "a file" if root.exists() else "nothing"
        raise FileNotFoundError(f"wanted the folder given by {source}, got {got} at {root}")
    return root


def expect(name: str, root: Path, entries: Iterable[str]) -> None:
    """Refuses a folder that is not laid out as the data set is."""
    missing = [entry for entry in entries if not (root / entry).exists()]
    if missing:
        present = few((p.name for p in root.iterdir()), show=6) or "nothing"
        raise FileNotFoundError(f"{name}: wanted {', '.join(missing)} in {root}, found {present}")


def stem(name: str) -> str:
    """'val/0016E5_07959.png' and '0016E5_07959' are one id; a dot that is no picture's ending stays."""
    path = Path(name)
    return path.stem if path.suffix.lower() in SUFFIXES else path.name


def find(folder: Path) -> dict[str, Path]:
    """stem -> file, for every picture in `folder`; hidden files are none."""
    files: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in SUFFIXES or path.name.startswith("."):
            continue
        if path.stem in files:
            raise ValueError(f"{folder}: wanted one file per picture, got {files[path.stem].name} and {path.name}")
        files[path.stem] = path
    return files


def listed(path: Path, there: Container[str] = ()) -> tuple[str, ...]:
    """The ids that a list names, one a line, in its order; where a line holds two paths, the first is the picture's.

    `there` are the ids of the pictures in the folder: by them a name with spaces is told from two names.
    """
    ids = tuple(id_of(line, there) for line in read_text(path).splitlines() if line.strip())
    if not ids:
        raise ValueError(f"{path}: wanted one picture per line, got an empty list")
    if len(set(ids)) < len(ids):
        again = {key for key, times in Counter(ids).items() if times > 1}
        raise ValueError(f"{path}: wanted every id once, got {few(again)} again")
    return ids


def id_of(line: str, there: Container[str]) -> str:
    """The id on a line: a path up to its ending, or the whole line if that is a picture, or its first word."""
    ended = ENDED.match(line.strip())
    if ended:
        return stem(ended[1])
    whole = stem(line.strip())
    return whole if whole in there else stem(line.split()[0])


def first(keys: tuple[str, ...], count: int | None) -> tuple[str, ...]:
    """The first `count` of them, all if None."""
    if count is not None and not 0 < count <= len(keys):
        raise ValueError(f"wanted the first {count} pictures, but the split has {len(keys)}")
    return keys[:count]


def read_image(path: Path) -> Image.Image:
    """An RGB picture."""
    image = _decode(path)
    if image.mode not in ("RGB", "RGBA", "P", "L"):
        raise ValueError(f"{path}: wanted an 8-bit RGB picture, got mode {image.mode}")
    return image.convert("RGB")


def read_labels(path: Path) -> Image.Image:
    """A picture whose pixels are class numbers, gray or palette; WebP has no gray and stores it as equal R, G, B."""
    image = _decode(path)
    if image.format == "JPEG":
        raise ValueError(f"{path}: wanted labels as class numbers, got a JPEG, which keeps no number exactly")
    if image.mode in ("L", "P"):
        return Image.fromarray(np.asarray(image))
    if image.mode == "RGB":
        pixels = np.asarray(image)
        if (pixels == pixels[..., :1]).all():
            return Image.fromarray(pixels[..., 0].copy())
    raise ValueError(f"{path}: wanted labels as class numbers (gray or palette), got a {image.mode} picture in colour")


def resize(image: Image.Image, size: Size | None, how: Image.Resampling) -> np.ndarray:
    """As an array of (H, W) = `size`; None leaves it as it is."""
    return np.array(image if size is None else image.resize(size[::-1], how))


def fit(image: Image.Image, size: Size | None, how: Image.Resampling, fill: int | None = None) -> np.ndarray:
    """The whole picture in its proportions, as large as (H, W) = `size` allows, in the top left corner.

    The rest is `fill`, or the last row and column again; None for `size` leaves the picture as it is.
    """
    if size is None:
        return np.array(image)
    scale = min(size[0] / image.height, size[1] / image.width)
    sides = [max(1, round(scale * side)) for side in (image.height, image.width)]
    pixels = resize(image, (sides[0], sides[1]), how)
    rest = [(0, size[0] - sides[0]), (0, size[1] - sides[1]), *[(0, 0)] * (pixels.ndim - 2)]
    return np.pad(pixels, rest, "edge") if fill is None else np.pad(pixels, rest, constant_values=fill)


def renumbered(image: Image.Image, path: Path, numbers: dict[int, int]) -> Image.Image:
    """Labels as the lab numbers them, by `numbers` = {on the disk: in the lab}; refuses any other number.

    To be called before labels are made smaller: what a wrong number is on a single pixel would be gone by then.
    """
    labels = np.asarray(image)
    outside = set(np.flatnonzero(np.bincount(labels.ravel(), minlength=256)).tolist()) - set(numbers)
    if outside:
        highest = max(number for number in numbers if number != VOID)
        got = ", ".join(map(str, sorted(outside)[:5]))
        raise ValueError(f"{path}: wanted labels 0..{highest} (or {VOID} for void), got {got}")
    table = np.zeros(256, np.uint8)
    table[list(numbers)] = list(numbers.values())
    return Image.fromarray(table[labels])


def same_size(first: Image.Image, first_path: Path, second: Image.Image, second_path: Path) -> None:
    """Refuses a picture and its labels (or its rainy version) that differ in size."""
    if first.size != second.size:
        sizes = [f"{h}x{w}" for w, h in (first.size, second.size)]
        raise ValueError(f"{first_path} and {second_path}: wanted one size (H x W), got {sizes[0]} and {sizes[1]}")


def contents(*paths: Path) -> tuple[tuple[str, int], ...]:
    """Stem and bytes of each file: cheap, and another copy or another version of a set shows."""
    return tuple((path.stem, path.stat().st_size) for path in paths)


def _decode(path: Path) -> Image.Image:
    try:
        with Image.open(plain(path)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValueError(f"wanted at most {MAX_PIXELS} pixels, got {image.width}x{image.height}")
            image.load()
            return image
    except Exception as error:  # Pillow's decoders raise anything from OSError to struct.error on broken bytes
        reason = str(error).replace(f" {str(path)!r}", "").splitlines()[:1] or [type(error).__name__]
        raise ValueError(f"{path}: cannot be read as a picture ({reason[0]})") from error
