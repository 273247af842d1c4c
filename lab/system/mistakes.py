"""What goes wrong by what a user gave, and how it is said: alike on the command line, in notebooks and on pages.

Such an error is told in a sentence. Any other is a fault of the lab, whose traceback is wanted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

MISTAKES = (ValueError, OSError, FloatingPointError, OverflowError, MemoryError, RecursionError, EOFError)
NO_MEMORY = "This machine does not have enough memory for that; use a smaller picture or fewer steps."


def caused(error: BaseException) -> bool:
    """Whether a user can have caused it."""
    return isinstance(error, MISTAKES) or out_of_memory(error)


def out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, of Python, or of torch on a graphics card or beside it; told without importing torch."""
    told = isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
    return isinstance(error, MemoryError) or told or type(error).__name__ == "OutOfMemoryError"


def sentence(error: BaseException) -> str:
    """What went wrong, in one line."""
    if isinstance(error, MemoryError):
        return NO_MEMORY
    words = next(iter(str(error).splitlines()), "")
    if words and isinstance(error, ValueError | OSError | FloatingPointError):
        return words
    return f"{type(error).__name__}: {words}".rstrip(": ")


@contextmanager
def reading(wanted: str) -> Iterator[None]:
    """Code of others reads what a user gave: whatever it raises is a ValueError of one line that says what was wanted.

    An OSError passes, as it names the file.
    """
    try:
        yield
    except OSError:
        raise
    except Exception as error:  # other people's code raises anything from AttributeError to RecursionError
        reason = " ".join(str(error).split()[:20]) or type(error).__name__
        raise ValueError(f"wanted {wanted}, got something else ({reason})") from None
