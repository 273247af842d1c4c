"""Measuring in other processes: the same bytes whoever measures, nothing lost when one is killed, nobody left over."""

import io
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
import torch

from lab.data import scenes
from lab.measure import spread
from lab.measure.live import measured
from lab.measure.measuring import missing, run
from lab.measure.store import Store
from lab.measure.trial import Trial, cells_of
from lab.system import pool as pools
from lab.system import progress
from lab.system.pool import pool, wanted

from .. import work

ROOT = Path(__file__).resolve().parents[3]
TRIALS = [
    Trial(method, attack=attack, eps=8, steps=steps, threat="adaptive", images=8)
    for method in ("seg", "pearl") for attack in ("bim", "pgd") for steps in (1, 2)
] + [Trial("pearl", images=6)]  # fmt: skip


@pytest.fixture(autouse=True)
def one_thread():
    """The number of threads decides how sums are rounded: the same here and in every worker."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def contents(store: Store) -> list[tuple]:
    with sqlite3.connect(store.path) as connection:
        tables = [connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2") for name in ("cells", "statistics")]
        return [sorted(table) for table in tables]


@pytest.fixture
def here(tiny_zoo, tmp_path):
    """What the store holds after everything was measured in this process."""
    store = Store(tmp_path / "here.sqlite")
    run(TRIALS, store=store, quiet=True, processes=1)
    return contents(store)


@pytest.mark.parametrize(("workers", "world"), [(1, work.tiny_world), (2, work.fragile_world), (3, work.tiny_world)])
def test_the_store_holds_the_same_bytes_however_many_measure(workers, world, here, tmp_path, monkeypatch, capfd):
    """Also where one of two is killed over its first batch: that is noticed, and the batch is done again."""
    monkeypatch.setenv(work.ONCE, str(tmp_path / "once"))
    store = Store(tmp_path / "there.sqlite")
    with pool(workers, initializer=world) as executor:
        run(TRIALS, store=store, quiet=True, executor=executor)
    assert contents(store) == here
    told = [line for line in capfd.readouterr().err.splitlines() if "died (signal 9) over images" in line]
    assert len(told) == (world is work.fragile_world)
    assert all("of scenes test" in line for line in told)


class Cluster:
    """No `Executor`, but it has `submit`: works when it likes, in any order, in a thread of its own."""

    def __init__(self):
        self.given = []

    def submit(self, function, *arguments):
        future = Future()
        self.given.append((future, function, arguments))
        if len(self.given) == 1:
            threading.Timer(0.3, self.work).start()
        return future

    def work(self):
        for future, function, arguments in random.Random(0).sample(self.given, len(self.given)):
            future.set_running_or_notify_cancel()
            future.set_result(function(*arguments))


class Fussy(Executor):
    """Refuses whatever is no plain text, number or tuple of such: no nets, no pictures leave the parent."""

    def submit(self, function, /, *arguments, **options):
        from multiprocessing.reduction import ForkingPickler

        assert len(ForkingPickler.dumps((function, arguments, options))) < 10_000
        future = Future()
        future.set_result(function(*arguments))
        return future


@pytest.mark.parametrize("make", [Cluster, Fussy, lambda: ThreadPoolExecutor(3)], ids=["cluster", "fussy", "threads"])
def test_an_executor_of_any_kind_takes_the_place_of_the_pool(make, here, tmp_path):
    store = Store(tmp_path / "there.sqlite")
    run(TRIALS, store=store, quiet=True, executor=make())
    assert contents(store) == here


def test_a_worker_that_sees_other_pictures_is_refused_in_one_line(tiny_zoo, tmp_path):
    class Elsewhere(Executor):
        def submit(self, function, /, *arguments):
            future = Future()
            try:
                with pytest.MonkeyPatch.context() as patched:
                    patched.setattr(scenes, "LENGTHS", {"train": 6, "val": 3, "test": 16})
                    future.set_result(function(*arguments))
            except ValueError as error:
                future.set_exception(error)
            return future

    store = Store(tmp_path / "there.sqlite")
    spread._data.clear()
    with pytest.raises(ValueError, match=r"^a worker found other nets, other pictures") as caught:
        run(TRIALS[:1], store=store, quiet=True, executor=Elsewhere())
    assert "\n" not in str(caught.value)
    spread._data.clear()


def test_what_was_finished_before_an_error_or_ctrl_c_is_kept(tiny_zoo, tmp_path, monkeypatch):
    store = Store(tmp_path / "there.sqlite")

    class Interrupted(Executor):
        """One batch is done when Ctrl-C comes, the others have not begun."""

        def __init__(self):
            self.futures = []

        def submit(self, function, /, *arguments):
            self.futures.append(Future())
            if len(self.futures) == 1:
                self.futures[0].set_result(function(*arguments))
            return self.futures[-1]

    def interrupt(futures):
        raise KeyboardInterrupt

    executor = Interrupted()
    monkeypatch.setattr(spread, "as_completed", interrupt)
    before = len(list(missing(cells_of(TRIALS, None), store)))
    with pytest.raises(KeyboardInterrupt):
        run(TRIALS, store=store, quiet=True, executor=executor)
    assert len(list(missing(cells_of(TRIALS, None), store))) == before - 1
    assert all(future.cancelled() for future in executor.futures[1:])


def test_who_watches_still_measures_in_this_process(tiny_zoo, tmp_path, monkeypatch):
    monkeypatch.setenv(pools.PROCESSES, "2")
    monkeypatch.setattr("lab.measure.measuring.pool", None)
    steps = list(measured(TRIALS[:2], store=Store(tmp_path / "there.sqlite")))
    assert sum(step.rows is not None for step in steps) == 2


# ---- the pool ----


def test_the_pool_survives_its_workers(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv(work.ONCE, str(tmp_path / "once"))
    torch.set_num_threads(2)
    with pool(2) as executor:
        slow, killed = executor.submit(work.double, 4, seconds=1), executor.submit(work.dies_once, 7)
        assert (killed.result(), slow.result()) == (7, 8)
        assert executor.submit(work.threads).result() == 1
        assert str(executor.submit(work.fails, "no such picture").exception()) == "no such picture"
        with pytest.raises(ChildProcessError, match=r"^3 worker processes died \(signal 9\) over dies; where memory"):
            executor.submit(work.dies).result()
        assert executor.submit(work.double, 1).result() == 2
    assert capfd.readouterr().err.count("died (signal 9)") == 1 + 2
    with pytest.raises(RuntimeError, match="shut down"):
        executor.submit(work.double, 1)


def test_an_error_stops_the_others_who_tidy_up(tmp_path):
    path = tmp_path / "draft"
    with pytest.raises(ValueError, match="no such picture"), pool(1) as executor:
        running, waiting = executor.submit(work.leaves_a_file, str(path)), executor.submit(work.double, 1)
        until(path.exists)
        raise ValueError("no such picture")
    assert waiting.cancelled() and isinstance(running.exception(), ChildProcessError)
    assert not path.exists()
    assert executor.workers == set()


def until(true, seconds=60.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def alive(number: int) -> bool:
    """Whether the process runs, and is not only remembered."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
