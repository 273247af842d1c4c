"""The result store: whole batches or nothing, shared, never silent about a file that is not one."""

import multiprocessing
import sqlite3

import numpy as np
import pytest

from lab.measure.store import Store, address_of

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


def add_many(path, name):
    for number in range(20):
        Store(path).add(FACTS, [f"{name}{number}"], {"psnr": np.array([float(number)])})


def test_several_processes_write_at_once(tmp_path):
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=add_many, args=(tmp_path / "r.sqlite", name)) for name in "abc"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert len(Store(tmp_path / "r.sqlite").read(address_of(FACTS), ["psnr"])) == 60
