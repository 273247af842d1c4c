"""What nobody meant to type or to open: broken input of every kind. Never a traceback, never half a file.

PEARL_FUZZ says how many inputs of all kinds together; 1,000 unless it does.
"""

from __future__ import annotations

import io
import json
import os
import random
import shlex
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save as safetensors

from lab.cli import main
from lab.data import files, uploads
from lab.data.base import Dataset
from lab.measure import curves
from lab.measure.store import Store, address_of
from lab.nets import cards, checkpoints, zoo
from lab.nets.zoo import NetName
from lab.view import setting

INPUTS = int(os.environ.get("PEARL_FUZZ", "1000"))
SHARES = {"commands": 0.2, "addresses": 0.3, "cards": 0.1, "stores": 0.05, "checkpoints": 0.15, "pictures": 0.2}
REFUSALS = (ValueError, OSError)  # in one line
ODD = (
    "", " ", "-", "--", "=", "nan", "inf", "-inf", "-1", "0", "1e999", "9" * 40, "0x10", "1_000", "١٢", "null", "None",
    "true", "[]", "{}", "[" * 2000, "../../etc/passwd", "/dev/zero", "/", "a" * 5000, "\x00", "\n", "🌧", "%00", "{0}",
    "![x](http://x)", "<b>", "'; DROP TABLE statistics; --", "2,4", "4,", ",", "1-3", "scenes", "pearl", "8/255",
    "0.03",
)  # fmt: skip
COMMANDS = (
    "table1 --eps 8 --images 2", "figure4 --eps 4", "figure5 --images 4 --seeds 2", "supplement --images 2",
    "sea strength --images 2", "reproduce pearl --images 2", "claims pearl --claim order --seeds 1",
    "report --only table1",
    "train clean --steps 3 --seed 0", "train pearl --eps 8 --derain prenet", "train --all --processes 2", "zoo",
    "zoo import pspnet FILE --dataset scenes", "data check camvid --data-root FILE",
    "data calibrate camvid --size 64x64",
    "data list", "bench attacks --nets small --steps 4", "bench sea --images 1", "bench scale --gpus A100=312,19.5",
    "look FILE --out FILE",
)  # fmt: skip


def lots(kind: str) -> Iterator[random.Random]:
    """A source of chance for every input of a kind."""
    for number in range(max(1, round(INPUTS * SHARES[kind]))):
        yield random.Random(f"{kind} {number}")


def broken(data: bytes, chance: random.Random) -> bytes:
    """The bytes cut, with some turned, some doubled, or others in their place."""
    how = chance.randrange(5)
    at, some = chance.randrange(len(data) + 1), bytes(chance.randrange(256) for _ in range(chance.randrange(1, 9)))
    if how == 0:
        return data[:at]
    if how == 1:
        return data[:at] + some + data[at + len(some) :]
    if how == 2:
        return data[:at] + data[at // 2 :]
    if how == 3:
        return some + data
    return bytes(byte ^ (1 << chance.randrange(8)) if chance.random() < 0.02 else byte for byte in data)


def refused_or_done(work: Callable[[], object]) -> None:
    """The work ends, or is refused with words of one line."""
    try:
        work()
    except REFUSALS as error:
        text = str(error)
        assert text and "\n" not in text.strip() and "Traceback" not in text and "allow_pickle" not in text, repr(text)


# what Pillow says of broken files goes to the log of whoever opens them
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


@pytest.fixture
def idle(tiny_zoo, monkeypatch, tmp_path):
    """A lab in which the first picture that is asked for ends the command, as if somebody had pressed Ctrl-C."""

    def stop(*_, **__):
        raise KeyboardInterrupt

    for way in ("sample", "samples", "preload"):
        monkeypatch.setattr(Dataset, way, stop)
    for place in (
        "lab.cli.tools.bench", "lab.reproduce.results.write", "lab.reproduce.results.write_page",
        "lab.data.check.check",
        "lab.data.calibrate.calibrate_dataset", "lab.training.many.train_all",
    ):  # fmt: skip
        monkeypatch.setattr(place, stop)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_command_lines(idle, capsys):
    for chance in lots("commands"):
        words = shlex.split(chance.choice(COMMANDS).replace("FILE", str(idle / "file")))
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(words))
            other = chance.choice([chance.choice(ODD), chance.choice(shlex.split(chance.choice(COMMANDS)))])
            words[at : at + chance.randrange(2)] = [other]
        (idle / "file").write_text(chance.choice(ODD))
        try:
            code = main(words)
        except SystemExit as ended:  # of argparse
            code = ended.code
        told = capsys.readouterr().err
        assert code in (0, 2, 130) and "Traceback" not in told, (words, told)
        assert not list(idle.rglob("*.part")) and not [path for path in idle.rglob(".*") if path.is_file()], words


def test_addresses():
    names = [*setting.KINDS, *curves.to_strings(curves.CurveSetting()), "unknown"]
    for chance in lots("addresses"):
        query = {chance.choice(names): chance.choice(ODD) for _ in range(chance.randrange(1, 5))}
        refused_or_done(lambda: setting.from_query(query))  # noqa: B023 - called at once
        refused_or_done(lambda: curves.from_strings(query))  # noqa: B023
        text = broken(json.dumps(query).encode(), chance).decode(errors="replace")
        refused_or_done(lambda: setting.read(text))  # noqa: B023


