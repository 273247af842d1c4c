"""A stranger's file becomes a picture or one clear line; a picture that went out comes back to the byte."""

from __future__ import annotations

import hashlib
import io
import logging
import struct
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageFile, PngImagePlugin, features

from lab.data import uploads
from lab.data.files import MAX_PIXELS
from lab.data.uploads import FORMATS, MAX_BYTES, MIN_SIDE, decoded, digest, fitted, from_array, png

H, W = 40, 48
TURNS = {  # what a viewer does to the stored pixels, by EXIF orientation
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.swapaxes(0, 1),
    6: lambda p: np.rot90(p, -1),
    7: lambda p: p[::-1, ::-1].swapaxes(0, 1),
    8: lambda p: np.rot90(p),
}
LOSSLESS = {"PNG": {}, "WEBP": {"lossless": True}, "BMP": {}, "TIFF": {}}
webp = pytest.mark.skipif(not features.check("webp"), reason="this Pillow reads no WebP")
each_format = pytest.mark.parametrize("kind", [pytest.param(f, marks=webp if f == "WEBP" else ()) for f in FORMATS])


def picture(height: int = H, width: int = W, seed: int = 0) -> np.ndarray:
    """Noise on a slope: no side, turn or channel looks like another."""
    noise = np.random.default_rng(seed).integers(0, 60, (height, width, 3))
    slope = np.linspace(0, 100, height)[:, None, None] + np.linspace(0, 60, width)[None, :, None]
    return (noise + slope + [0, 15, 35]).astype(np.uint8)


def saved(image: Image.Image | np.ndarray, kind: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    (Image.fromarray(image) if isinstance(image, np.ndarray) else image).save(file, kind, **options)
    return file.getvalue()


def by_hand(rows: np.ndarray, depth: int, colour: int, *extra: tuple[bytes, bytes], size=None) -> bytes:
    """A PNG that Pillow would not write; rows are (H, bytes per row), `size` = (W, H) what its header claims."""
    width, height = size or (rows.shape[1] * 8 // depth // {0: 1, 2: 3, 4: 2, 6: 4}[colour], len(rows))
    data = b"".join(b"\0" + row.tobytes() for row in rows)
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)), *extra]
    chunks += [(b"IDAT", zlib.compress(data)), (b"IEND", b"")]
    parts = [struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d)) for t, d in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def bomb(side: int) -> bytes:
    """The header of a huge one-colour picture over a few bytes."""
    return by_hand(np.zeros((1, 8), np.uint8), 8, 2, size=(side, side))


def claiming(kind: str, side: int) -> bytes:
    """A small file of another format whose header claims side x side pixels."""
    data = bytearray(saved(picture(), kind))
    if kind == "GIF":
        data[6:10] = struct.pack("<HH", side, side)
    elif kind == "BMP":
        data[18:26] = struct.pack("<ii", side, side)
    else:
        start = data.index(b"\xff\xc0") + 5
        data[start : start + 4] = struct.pack(">HH", side, side)
    return bytes(data)


def tiff(*entries: tuple[int, int, int], pixels: bytes = bytes(W * H)) -> bytes:
    """A gray TIFF by hand: its tags (number, type 3 or 4, value) over those of a plain picture, then its pixels."""
    tags = {256: (4, W), 257: (4, H), 258: (3, 8), 259: (3, 1), 262: (3, 1), 277: (3, 1), 278: (4, H)}
    tags |= {273: (4, 8), 279: (4, len(pixels))} | {number: (kind, value) for number, kind, value in entries}
    directory = b"".join(struct.pack("<HHII", number, kind, 1, value) for number, (kind, value) in sorted(tags.items()))
    return (
        struct.pack("<2sHI", b"II", 42, 8 + len(pixels)) + pixels + struct.pack("<H", len(tags)) + directory + bytes(4)
    )


