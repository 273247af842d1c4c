"""The dials of the picture: a data set's, or one of the visitor's own, and the rain on it."""

from __future__ import annotations

import os
from typing import NamedTuple

import dials
import memory
import numpy as np
import say
import streamlit as st

from lab.data import dataset, reader, uploads
from lab.data.titles import title
from lab.system.words import DIALS, HELP, KEPT, KEPT_HELP, NOT_SHOWN, SHARED_PICTURE
from lab.view import choices
from lab.view.setting import LIMITS


class Photographed(NamedTuple):
    """Which picture in which rain, as dialled."""

    parts: dict  # of the setting
    size: tuple[int, int]  # (H, W)
    own: np.ndarray | None  # the visitor's own picture
    root: str | None  # where the data lies
    refused: str  # why a file that was given is not shown, and what is; "" where none was refused


class Own(NamedTuple):
    """A picture that the visitor uploaded; it stays for all pages until the visitor removes it."""

    name: str
    pixels: np.ndarray  # (H, W, 3) uint8


def photo() -> Photographed:
    """The picture and its rain."""
    st.subheader("Picture", anchor=False)
    options = choices.datasets()
    why = f"{say.one_of(options)}, which have trained networks here"
    name = dials.pick("dataset", options, HELP["dataset"], why, format_func=title)
    parts = {"dataset": name} | split(name)
    root = None if reader(name).built_in else folder(HELP["data_root"])
    (own, refused), data = upload(), dataset(name, parts["split"], data_root=root)
    if own is not None:
        refused = refused and NOT_SHOWN.format(refused=refused, shown=own.name)
        parts |= {"image": uploads.digest(own.pixels)}
        return Photographed(parts | rain(), own.pixels.shape[:2], own.pixels, root, refused)
    index = dials.count("index", 0, len(data) - 1, HELP["index"])
    refused = refused and NOT_SHOWN.format(refused=refused, shown=f"picture {index} of {title(name)}")
    return Photographed(parts | {"index": index} | rain(), data.size, None, root, refused)


def split(name: str) -> dict:
    """Which part of the data set; the usual one goes without saying."""
    usual, options = reader(name).default_split, reader(name).splits
    memory.placed("split", usual, options.__contains__, say.one_of(options))
    chosen = st.selectbox(DIALS["split"], options, key="split", help=HELP["split"])
    return {"split": None if chosen == usual else chosen}


def folder(help: str) -> str | None:
    """Where the data lies. Nobody but the visitor names it: an address that did would list folders for its author."""
    memory.placed("data_root", "")
    usual = "as PEARL_DATA says" if os.environ.get("PEARL_DATA") else None
    return st.text_input(DIALS["data_root"], key="data_root", placeholder=usual, help=help) or None


def rain() -> dict:
    low, high = map(float, LIMITS["amount"])
    return {
        "amount": dials.slide("amount", low, high, 0.05, HELP["amount"]),
        "angle": dials.slide("angle", *map(float, LIMITS["angle"]), 1.0, HELP["angle"]),
        "rain_seed": dials.count("rain_seed", 0, 2**31, HELP["rain_seed"], placeholder="as in the tables"),
    }


# ---- a picture of one's own ----


def upload() -> tuple[Own | None, str]:
    """The visitor's own picture, where it is to be shown, and why a newer file is none; then the one before stays."""
    state, refused = st.session_state, ""
    given = st.file_uploader(DIALS["image"], help=HELP["image"], key="upload", on_change=taken_back)  # refused below
    if given is not None and given.file_id != state.get("own_file"):
        try:
            picture = Own(given.name, decoded(given.getvalue(), given.name))
        except ValueError as error:
            refused = str(error)
        else:
            state.own, state.own_file = picture, given.file_id
            memory.turn(image=uploads.digest(picture.pixels))
    own, asked = state.get("own"), memory.turned().get("image")
    shown = own is not None and asked == uploads.digest(own.pixels)
    if asked and not shown:
        say.info(SHARED_PICTURE)
    if own is not None and (given is None or not shown):
        at_hand(own, shown)
    return own if shown else None, refused


def at_hand(own: Own, shown: bool) -> None:
    """A picture that was uploaded on another page, or that the visitor went back from."""
    say.caption(KEPT[shown].format(name=own.name))
    if shown:
        st.button("Remove your picture", on_click=forget, help=KEPT_HELP[shown])
    else:
        digest = uploads.digest(own.pixels)
        st.button("Show your picture", on_click=memory.turn, kwargs={"image": digest}, help=KEPT_HELP[shown])


def taken_back() -> None:
    """The visitor took the file out of its field; going to another page empties the field, too, but calls nobody."""
    if st.session_state.upload is None:
        forget()


def forget() -> None:
    for key in ("own", "own_file"):
        st.session_state.pop(key, None)
    memory.turn(image=None)


@st.cache_data(max_entries=8, show_spinner=False)
def decoded(data: bytes, name: str) -> np.ndarray:
    return uploads.fitted(uploads.decoded(data, name))
