"""The result store: whole batches or nothing, shared, never silent about a file that is not one."""

import io
import multiprocessing
import sqlite3
from contextlib import closing

import numpy as np
import pytest

from lab.measure.store import SCHEMA, Store, address_of

FACTS = {"victim": ["a"], "attack": None}


def test_what_is_added_is_read_back_exactly(tmp_path):
    store = Store(tmp_path / "r.sqlite")
    counts = np.arange(24).reshape(2, 4, 3)
    store.add(FACTS, ["x", "y"], {"confusion": counts, "psnr": np.array([np.inf, 3.25])})
    stored = store.read(address_of(FACTS), ["confusion", "psnr"])
    assert np.array_equal(stored["y"]["confusion"], counts[1])
    assert stored["x"]["psnr"] == np.inf


def test_an_image_counts_as_known_only_with_every_statistic(tmp_path):
    store = Store(tmp_path / "r.sqlite")
    store.add(FACTS, ["x"], {"psnr": np.array([1.0])})
    assert store.read(address_of(FACTS), ["psnr", "ssim"]) == {}


def test_the_address_depends_on_every_fact_and_not_on_their_order():
    assert address_of({"a": 1, "b": 2}) == address_of({"b": 2, "a": 1})
    assert address_of({"a": 1, "b": 2}) != address_of({"a": 1, "b": 3})


def test_a_failing_batch_leaves_nothing_behind(tmp_path):
    store = Store(tmp_path / "r.sqlite")
    with pytest.raises(IndexError):
        store.add(FACTS, ["x", "y"], {"psnr": np.array([1.0])})
    with pytest.raises(RuntimeError), store.connected() as connection:
        connection.execute("INSERT INTO statistics VALUES ('a', 'x', 'psnr', x'00')")
        raise RuntimeError
    assert store.read("a", ["psnr"]) == {}


def test_a_foreign_file_is_one_line(tmp_path):
    (tmp_path / "r.sqlite").write_bytes(b"this is a text file, not a data base" * 50)
    with pytest.raises(OSError, match=r"result store .*r\.sqlite cannot be used") as caught:
        Store(tmp_path / "r.sqlite").read("a", ["psnr"])
    assert "\n" not in str(caught.value)


def test_a_full_disk_is_one_line_and_the_store_stays_whole(tmp_path, monkeypatch):
    store = Store(tmp_path / "r.sqlite")
    store.add(FACTS, ["x"], {"psnr": np.array([1.0])})
    connect = sqlite3.connect

    def small(*arguments, **options):
        connection = connect(*arguments, **options)
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages}")
        return connection

    with monkeypatch.context() as patched:
        patched.setattr(sqlite3, "connect", small)
        with pytest.raises(OSError, match="disk is full"):
            store.add(FACTS, ["y"], {"confusion": np.zeros((1, 500, 300))})
    assert list(store.read(address_of(FACTS), ["psnr"])) == ["x"]


# ---- values that are not what was written ----


def altered(store, change, where="1"):
    """Every value that meets the condition, changed behind the store's back."""
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.create_function("changed", 1, change)
        connection.execute(f"UPDATE statistics SET value = changed(value) WHERE {where}")


def saved(array):
    """An array as NumPy writes it, and earlier versions of the store wrote it."""
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def of_objects():
    """What NumPy would unpickle."""
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "|O", "fortran_order": False, "shape": (1,)})
    return buffer.getvalue() + b"\x80\x04N."