@pytest.mark.parametrize("how", ["ctrl-c", "kill -9"])
def test_no_process_stays_behind(how):
    words = [sys.executable, "-m", "tests.lab.work"]
    program = subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    numbers = [int(word) for word in program.stdout.readline().split()]
    assert len(set(numbers)) == 3 and numbers[-1] == program.pid and all(map(alive, numbers))
    if how == "ctrl-c":
        os.killpg(program.pid, signal.SIGINT)  # what a terminal does: to all of them at once
    else:
        program.kill()
    told, wrong = program.communicate(timeout=60)  # ends when nobody holds the pipes any more
    until(lambda: not any(map(alive, numbers)))
    assert wrong == ""
    assert told == ("interrupted\n" if how == "ctrl-c" else "")


@pytest.mark.parametrize("processes", [0, -1])
def test_a_number_below_1_is_refused(processes):
    with pytest.raises(ValueError, match=rf"^wanted 1 process or more, got {processes}$"), pool(processes):
        pass


@pytest.mark.parametrize("words", ["0", "-1", "two", "1.5"])
def test_the_environment_names_a_number(words, monkeypatch):
    monkeypatch.setenv(pools.PROCESSES, words)
    with pytest.raises(ValueError, match=rf"^wanted 1 process or more in PEARL_PROCESSES, got '{words}'$"):
        wanted()


def test_processes_start_only_where_they_pay(monkeypatch):
    monkeypatch.delenv(pools.PROCESSES, raising=False)
    monkeypatch.setenv("PEARL_DEVICE", "cpu")
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    much = [spread.WORTH] * 9
    assert spread.processes_for(much, 64 * 128) == 2
    assert spread.processes_for(much[:1], 64 * 128) == 1, "little is to be done"
    assert spread.processes_for(much, 512 * 1024) == 1, "large pictures keep two threads busy and need the memory"
    assert spread.processes_for(much, None) == 1
    assert spread.processes_for([], 0) == spread.processes_for([], 0, 4) == 1
    assert spread.processes_for(much, 512 * 1024, 3) == 3, "as asked"
    monkeypatch.setenv(pools.PROCESSES, "4")
    assert spread.processes_for(much, 64 * 128) == 4
    assert spread.processes_for(much[:2], 64 * 128) == 2


# ---- progress ----


def test_without_a_terminal_progress_is_lines(monkeypatch):
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    monkeypatch.setattr(progress, "EVERY", 0.02)
    for _ in progress.bar(range(4), what="measuring", unit="pass"):
        time.sleep(0.03)
    lines = log.getvalue().splitlines()
    assert 2 <= len(lines) <= 5
    assert lines[0].startswith("measuring:  25% (1 of 4), ") and lines[0].endswith(" left") and "pass/s" in lines[0]
    assert lines[-1].startswith("measuring: 100% (4 of 4)")
    assert len(set(lines)) == len(lines)
    assert "\r" not in log.getvalue()


def test_short_work_and_quiet_work_say_nothing(monkeypatch):
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    list(progress.bar(range(4), what="measuring", unit="pass"))
    monkeypatch.setattr(progress, "EVERY", 0.0)
    list(progress.bar(range(4), what="measuring", unit="pass", disable=True))
    assert log.getvalue() == ""


def test_a_terminal_gets_a_bar_and_a_worker_does_not(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    assert progress.watched()
    monkeypatch.setenv(progress.WORKER, "worker 0")
    assert not progress.watched()


def test_papermill_shows_progress_while_it_runs(tmp_path):
    """With --log-output, which passes on what the kernel writes."""
    code = ["import time", "from lab.system import progress", "progress.EVERY = 0.1",
            "for _ in progress.bar(range(20), what='measuring', unit='pass'): time.sleep(0.2)"]  # fmt: skip
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("\n".join(code))])
    nbformat.write(notebook, tmp_path / "long.ipynb")
    words = ["papermill", "--log-output", "-k", "python3", str(tmp_path / "long.ipynb"), str(tmp_path / "out.ipynb")]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    with subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as program:
        lines = [line for line in program.stderr if line.startswith("measuring:") and program.poll() is None]
    assert program.returncode == 0
    assert len(lines) > 3 and lines[0].rstrip().endswith(" left")