def spoilt(kind: str, **options) -> bytes:
    """A file whose headers are sound and whose pixels are not."""
    data = saved(picture(200, 200), kind, **options)
    return data[:1000] + b"spoilt" * 200 + data[2200:]


def exif(orientation: int) -> Image.Exif:
    held = Image.Exif()
    held[ExifTags.Base.Orientation] = orientation
    return held


def float_tiff() -> bytes:
    return saved(Image.fromarray(np.linspace(0, 1, H * W, dtype=np.float32).reshape(H, W)), "TIFF")


def refusal(call, *args, name: str = "the picture", **more) -> str:
    """The law of every refusal: one line, about the name, what was wanted and what came, and nothing of Pillow."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError) as caught:
            call(*args, **more)
    line = str(caught.value)
    assert type(caught.value) is ValueError and line.isprintable() and len(line) < 200
    assert line.startswith(f"{name}: wanted ") and ", got " in line
    assert caught.value.__cause__ is None and (caught.value.__context__ is None or caught.value.__suppress_context__)
    return line.removeprefix(f"{name}: wanted ")


# --- what is refused ------------------------------------------------------------------------------------------------

NONE_OF_THESE = "a picture as PNG, JPEG, WEBP, BMP, TIFF or GIF, got a file that is none of these, or damaged"
OTHER = "a picture as PNG, JPEG, WEBP, BMP, TIFF or GIF, got {}; export it as JPEG or PNG"
MANY = "at most 40,000,000 pixels, got "
DAMAGED = "a whole {} file, got one that is cut off or damaged"
REFUSED = {
    "no bytes": ("/tmp/me.png", "the bytes of a file, got str"),
    "empty": (b"", "a picture as PNG, JPEG, WEBP, BMP, TIFF or GIF, got an empty file"),
    "text": (b"Dear visitor,\nthis is no picture.\n" * 9, NONE_OF_THESE),
    "zeros": (bytes(4000), NONE_OF_THESE),
    "another format": (saved(picture(), "PPM"), NONE_OF_THESE),
    "an icon": (saved(picture(64, 64), "ICO"), NONE_OF_THESE),
    "a phone's HEIC": (b"\0\0\0\x18ftypheic" + bytes(400), OTHER.format("a HEIC file")),
    "a camera's HEIF": (b"\0\0\0\x24ftypmif1" + bytes(400), OTHER.format("a HEIC file")),
    "an AVIF": (b"\0\0\0\x20ftypavif" + bytes(400), OTHER.format("an AVIF file")),
    "a drawing": (b'<?xml version="1.0"?><svg></svg>' * 9, OTHER.format("an SVG file")),
    "a page": (b"%PDF-1.7\n" + bytes(400), OTHER.format("a PDF file")),
    "a film": (b"\0\0\0\x18ftypisom" + bytes(400), NONE_OF_THESE),
    "large file": (bytes(MAX_BYTES + 1), "a file of at most 20,000,000 bytes, got 20,000,001"),
    "header only": (saved(picture())[:20], NONE_OF_THESE),
    "half PNG": (saved(picture())[:3000], DAMAGED.format("PNG")),
    "half JPEG": (saved(picture(200, 200), "JPEG")[:3000], DAMAGED.format("JPEG")),
    "half GIF": (saved(picture(), "GIF")[:1500], DAMAGED.format("GIF")),
    "half BMP": (saved(picture(), "BMP")[:3000], DAMAGED.format("BMP")),
    "half TIFF": (tiff(pixels=bytes(99)), DAMAGED.format("TIFF")),
    "rubbish in a PNG": (spoilt("PNG"), DAMAGED.format("PNG")),
    "bomb": (bomb(20_000), MANY + "400,000,000"),
    "bomb Pillow warns of": (bomb(10_000), MANY + "10000 x 10000 (width x height)"),
    "bomb Pillow opens": (bomb(6_400), MANY + "6400 x 6400 (width x height)"),
    "JPEG bomb": (claiming("JPEG", 20_000), MANY + "400,000,000"),
    "GIF bomb": (claiming("GIF", 8_000), MANY + "8000 x 8000 (width x height)"),
    "BMP bomb": (claiming("BMP", 8_000), MANY + "8000 x 8000 (width x height)"),
    "TIFF bomb": (tiff((256, 4, 8000), (257, 4, 8000)), MANY + "8000 x 8000 (width x height)"),
    "TIFF tile bomb": (tiff((322, 4, 16384), (323, 4, 16384)), MANY + "a TIFF with tiles of 268,435,456"),
    "TIFF of 9999 channels": (tiff((277, 3, 9999)), NONE_OF_THESE),
    "small": (saved(picture(31, 400)), "sides of at least 32 pixels, got 400 x 31 (width x height)"),
    "narrow": (saved(picture(400, 31)), "sides of at least 32 pixels, got 31 x 400 (width x height)"),
    "floats": (float_tiff(), "8 or 16 bits per channel, gray or in colour, got floating-point pixels (mode F)"),
    "32-bit": (
        saved(Image.fromarray(np.full((H, W), 70_000, np.int32)), "TIFF"),
        "8 or 16 bits per channel, got gray levels from 70000 to 70000",
    ),
    "negative": (
        saved(Image.fromarray(np.full((H, W), -1, np.int32)), "TIFF"),
        "8 or 16 bits per channel, got gray levels from -1 to -1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("data, line", REFUSED.values(), ids=REFUSED)
def test_what_is_no_picture_is_refused_in_one_line_and_in_silence(data, line, capfd):
    assert refusal(decoded, data) == line
    assert refusal(decoded, data, "me at sea.png", name="me at sea.png") == line
    assert capfd.readouterr() == ("", "")


def test_rubbish_in_a_compressed_tiff_is_refused():
    """Not in silence: libtiff writes its complaint to stderr from C, where nobody but the server's owner sees it."""
    assert refusal(decoded, spoilt("TIFF", compression="tiff_lzw")) == DAMAGED.format("TIFF")