def odd_value(chance: random.Random, depth: int = 0) -> object:
    simple = [None, True, -1, 0, 1e308, float("nan"), "", *ODD]
    if depth > 2 or chance.random() < 0.6:
        return chance.choice(simple)
    inner = [odd_value(chance, depth + 1) for _ in range(chance.randrange(4))]
    return inner if chance.random() < 0.5 else {str(chance.choice(simple)): value for value in inner}


def test_cards(tiny_zoo, tmp_path, monkeypatch):
    """A damaged card hides no other, and its net is not opened."""
    name = NetName("scenes", "clean")
    found = zoo.find(name)
    whole = {"card": found.path.with_suffix(".json").read_text(), "net": found.path.read_bytes()}
    others = set(cards.cards()[0]) - {str(name)}
    for number, chance in enumerate(lots("cards")):
        home = tmp_path / str(number)
        path = home / found.path.relative_to(tiny_zoo)
        path.parent.mkdir(parents=True)
        card = json.loads(whole["card"])
        if chance.random() < 0.5:
            card[chance.choice(list(card))] = odd_value(chance)
            text = json.dumps(card)
        else:
            text = broken(whole["card"].encode(), chance).decode(errors="replace")
        path.with_suffix(".json").write_text(text)
        path.write_bytes(whole["net"])
        monkeypatch.setenv("PEARL_ZOO", str(home))
        monkeypatch.setattr(zoo, "_opened", {})
        refused_or_done(lambda: zoo.find(name))
        by_name, _ = cards.cards()
        refused_or_done(lambda: cards.table(by_name))  # noqa: B023
        monkeypatch.setenv("PEARL_ZOO", str(tiny_zoo))
    assert others


def test_stores(tmp_path):
    """Altered values are dropped, never handed on."""
    facts, images = {"of": "a test"}, [f"image {i}" for i in range(4)]
    values = {"confusion": np.arange(4 * 19 * 3).reshape(4, 19, 3), "psnr": np.linspace(20, 30, 4)}
    for number, chance in enumerate(lots("stores")):
        store = Store(tmp_path / f"{number}.sqlite")
        store.add(facts, images, values)
        with sqlite3.connect(store.path) as connection:
            rows = connection.execute("SELECT image, name, value FROM statistics").fetchall()
            image, name, value = chance.choice(rows)
            blob = broken(value, chance)
            connection.execute("UPDATE statistics SET value = ? WHERE image = ? AND name = ?", (blob, image, name))
        connection.close()
        refused_or_done(lambda: store.read(address_of(facts), ("confusion", "psnr")))  # noqa: B023
        known = store.read(address_of(facts), ("confusion", "psnr"))
        for key, seen in known.items():
            for what, array in seen.items():
                assert np.array_equal(array, values[what][images.index(key)]), "an altered value was handed on"


def test_checkpoints(tmp_path):
    weights = {"conv.weight": torch.rand(4, 3, 3, 3), "conv.bias": torch.rand(4)}
    buffer = io.BytesIO()
    torch.save(weights, buffer)
    odd = {
        "integer keys": {1: torch.rand(2)}, "sparse": {"a": torch.rand(3, 3).to_sparse()}, "list": [torch.rand(2)],
        "complex": {"a": torch.rand(2, dtype=torch.complex64)}, "meta": {"a": torch.empty(2, device="meta")},
    }  # fmt: skip
    kinds = [("net.pth", buffer.getvalue()), ("net.safetensors", safetensors(weights))]
    for contents in odd.values():
        held = io.BytesIO()
        torch.save(contents, held)
        kinds.append(("odd.pth", held.getvalue()))
    for chance in lots("checkpoints"):
        name, data = chance.choice(kinds)
        path = tmp_path / name
        path.write_bytes(broken(data, chance) if chance.random() < 0.8 else data)
        refused_or_done(lambda: checkpoints.read(path))  # noqa: B023


def test_pictures_and_labels(tmp_path):
    pixels = np.random.RandomState(0).randint(256, size=(40, 56, 3), dtype=np.uint8)
    made = {}
    for ending, image in {
        "png": Image.fromarray(pixels), "jpg": Image.fromarray(pixels), "gif": Image.fromarray(pixels[..., 0]),
        "tiff": Image.fromarray(pixels), "webp": Image.fromarray(pixels), "bmp": Image.fromarray(pixels),
    }.items():  # fmt: skip
        buffer = io.BytesIO()
        image.save(buffer, {"jpg": "jpeg"}.get(ending, ending))
        made[ending] = buffer.getvalue()
    for chance in lots("pictures"):
        ending = chance.choice(list(made))
        data = broken(made[ending], chance)
        refused_or_done(lambda: uploads.fitted(uploads.decoded(data, f"mine.{ending}")))  # noqa: B023
        path = Path(tmp_path / f"picture.{ending}")
        path.write_bytes(data)
        refused_or_done(lambda: files.read_image(path))  # noqa: B023
        refused_or_done(lambda: files.read_labels(path))  # noqa: B023
