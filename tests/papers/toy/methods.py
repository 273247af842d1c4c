"""One method, which only derains."""

from __future__ import annotations

from lab.nets.methods import METHODS, Method

METHODS.add("toy", Method("Toy", "Removes the rain and segments nothing.", "toy_noise", None, "#0f766e", "x", "\\\\"))