def before_checksums(path):
    """A store as earlier versions made it."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(SCHEMA)
        for image in "xyz":
            for name, value in (("psnr", np.float32(3.5)), ("confusion", np.arange(6).reshape(2, 3))):
                row = address_of(FACTS), image, name, saved(value)
                connection.execute("INSERT INTO statistics VALUES (?, ?, ?, ?)", row)
    return Store(path)


SHAPES = {"psnr": (), "confusion": (2, 3)}
DAMAGE = {
    "other numbers": lambda value: saved(np.float32(99)),
    "no number": lambda value: saved(np.float32("nan")),
    "another shape": lambda value: saved(np.ones((4, 4))),
    "a flipped bit": lambda value: value[:-9] + bytes([value[-9] ^ 64]) + value[-8:],
    "a flipped bit of the header": lambda value: value[:30] + bytes([value[30] ^ 1]) + value[31:],
    "cut": lambda value: value[:-20],
    "longer": lambda value: value + b"more",
    "empty": lambda value: b"",
    "a pickle": lambda value: of_objects(),
    "words": lambda value: saved(np.array("99")),
    "text": lambda value: "99",
    "a number of the database": lambda value: 99,
}


@pytest.mark.parametrize("change", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_value_is_dropped_with_one_line_and_taken_again(store, capsys, change):
    for images in (["x"], ["y"]):
        store.add(FACTS, images, {"psnr": np.float32([3.5]), "confusion": np.arange(6).reshape(1, 2, 3)})
    altered(store, change, "name = 'psnr' AND image = 'x'")
    fresh = Store(store.path)
    for _ in range(2):
        assert list(fresh.read(address_of(FACTS), ["psnr", "confusion"], SHAPES)) == ["y"]
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and str(store.path) in said and "pickle" not in said
    assert list(Store(store.path).read(address_of(FACTS), ["confusion"])) == ["x", "y"]
    assert capsys.readouterr().err == "", "it was dropped, so that nobody hears of it again"
    store.add(FACTS, ["x"], {"psnr": np.float32([3.5])})
    assert store.read(address_of(FACTS), ["psnr"], SHAPES)["x"]["psnr"] == np.float32(3.5)


@pytest.mark.parametrize("place", ["image", "name", "address"])
def test_a_value_in_the_place_of_another_is_damaged(store, place):
    other = FACTS | {"attack": "pgd"}
    for facts in (FACTS, other):
        store.add(facts, ["x", "y"], {"psnr": np.float32([1, 2]), "ssim": np.float32([3, 4])})
    here = {"address": address_of(FACTS), "image": "x", "name": "psnr"}
    there = here | {place: {"address": address_of(other), "image": "y", "name": "ssim"}[place]}
    condition = " AND ".join(f"{name} = :{name}" for name in there)
    with closing(sqlite3.connect(store.path)) as connection, connection:
        value = connection.execute(f"SELECT value FROM statistics WHERE {condition}", there).fetchone()
        row = (*value, *here.values())
        connection.execute("UPDATE statistics SET value = ? WHERE address = ? AND image = ? AND name = ?", row)
    assert list(store.read(address_of(FACTS), ["psnr"])) == ["y"]


def test_a_store_that_can_only_be_read_is_read_past_its_damage(store, monkeypatch):
    store.add(FACTS, ["x", "y"], {"psnr": np.float32([1, 2])})
    altered(store, lambda value: b"", "image = 'x'")
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda path, **how: connect(f"file:{path}?mode=ro", uri=True, **how))
    assert list(store.read(address_of(FACTS), ["psnr"])) == ["y"]


def test_a_store_of_an_earlier_version_is_read_and_then_its_values_are_guarded(tmp_path, capsys):
    store = before_checksums(tmp_path / "r.sqlite")
    known = store.read(address_of(FACTS), ["psnr", "confusion"], SHAPES)
    assert sorted(known) == ["x", "y", "z"] and capsys.readouterr().err == ""
    assert known["z"]["psnr"] == 3.5 and np.array_equal(known["z"]["confusion"], np.arange(6).reshape(2, 3))
    altered(store, lambda value: saved(np.float32(99)), "name = 'psnr' AND image = 'y'")
    assert sorted(Store(store.path).read(address_of(FACTS), ["psnr"])) == ["x", "z"]


@pytest.mark.parametrize(
    "value", [np.float32("nan"), np.ones((3, 3), np.float32), np.array("99")], ids=["nan", "shape", "text"]
)
def test_what_cannot_be_right_in_a_store_of_an_earlier_version_is_taken_again(tmp_path, value):
    store = before_checksums(tmp_path / "r.sqlite")
    altered(store, lambda _: saved(value), "name = 'psnr' AND image = 'y'")
    assert sorted(store.read(address_of(FACTS), ["psnr"], SHAPES)) == ["x", "z"]
    store.add(FACTS, ["y"], {"psnr": np.float32(["nan"])})  # it is what it is
    assert np.isnan(store.read(address_of(FACTS), ["psnr"], SHAPES)["y"]["psnr"])


def test_a_store_of_an_earlier_version_that_can_only_be_read_is_read(tmp_path, monkeypatch):
    store, connect = before_checksums(tmp_path / "r.sqlite"), sqlite3.connect
    altered(store, lambda _: b"no array", "name = 'psnr' AND image = 'y'")
    monkeypatch.setattr(sqlite3, "connect", lambda path, **how: connect(f"file:{path}?mode=ro", uri=True, **how))
    assert sorted(store.read(address_of(FACTS), ["psnr"], SHAPES)) == ["x", "z"]


def test_earlier_versions_of_the_lab_read_what_this_one_writes(store):
    store.add(FACTS, ["x"], {"confusion": np.arange(6).reshape(1, 2, 3)})
    with closing(sqlite3.connect(store.path)) as connection:
        ((value,),) = connection.execute("SELECT value FROM statistics").fetchall()
    assert np.array_equal(np.load(io.BytesIO(value), allow_pickle=False), np.arange(6).reshape(2, 3))


def test_a_damaged_file_says_what_to_do_with_it(store):
    store.add(FACTS, ["x"], {"confusion": np.zeros((1, 90, 90))})
    data = bytearray(store.path.read_bytes())
    data[100:2000] = b"\xff" * 1900
    store.path.write_bytes(data)
    with pytest.raises(OSError, match=r"results\.sqlite cannot be used: .*; move it away to measure anew$"):
        store.read(address_of(FACTS), ["confusion"])


# ---- several at once ----


def add_many(path, name):
    for number in range(20):
        Store(path).add(FACTS, [f"{name}{number}"], {"psnr": np.array([float(number)])})


def test_several_processes_write_at_once_to_a_store_of_an_earlier_version(tmp_path):
    before_checksums(tmp_path / "r.sqlite")
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=add_many, args=(tmp_path / "r.sqlite", name)) for name in "abc"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert len(Store(tmp_path / "r.sqlite").read(address_of(FACTS), ["psnr"])) == 63
