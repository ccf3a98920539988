"""Draw what the screen shows from the SVG files beside it: the icon atlases and the picture of the first page.

Run it after a change of an SVG file: `python tools/draw_assets.py`. Needs resvg_py (MPL-2.0) on the developer's machine
only; the pictures are in the repository. `--check` draws into memory and says which file is out of date.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from pathlib import Path

import resvg_py
from PIL import Image

ASSETS = Path(__file__).parents[1] / "appliance" / "ui" / "assets"
STROKES = {40: 3.4, 64: 3.0, 120: 2.4}
"""Icon size, px -> width of its lines in units of the 48 x 48 drawing: thinner where it is drawn large."""
LARGE = 120
"""This size is used one or two at a time: single files, because an atlas of it would take 7 MB of memory."""
PADDING = 2
COLUMNS = 8

NORMAL = {
    "ground": "#E3EBE0",
    "halo": "#F3EFDF",
    "table": "#CBD9CB",
    "leaf": "#3F8F5B",
    "leaf2": "#2C7550",
    "white": "#FFFFFF",
    "shade": "#D7E4DF",
    "green": "#055E47",
    "green2": "#9DBF5A",
    "bread": "#D9974B",
    "bag": "#D8B384",
    "bag2": "#C69C68",
    "label": "#FFFFFF",
    "cheese": "#F2B84B",
    "cheese2": "#FAD57E",
    "hole": "#DA9A2E",
    "dark": "#3B2E2A",
    "dark2": "#574540",
    "cream": "#F3E4C8",
    "bean": "#6B4A36",
    "red": "#C8372D",
}
LINES = {"crumb": ("#F1C48A", 6), "bars": ("#16211D", 4), "stem": ("#5B4636", 5)}


def stylesheet(theme: str) -> str:
    """Give the colours of a theme as CSS for the drawing's classes."""
    if theme == "high_contrast":
        fills = [f".{name}{{fill:#000000;stroke:#FFFFFF;stroke-width:3}}" for name in NORMAL]
        fills += [".ground,.table{fill:#000000;stroke:none}", ".halo{fill:#1A1A1A;stroke:none}"]
        lines = [f".{name}{{fill:none;stroke:#FFFFFF;stroke-width:3}}" for name in LINES]
        return "".join([*fills, *lines])
    fills = [f".{name}{{fill:{tone(colour, theme)}}}" for name, colour in NORMAL.items()]
    lines = [
        f".{name}{{fill:none;stroke:{tone(colour, theme)};stroke-width:{width}}}"
        for name, (colour, width) in LINES.items()
    ]
    lines.append(f".bean{{fill:none;stroke:{tone('#6B4A36', theme)};stroke-width:4}}")
    return "".join([*fills, *lines])


def tone(colour: str, theme: str) -> str:
    """Give a colour, half-way to grey in the calm theme."""
    if theme != "calm":
        return colour
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    grey = 0.3 * red + 0.59 * green + 0.11 * blue
    return "#" + "".join(f"{round(channel * 0.5 + grey * 0.5):02X}" for channel in (red, green, blue))


def png(picture: Image.Image) -> bytes:
    """Give the bytes of a PNG file."""
    stream = io.BytesIO()
    picture.save(stream, "PNG", optimize=True)
    return stream.getvalue()


def draw(svg: str, width: int, height: int, style: str | None = None) -> Image.Image:
    """Draw an SVG text."""
    data = resvg_py.svg_to_bytes(svg_string=svg, width=width, height=height, style_sheet=style, skip_system_fonts=True)
    return Image.open(io.BytesIO(data)).convert("RGBA")


def icon(file: Path, size: int) -> Image.Image:
    """Draw one icon as a white mask."""
    svg = file.read_text(encoding="utf-8").replace('stroke-width="3"', f'stroke-width="{STROKES[size]}"', 1)
    mask = draw(svg, size, size).getchannel("A")
    return Image.merge("RGBA", [Image.new("L", mask.size, 255)] * 3 + [mask])


def single_icons(size: int) -> list[tuple[str, Image.Image]]:
    """Draw every icon as a picture of its own."""
    return [(file.stem, icon(file, size)) for file in sorted((ASSETS / "icons").glob("*.svg"))]


def atlas(size: int) -> tuple[Image.Image, dict[str, list[int]]]:
    """Draw all icons at one size; give the atlas and the place of each: left, top, side, px from the top left."""
    files = sorted((ASSETS / "icons").glob("*.svg"))
    cell = size + 2 * PADDING
    rows = -(-len(files) // COLUMNS)
    sheet = Image.new("RGBA", (COLUMNS * cell, rows * cell), (255, 255, 255, 0))
    places = {}
    for i, file in enumerate(files):
        left, top = (i % COLUMNS) * cell + PADDING, (i // COLUMNS) * cell + PADDING
        sheet.paste(icon(file, size), (left, top))
        places[file.stem] = [left, top, size]
    return sheet, places


def everything() -> dict[Path, bytes]:
    """Draw every file."""
    files = {}
    index = {}
    for name, mask in single_icons(LARGE):
        files[ASSETS / f"icons-{LARGE}" / f"{name}.png"] = png(mask)
    for size in STROKES:
        if size == LARGE:
            continue
        sheet, places = atlas(size)
        files[ASSETS / f"icons-{size}.png"] = png(sheet)
        index[str(size)] = places
    files[ASSETS / "icons.json"] = (json.dumps(index, indent=None, sort_keys=True) + "\n").encode()
    scene = (ASSETS / "pictures" / "attract.svg").read_text(encoding="utf-8")
    for name, box, width, height in (
        ("landscape", "0 0 728 360", 728, 360),
        ("portrait", "-12 -56 752 416", 752, 416),
    ):
        svg = scene.replace('viewBox="0 0 728 360"', f'viewBox="{box}"')
        for theme in ("normal", "high_contrast", "calm"):
            picture = draw(svg, width, height, stylesheet(theme)).convert("RGB").quantize(96, dither=Image.Dither.NONE)
            files[ASSETS / "pictures" / f"attract.{name}.{theme}.png"] = png(picture)
    return files


def main() -> int:
    """Write the files, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is out of date")
    check = parser.parse_args().check
    old = [path for path, data in everything().items() if not path.exists() or path.read_bytes() != data]
    if check:
        sys.stdout.writelines(f"out of date: {path}\n" for path in old)
        return int(bool(old))
    for path, data in everything().items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
