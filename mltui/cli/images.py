"""``mltui image list``, ``build`` and ``rm``."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from dataclasses import asdict
from typing import TYPE_CHECKING

from mltui.cli.launch import wish_of
from mltui.cli.output import confirmed, cut, is_terminal, print_json, print_table, say, terminal_columns
from mltui.cli.session import engine, load, open_launcher
from mltui.domain.errors import EngineError, ImageError, MltuiError
from mltui.domain.figures import UNKNOWN, counted, format_bytes, format_duration
from mltui.domain.prefix import the_one
from mltui.domain.text import clean, one_line
from mltui.engines.base import ListsImages, Progress

if TYPE_CHECKING:
    from mltui.domain.image import Image
    from mltui.engines.base import Engine


def list_images(args: Namespace) -> int:
    """Print the engine's images, newest first."""
    with engine(args) as chosen:
        images = _capable(chosen.engine).images()
    if args.json:
        for image in images:
            print_json({"name": image.name} | asdict(image))
    elif images:
        headers = ("IMAGE", "ID", "SIZE", "AGE", "USED BY")
        print_table(headers, map(_row, images), right="SIZE AGE")
    else:
        say("There are no images yet.")
    return 0


def _row(image: Image) -> tuple[str, ...]:
    used = UNKNOWN if image.containers is None else counted(image.containers, "container") if image.containers else ""
    age = format_duration(time.time() - image.created)
    return image.name, image.id.removeprefix("sha256:")[:12], format_bytes(image.size), age, used


def _capable(of: Engine) -> ListsImages:
    if not isinstance(of, ListsImages):
        raise EngineError(f"The engine {of.name} has no images.")
    return of


def build(args: Namespace) -> int:
    """Make a profile's image ready, and show how."""
    profile, wish = load(args.profile), wish_of(args)
    with open_launcher(args).plan(profile, wish) as (resolution, choice):
        if choice.reason:
            say(f"{choice.reason} Using {choice.info.product}.")
        tell = _Progress(args.json)
        try:
            image = choice.engine.prepare(resolution.spec, tell)
        except ImageError as error:
            # Where every line was printed, its last ones are not printed again.
            raise error if tell.in_place else ImageError(error.message) from error
        finally:
            tell.close()
    if args.json:
        print_json({"event": "ready"} | image._asdict())
    else:
        print(f"{one_line(image.name)} is ready{'' if image.built else ' (it was there, and is not stale)'}.")
    return 0


class _Progress:
    """Shows a build: one line that changes on a terminal, every line elsewhere."""

    def __init__(self, as_json: bool) -> None:
        self._json = as_json
        self.in_place = is_terminal(sys.stderr) and not as_json
        self._drawn = False
        self._last: Progress | None = None

    def __call__(self, progress: Progress) -> None:
        text = one_line(progress.text or (progress.now if self.in_place else ""))
        if self._json:
            if progress != self._last:
                print_json({"event": "progress"} | progress._asdict())
            self._last = progress
        elif self.in_place and text:
            where = f"{progress.step}/{progress.steps} " if progress.steps else ""
            sys.stderr.write(f"\r\x1b[K{cut(where + text, terminal_columns() - 1)}")
            self._drawn = True
        elif text:
            say(clean(progress.text).rstrip("\n"))
        sys.stderr.flush()

    def close(self) -> None:
        """Take the changing line away."""
        if self._drawn:
            sys.stderr.write("\r\x1b[K")


def remove(args: Namespace) -> int:
    """Remove images; one that cannot be removed does not keep the others."""
    with engine(args) as chosen:
        holder = _capable(chosen.engine)
        listed = holder.images()
        images = list({image.id: image for image in (_find(listed, text) for text in args.images)}.values())
        sizes = ", ".join(f"{image.name} ({format_bytes(image.size)})" for image in images)
        if not confirmed(f"Remove {sizes}?", yes=args.yes):
            say("Nothing was removed.")
            return 1
        return max([_remove_one(holder, image, force=args.force) for image in images])


def _remove_one(holder: ListsImages, image: Image, *, force: bool) -> int:
    try:
        holder.remove_image(image.id, force=force)
    except MltuiError as error:
        say(f"mltui: {error}")
        return 1
    print(f"Removed {one_line(image.name)}.")
    return 0


def _find(images: tuple[Image, ...], text: str) -> Image:
    """The image of a name (``:latest`` may be left out), an id or the beginning of one."""
    names = {text, f"{text}:latest"}
    return the_one(
        images,
        text.removeprefix("sha256:"),
        "image",
        lambda image: image.id.removeprefix("sha256:"),
        lambda image: [text for tag in image.tags if tag in names],
        "List them with: mltui image list",
    )