def test_a_name_of_several_lines_makes_no_message_of_several_lines():
    refusal(decoded, b"", "a\nb\r\nc\u2028d.png", name="a b c d.png")


def test_pillow_finds_a_listener_that_says_nothing():
    """Without one, Python prints the errors Pillow logs on stderr."""
    assert any(isinstance(handler, logging.NullHandler) for handler in logging.getLogger("PIL").handlers)


@pytest.mark.parametrize("kind", [k for k in REFUSED if k.startswith("half")])
def test_half_a_picture_is_refused_though_another_library_asked_for_mercy(kind, monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    refusal(decoded, REFUSED[kind][0])
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_wherever_it_is_cut_off(kind, monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    data = saved(picture(), kind)
    for end in range(1, len(data) - 40, 97):  # 40: a PNG's last chunk and checksums hold no pixels
        refusal(decoded, data[:end])


def test_many_threads_get_their_own_picture_or_refusal_and_leave_pillow_as_it_was(monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    filters = list(warnings.filters)
    files = [saved(picture(seed=seed)) for seed in range(8)]

    def attempt(i: int) -> bool:
        if i % 2:
            with pytest.raises(ValueError, match="cut off"):
                decoded(files[i % 8][: 2000 + 100 * (i % 8)])
            return True
        return bool((decoded(files[i % 8]) == picture(seed=i % 8)).all())

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(attempt, range(64)))
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True
    assert warnings.filters == filters


@pytest.mark.parametrize("limit", [None, 10**12])
def test_a_bomb_is_refused_though_another_library_took_pillows_alarm_off(limit, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    assert refusal(decoded, bomb(20_000)).endswith("got 20000 x 20000 (width x height)")


def test_a_bomb_is_refused_before_any_pixel_is_decoded(monkeypatch):
    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", lambda self: pytest.fail("decoded"))
    for side in (6_400, 10_000, 20_000):
        refusal(decoded, bomb(side))


@each_format
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_file_with_any_bytes_changed_or_cut_gives_a_picture_or_one_line(kind, data):
    file = bytearray(saved(picture(), kind, exif=exif(6)) if kind not in ("GIF", "BMP") else saved(picture(), kind))
    places = st.one_of(st.integers(0, 120), st.integers(0, len(file) - 1)).filter(lambda i: i < len(file))
    for place in data.draw(st.lists(places, max_size=6)):
        file[place] = data.draw(st.integers(0, 255))
    file = bytes(file[: data.draw(st.one_of(st.just(len(file)), st.integers(0, len(file))))])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            pixels = decoded(file)
    except ValueError:
        pixels = None
    if pixels is None:
        refusal(decoded, file)
    else:
        assert pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.dtype == np.uint8


# --- what is read ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [pytest.param(f, marks=webp if f == "WEBP" else ()) for f in LOSSLESS])
def test_a_lossless_file_is_read_to_the_byte(kind):
    pixels = decoded(saved(picture(), kind, **LOSSLESS[kind]))
    assert pixels.dtype == np.uint8 and pixels.flags.writeable and pixels.flags.c_contiguous
    np.testing.assert_array_equal(pixels, picture())


@each_format
def test_every_format_is_read(kind):
    smooth = np.asarray(Image.fromarray(picture()).resize((W, H), box=(0, 0, 8, 8)))
    assert np.abs(decoded(saved(smooth, kind)).astype(int) - smooth).mean() < 12


@pytest.mark.parametrize(
    "mode, kind, options",
    [
        ("1", "PNG", {}),
        ("L", "PNG", {}),
        ("P", "PNG", {}),
        ("L", "JPEG", {}),
        ("CMYK", "JPEG", {}),
        ("CMYK", "TIFF", {}),
        ("YCbCr", "TIFF", {}),
        ("RGBX", "TIFF", {}),
        ("L", "TIFF", {"compression": "tiff_lzw"}),
        ("P", "GIF", {}),
        ("P", "BMP", {}),
    ],
)
def test_every_mode_becomes_rgb(mode, kind, options):
    data = saved(Image.fromarray(picture()).convert(mode), kind, **options)
    np.testing.assert_array_equal(decoded(data), np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))


@pytest.mark.parametrize("kind", ["PNG", "TIFF", pytest.param("WEBP", marks=webp)])
@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_pixels_lie_on_white(mode, kind):
    alpha = np.repeat(np.array([[0, 128, 255]], np.uint8), 16, axis=1).repeat(H, 0)  # (H, W), in three stripes
    image = Image.fromarray(picture()).convert(mode)
    image.putalpha(Image.fromarray(alpha))
    if kind == "WEBP":
        mode, image = "RGBA", image.convert("RGBA")
    colours = np.asarray(image.convert("RGB")).astype(float)
    share = alpha[..., None] / 255
    pixels = decoded(saved(image, kind, **LOSSLESS[kind]))
    assert (pixels[:, :16] == 255).all()
    np.testing.assert_array_equal(pixels[:, 32:], colours[:, 32:])
    np.testing.assert_allclose(pixels, share * colours + (1 - share) * 255, atol=1)


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_transparent_colour_of_the_palette_lies_on_white(kind):
    image = Image.fromarray(np.arange(H * W, dtype=np.uint8).reshape(H, W) % 7, "L").convert("P")
    image.putpalette([v for i in range(7) for v in (10 * i, 20 * i, 30 * i)])
    indices = np.asarray(image)
    expected = indices[..., None] * np.array([10, 20, 30], np.uint8)
    np.testing.assert_array_equal(decoded(saved(image, kind)), expected)
    expected[indices == 3] = 255
    np.testing.assert_array_equal(decoded(saved(image, kind, transparency=3)), expected)


def test_half_transparent_colours_of_the_palette_lie_on_white():
    image = Image.fromarray((np.arange(H * W).reshape(H, W) % 3).astype(np.uint8)).convert("P")
    image.putpalette([0, 0, 0, 100, 0, 0, 0, 0, 200])
    pixels = decoded(saved(image, transparency=bytes([255, 0, 128])))
    assert pixels[0, 0].tolist() == [0, 0, 0] and pixels[0, 1].tolist() == [255] * 3
    np.testing.assert_allclose(pixels[0, 2], [127, 127, 227], atol=1)


def test_a_transparent_level_lies_on_white():
    gray, colour = np.full((H, W), 90, np.uint8), picture()
    gray[:9] = 30
    assert (decoded(saved(gray, transparency=30))[:9] == 255).all()
    assert (decoded(saved(gray, transparency=30))[9:] == 90).all()
    colour[:9] = 1, 2, 3
    assert (decoded(saved(colour, transparency=(1, 2, 3)))[:9] == 255).all()
    deep = by_hand(gray.astype(">u2").view(np.uint8), 16, 0, (b"tRNS", struct.pack(">H", 30)))
    assert (decoded(deep)[:9] == 255).all() and (decoded(deep)[9:] == 0).all()


def sixteen(kind: str, levels: np.ndarray) -> bytes:
    """A picture of these (H, W) levels, 0 to 65535, in a file of 16 bits per channel."""
    if kind == "gray PNG":
        return saved(levels.astype(np.uint16))
    if kind == "gray TIFF":
        return saved(levels.astype(np.uint16), "TIFF")
    if kind == "int TIFF":
        return saved(levels.astype(np.int32), "TIFF")
    if kind == "big-endian TIFF":
        return saved(Image.frombytes("I;16B", (W, H), levels.astype(">u2").tobytes()), "TIFF")
    opaque, colour = np.full_like(levels, 65535), {"RGB PNG": 2, "LA PNG": 4, "RGBA PNG": 6}[kind]
    planes = {2: [levels] * 3, 4: [levels, opaque], 6: [levels] * 3 + [opaque]}[colour]
    return by_hand(np.stack(planes, -1).astype(">u2").reshape(H, -1).view(np.uint8), 16, colour)


@pytest.mark.parametrize(
    "kind", ["gray PNG", "RGB PNG", "LA PNG", "RGBA PNG", "gray TIFF", "int TIFF", "big-endian TIFF"]
)
def test_sixteen_bits_are_scaled_to_eight_and_not_clipped(kind):
    eight = np.linspace(0, 255, H * W).astype(np.uint16).reshape(H, W)
    expected = np.stack([eight] * 3, -1)
    np.testing.assert_array_equal(decoded(sixteen(kind, eight * 257)), expected)  # 255 -> 65535, as most programs
    np.testing.assert_array_equal(decoded(sixteen(kind, eight * 256)), expected)  # 255 -> 65280, as cameras
    pixels = decoded(sixteen(kind, np.linspace(0, 65535, H * W).astype(np.uint16).reshape(H, W)))
    assert pixels.min() == 0 and pixels.max() == 255 and (np.diff(pixels[..., 0].ravel().astype(int)) >= 0).all()


@pytest.mark.parametrize("kind", ["GIF", "PNG", pytest.param("WEBP", marks=webp)])
def test_an_animation_gives_its_first_frame(kind):
    frames = [Image.new("RGB", (W, H), colour) for colour in ("red", "lime", "blue")]
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=50, **LOSSLESS.get(kind, {}))
    assert Image.open(io.BytesIO(data)).n_frames == 3
    assert (decoded(data) == [255, 0, 0]).all()


def test_a_phones_jpeg_that_holds_several_pictures_gives_the_first():
    data = saved(picture(), "MPO", save_all=True, append_images=[Image.new("RGB", (W, H))])
    np.testing.assert_array_equal(decoded(data), decoded(saved(picture(), "JPEG")))


ORIENTED = [("PNG", {}), ("JPEG", {}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"})]
ORIENTED += [pytest.param("WEBP", {"lossless": True}, marks=webp)]


@pytest.mark.parametrize("kind, options", ORIENTED)
@pytest.mark.parametrize("orientation", TURNS)
def test_a_camera_held_sideways_gives_an_upright_picture(kind, options, orientation):
    plain = decoded(saved(picture(), kind, **options))
    turned = decoded(saved(picture(), kind, exif=exif(orientation), **options))
    np.testing.assert_array_equal(turned, TURNS[orientation](plain))


def test_a_deep_gray_picture_is_upright_too():
    deep = np.arange(H * W, dtype=np.uint16).reshape(H, W) * 30
    np.testing.assert_array_equal(decoded(saved(deep, exif=exif(6))), TURNS[6](decoded(saved(deep))))


def raw_exif(*entries: tuple[int, int, int, int], count: int | None = None) -> bytes:
    """EXIF by hand: entries are (tag, type, count, value)."""
    body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(entries) if count is None else count) + body


BROKEN = {
    "rubbish": b"Exif\0\0" + bytes(range(7, 60)),
    "no header": b"Exif\0\0",
    "offset far away": b"Exif\0\0II*\0\xff\xff\xff\x7f",
    "more entries than there are": raw_exif((0x0132, 2, 20, 9), count=900),
    "unknown type": raw_exif((0x0112, 99, 1, 6)),
    "text for an orientation": raw_exif((0x0112, 2, 4, 0x41414141)),
    "orientation 0": raw_exif((0x0112, 3, 1, 0)),
    "orientation 77": raw_exif((0x0112, 3, 1, 77)),
    "divided by zero": raw_exif((0x011A, 5, 1, 4), (0x0128, 3, 1, 2)),
}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", pytest.param("WEBP", marks=webp)])
@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_broken_exif_costs_no_picture(kind, broken):
    options = LOSSLESS.get(kind, {})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pixels = decoded(saved(picture(), kind, exif=broken, **options))
    np.testing.assert_array_equal(pixels, decoded(saved(picture(), kind, **options)))


def test_an_orientation_among_broken_entries_still_counts():
    data = saved(picture(), "JPEG", exif=raw_exif((0x010F, 2, 9000, 4000), (0x0112, 3, 1, 6), (0x0132, 5, 1, 9)))
    np.testing.assert_array_equal(decoded(data), TURNS[6](decoded(saved(picture(), "JPEG"))))


def test_nothing_but_pixels_is_kept():
    secret = PngImagePlugin.PngInfo()
    secret.add_text("Author", "SECRET")
    data = saved(picture(), pnginfo=secret, exif=exif(3), dpi=(72, 72))
    assert b"SECRET" in data
    written = png(decoded(data))
    assert b"SECRET" not in written and Image.open(io.BytesIO(written)).info == {}


# --- fitted ---------------------------------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(height=st.integers(8, 400), width=st.integers(8, 400), most=st.integers(64, 60_000))
def test_what_is_fitted_stays_as_it_is_to_the_byte(height, width, most):
    pixels = picture(height, width)
    before = pixels.copy()
    if height * width > most and most * min(height, width) < 64 * max(height, width):  # scaled, under 8 on a side
        refusal(fitted, pixels, most)
        return
    small = fitted(pixels, most)
    h, w = small.shape[:2]
    assert small.dtype == np.uint8 and h % 8 == w % 8 == 0 and min(h, w) >= 8 and h * w <= most
    assert h <= height and w <= width
    np.testing.assert_array_equal(fitted(small, most), small)
    np.testing.assert_array_equal(pixels, before)
    assert not np.shares_memory(small, pixels)
    if min(h, w) >= MIN_SIDE:
        np.testing.assert_array_equal(fitted(decoded(png(small)), most), small)


@settings(max_examples=60, deadline=None)
@given(height=st.integers(60, 900), width=st.integers(60, 900), most=st.integers(2048, 10**6))
def test_the_aspect_is_kept_but_for_the_crop(height, width, most):
    """The scale of either side is the same: what the crop and whole pixels take is under 8 + 1."""
    pixels = np.broadcast_to(np.uint8(7), (height, width, 3))
    scale = min(1, (most / (height * width)) ** 0.5)
    assume(min(height, width) * scale >= 9)
    h, w = fitted(pixels, most).shape[:2]
    assert 0 <= height * scale - h < 9 and 0 <= width * scale - w < 9


def test_a_small_picture_is_only_cropped_around_its_centre():
    pixels = picture(45, 50)
    np.testing.assert_array_equal(fitted(pixels, 10**6), pixels[2:42, 1:49])
    np.testing.assert_array_equal(fitted(pixels[:40, :48], 40 * 48), pixels[:40, :48])


def test_a_large_picture_is_smoothed_not_sampled():
    checks = (np.indices((400, 400)).sum(0) % 2 * 255).astype(np.uint8)[..., None].repeat(3, 2)
    inside = fitted(checks, 100 * 100)[8:-8, 8:-8]
    assert inside.min() > 110 and inside.max() < 145


def test_a_picture_may_be_a_view():
    pixels = picture(90, 70)
    view = pixels.swapaxes(0, 1)[::-1, ::2]
    np.testing.assert_array_equal(fitted(view, 1000), fitted(view.copy(), 1000))
    np.testing.assert_array_equal(decoded(png(view)), view)
    assert digest(view) == digest(view.copy())


@pytest.mark.parametrize(
    "shape, most, line",
    [
        ((8, 4000), 1000, "within 1000 pixels, got 4000 x 8, which leaves 707 x 1"),
        ((7, 40), 1000, "within 1000 pixels, got 40 x 7, which leaves 40 x 7"),
        ((4000, 8), 1, "at least 64, got 1"),
        ((40, 40), 63, "at least 64, got 63"),
        ((40, 40), 1e6, "at least 64, got 1000000.0"),
        ((40, 40), True, "at least 64, got True"),
        ((40, 40), None, "at least 64, got None"),
    ],
)
def test_what_cannot_be_fitted_is_refused_in_one_line(shape, most, line):
    assert refusal(fitted, np.zeros((*shape, 3), np.uint8), most).endswith(line)


@pytest.mark.parametrize("function", [lambda p: fitted(p, 1000), digest, png], ids=["fitted", "digest", "png"])
@pytest.mark.parametrize(
    "pixels, line",
    [
        (np.zeros((40, 40), np.uint8), "(H, W, 3) uint8, got (40, 40) uint8"),
        (np.zeros((40, 40, 4), np.uint8), "(H, W, 3) uint8, got (40, 40, 4) uint8"),
        (np.zeros((2, 40, 40, 3), np.uint8), "(H, W, 3) uint8, got (2, 40, 40, 3) uint8"),
        (np.zeros((0, 40, 3), np.uint8), "(H, W, 3) uint8, got (0, 40, 3) uint8"),
        (np.zeros((40, 40, 3)), "(H, W, 3) uint8, got (40, 40, 3) float64"),
        (np.zeros((40, 40, 3), bool), "(H, W, 3) uint8, got (40, 40, 3) bool"),
        ([[[0, 0, 0]]], "a numpy array, got list"),
        (None, "a numpy array, got NoneType"),
    ],
)
def test_what_is_no_picture_of_the_lab_is_refused_in_one_line(function, pixels, line):
    assert refusal(function, pixels) == line


# --- digest, png ----------------------------------------------------------------------------------------------------


def test_a_digest_names_shape_and_pixels():
    zeros = np.zeros((32, 40, 3), np.uint8)
    assert digest(zeros) == hashlib.sha256(b"(32, 40, 3)" + bytes(32 * 40 * 3)).hexdigest()
    other = zeros.copy()
    other[31, 39, 2] = 1
    assert len({digest(zeros), digest(zeros.reshape(40, 32, 3)), digest(other)}) == 3


@settings(max_examples=40, deadline=None)
@given(height=st.integers(MIN_SIDE, 90), width=st.integers(MIN_SIDE, 90), seed=st.integers(0, 2**32 - 1))
def test_a_picture_that_went_out_comes_back_to_the_byte(height, width, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    back = decoded(png(pixels))
    np.testing.assert_array_equal(back, pixels)
    assert digest(back) == digest(pixels)


# --- from_array -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.uint8, np.float16, np.float32, np.float64, ">f4"])
@pytest.mark.parametrize("gray", [False, True])
def test_a_users_array_is_the_picture(dtype, gray):
    pixels = picture()
    pixels[0, :2] = [[0, 0, 0], [255, 255, 255]]
    given = pixels[..., 0] if gray else pixels
    got = from_array(given if dtype is np.uint8 else (given / 255).astype(dtype))
    expected = np.stack([given] * 3, -1) if gray else pixels
    np.testing.assert_array_equal(got, expected)
    assert got.dtype == np.uint8 and not np.shares_memory(got, pixels)


def test_every_level_survives_as_a_float():
    levels = np.arange(256).repeat(8).reshape(32, 64)
    for dtype in (np.float16, np.float32, np.float64):
        np.testing.assert_array_equal(from_array((levels / 255).astype(dtype))[..., 0], levels)


def changed(value: float) -> np.ndarray:
    image = np.full((H, W, 3), 0.5, np.float32)
    image[3, 4, 1] = value
    return image


@pytest.mark.parametrize(
    "image, line",
    [
        ([[0.5]], "a numpy array, got list"),
        (None, "a numpy array, got NoneType"),
        (Image.new("RGB", (W, H)), "a numpy array, got Image"),
        (np.zeros((H, W, 4), np.uint8), "got (40, 48, 4); image[..., :3] drops the alpha channel"),
        (np.zeros((3, H, W), np.uint8), "got (3, 40, 48)"),
        (np.zeros((H, W, 1), np.uint8), "got (40, 48, 1)"),
        (np.zeros((1, H, W, 3), np.uint8), "got (1, 40, 48, 3)"),
        (np.zeros(H, np.uint8), "got (40,)"),
        (np.zeros((0, W, 3)), "got 48 x 0 (width x height)"),
        (np.zeros((31, 90)), "sides of at least 32 pixels, got 90 x 31 (width x height)"),
        (np.broadcast_to(np.uint8(0), (20_000, 20_000)), "got 20000 x 20000 (width x height)"),
        (np.zeros((H, W, 3), bool), "got dtype bool"),
        (np.zeros((H, W, 3), np.int64), "got dtype int64"),
        (np.zeros((H, W, 3), np.uint16), "got dtype uint16"),
        (np.zeros((H, W, 3), complex), "got dtype complex128"),
        (np.full((H, W), None), "got dtype object"),
        (np.full((H, W), "a"), "got dtype <U1"),
        (np.zeros((H, W), "u1,u1"), "got dtype [('f0', 'u1'), ('f1', 'u1')]"),
        (changed(np.nan), "floats in [0, 1], got values from nan to nan"),
        (changed(np.inf), "floats in [0, 1], got values from 0.5 to inf"),
        (changed(-0.25), "floats in [0, 1], got values from -0.25 to 0.5"),
        (changed(255), "floats in [0, 1], got values from 0.5 to 255.0"),
        (changed(1.0000001), "floats in [0, 1], got values from 0.5 to 1.0000001"),
    ],
)  # fmt: skip
def test_what_is_no_users_array_is_refused_in_one_line(image, line):
    assert refusal(from_array, image).endswith(line)
    assert refusal(from_array, image, "your array", name="your array").endswith(line)


def test_the_limits_are_those_of_the_data_sets_and_said_once():
    assert uploads.MAX_PIXELS is MAX_PIXELS and (MAX_BYTES, MIN_SIDE) == (20_000_000, 32)
