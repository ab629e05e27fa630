"""Makes the pictures of this folder from real runs, in a real terminal: ``python -m screenshots.make``.

It uses the engine that mltui itself would use, with a home of its own that is removed afterwards; a first run builds
the image or the environment of the example profiles. ``gpu.png`` needs a GPU and is
taken by hand. Needs the extra ``screenshots`` (``pip install -e '.[test,screenshots]'``) and the font DejaVu Sans Mono
(on Debian: ``fonts-dejavu-core``).
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from tests.support.terminal import Terminal

if TYPE_CHECKING:
    import pyte
    from pyte.screens import Char

HERE = Path(__file__).parent
MLTUI = [sys.executable, "-m", "mltui"]
#: What is pasted for the picture of an import, as a terminal sends it.
PASTED = """\
docker run -d --rm --gpus '"device=0,1"' --name resnet \\
  --shm-size 16g -e HF_TOKEN=hf_example -e EPOCHS=90 \\
  -v $PWD/data:/data:ro -v cache:/root/.cache \\
  --restart unless-stopped \\
  nvcr.io/nvidia/pytorch:25.01-py3 python train.py --lr 0.1
""".replace("\n", "\r")
#: name of the picture → columns, rows, theme, keys to press on the way, and what is seen when all of it is there
PICTURES: dict[str, tuple[int, int, str, list[str], str]] = {
    "main": (120, 36, "mltui-dark", ["2"], r"best .* @ epoch"),
    "small-light": (80, 24, "mltui-light", ["2"], r"best .* @ epoch"),
    "profile": (120, 36, "mltui-dark", ["1", "j"], r"docker run"),
    "launch": (120, 36, "mltui-dark", ["1", "j", "enter"], r"Launch mnist-mlp.*docker run"),
    "editor": (120, 36, "mltui-dark", ["1", "j", "e"], r"✓ valid.*docker run"),
    "import": (120, 36, "mltui-dark", ["1", "I", f"\x1b[200~{PASTED}\x1b[201~"], r"✓ valid"),
    "crosshair": (
        120, 36, "mltui-dark", ["2", "j", "j", "5", "enter", *["right"] * 2, *["left"] * 7], r"loss @ epoch",
    ),
    "search": (120, 36, "mltui-dark", ["2", "j", "j", "6", "z", "/", *"val_loss: 0.3", "enter"], r"of \d+ +n N go on"),
    "inspect": (120, 36, "mltui-dark", ["2", "j", "i"], r"what it used.*docker build"),
    "wide": (200, 50, "mltui-dark", ["2"], r"best .* @ epoch.*machine CPU"),
}  # fmt: skip
_FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono{}.ttf"
_SIZE, _LEADING = 15, 4
_NAMED = {"black": "000000", "white": "d3d7cf", "default": "d5dae2"}
#: Bit of a braille character → column and row of its dot.
_DOTS = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))


def draw(screen: pyte.Screen, path: Path) -> None:
    """The terminal's screen as a picture."""
    fonts = {bold: ImageFont.truetype(_FONT.format("-Bold" if bold else ""), _SIZE) for bold in (False, True)}
    width, height = round(fonts[False].getlength("M")), _SIZE + _LEADING
    image = Image.new("RGB", (width * screen.columns, height * screen.lines), "#11151a")
    canvas = ImageDraw.Draw(image)
    for row in range(screen.lines):
        for column in range(screen.columns):
            cell = screen.buffer[row][column]
            x, y = column * width, row * height
            ink, ground = _colors(cell)
            canvas.rectangle((x, y, x + width - 1, y + height - 1), fill=ground)
            if "\u2800" < cell.data <= "\u28ff":
                _braille(canvas, cell.data, x, y, width, height, ink)
            elif cell.data.strip():
                canvas.text((x, y + 1), cell.data, fill=ink, font=fonts[cell.bold])
    image.quantize(128).save(path, optimize=True)


def _colors(cell: Char) -> tuple[str, str]:
    ink = "#" + _NAMED.get(cell.fg, cell.fg)
    ground = "#" + ("11151a" if cell.bg == "default" else _NAMED.get(cell.bg, cell.bg))
    return (ground, ink) if cell.reverse else (ink, ground)


def _braille(canvas: ImageDraw.ImageDraw, char: str, x: int, y: int, width: int, height: int, ink: str) -> None:
    for bit, (column, row) in enumerate(_DOTS):
        if (ord(char) - 0x2800) >> bit & 1:
            cx, cy = x + (column + 0.5) * width / 2, y + (row + 0.5) * height / 4
            canvas.ellipse((cx - 1.3, cy - 1.3, cx + 1.3, cy + 1.3), fill=ink)


def take(name: str) -> None:
    """One picture."""
    columns, rows, theme, keys, whole = PICTURES[name]
    with Terminal([*MLTUI, "--theme", theme], rows, columns) as terminal:
        terminal.until(r"mnist-mlp +A dense.*Run \w+ mnist-mlp" if columns > 80 else r"mnist-mlp +A dense.*mnist-cnn")
        terminal.pump(3)
        terminal.press(*keys)
        terminal.until(whole)
        terminal.pump(4)
        draw(terminal.screen, HERE / f"{name}.png")


def launch(profile: str, params: dict[str, str], *, until: str, epochs: int = 0) -> None:
    """Launch ``profile`` and wait until its run is in the state ``until`` and has validated so many times."""
    from mltui.domain.options import AppOptions
    from mltui.runtime.cockpit import Cockpit
    from mltui.runtime.metric_summary import key_series, read_metrics
    from mltui.runtime.starting import Wish
    from mltui.storage.profiles import load_profile

    cockpit = Cockpit(AppOptions())
    started = cockpit.launcher.launch(load_profile(HERE.parent / "profiles" / profile), Wish(params))
    while (now := cockpit.database.get(started.id)) is not None and now.state != until:
        if not now.state.active:
            raise SystemExit(f"{profile}: {now.state}: {now.detail} {now.hint}")
        time.sleep(0.3)
    while len(key_series(read_metrics(cockpit.launcher.folder(started.id))) or ()) < epochs:
        time.sleep(0.3)


def main() -> None:
    """Two finished runs, one that is running, and the pictures."""
    from mltui.cli import main as mltui

    with tempfile.TemporaryDirectory() as home:
        os.environ["MLTUI_HOME"] = home
        try:
            launch("mnist-mlp", {"epochs": "12", "seed": "2"}, until="finished")
            launch("mnist-cnn", {"epochs": "4"}, until="finished")
            launch("mnist-mlp", {"epochs": "500", "verbose": "1"}, until="running", epochs=8)
            for name in PICTURES:
                take(name)
        finally:
            mltui(["stop", "last"])
            mltui(["rm", "--yes", "--force", *(path.name for path in (Path(home) / "runs").iterdir())])


if __name__ == "__main__":
    main()
