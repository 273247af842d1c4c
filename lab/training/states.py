"""What a training keeps on the disk while it runs: a run that was killed goes on, and ends with the same net."""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from lab.nets.checkpoints import reason
from lab.system import disk
from lab.system.paths import plain

LATEST = 50  # losses whose mean is shown, and at the end is the final one


@dataclass
class Sitting:
    """What a card says of the whole training, which a state on disk keeps of the sittings before a kill."""

    earlier: float  # seconds
    losses: list[float]  # the latest
    made_by: dict[str, list]  # the code, the version of torch and the numbers of threads: every one that was in use

    @classmethod
    def after(cls, state: dict | None, code: str) -> Sitting:
        """A sitting that goes on from a state, or begins the training; states of earlier versions say less."""
        state, now = state or {}, {"git": code, "torch": str(torch.__version__), "threads": torch.get_num_threads()}
        before = state.get("made_by", {})
        made_by = {key: list(dict.fromkeys([*before.get(key, []), value])) for key, value in now.items()}
        return cls(state.get("seconds", 0.0), list(state.get("losses", [])), made_by)

    def seen(self, loss: float) -> float:
        """Take in the loss of a step; the mean of the latest."""
        self.losses = [*self.losses, loss][-LATEST:]
        return self.final_loss

    @property
    def final_loss(self) -> float | None:
        return float(np.mean(self.losses)) if self.losses else None

    def kept(self, seconds: float) -> dict:
        """For the state on disk, `seconds` after the sitting began."""
        return {"seconds": self.earlier + seconds, "losses": self.losses, "made_by": self.made_by}

    def told(self) -> dict:
        """For the card: a list where there are several."""
        made_by = {key: values[0] if len(values) == 1 else values for key, values in self.made_by.items()}
        return made_by | {"final_loss": self.final_loss}


# ---- on the disk ----


def keep(path: Path, state: dict) -> None:
    """Write a state, through memory: torch's own writer reports a full disk as no OSError."""
    torch.save(state, whole := io.BytesIO())
    with disk.written(path) as draft:
        draft.write_bytes(whole.getbuffer())


def forget(path: Path, facts: dict) -> None:
    """Delete the state of a finished run, which a kill at the very end left; one of other settings stays."""
    with suppress(ValueError):
        if resume(path, facts):
            path.unlink()


def resume(path: Path, facts: dict) -> dict | None:
    """The state a killed run left, if it was one of the same settings; a damaged one is an error, not a fresh start."""
    disk.sweep(path)
    if not path.exists():
        return None
    try:
        state = torch.load(plain(path), weights_only=True, map_location="cpu")
        saved = dict(state["facts"])
    except Exception as error:
        wrong = f"is not the state of a run, or is damaged{reason(error)}"
        raise ValueError(f"{path} {wrong}; delete it to start over") from None
    if other := changed(saved, facts):
        raise ValueError(f"{path} is the state of a run with another {', '.join(other)}; delete it to start over")
    return state


def changed(saved: dict, facts: dict) -> list[str]:
    """The settings that differ. A device stands among them only where it is no CPU."""
    return [key for key in {**facts, "device": None} if saved.get(key) != facts.get(key)]
