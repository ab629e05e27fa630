"""The images pane."""

from __future__ import annotations

import time
from typing import ClassVar

from textual.binding import BindingType

from mltui.domain.figures import format_bytes
from mltui.domain.image import Image
from mltui.domain.text import one_line
from mltui.ui.command import bindings
from mltui.ui.commands import PANES
from mltui.ui.panes.base import ListPane
from mltui.ui.presentation.image import image_line, image_text
from mltui.ui.widgets.lines import Line


class ImagesPane(ListPane[Image]):
    """Lists images; for the local engine, its environments."""

    KEY = "4"
    TITLE = "Images"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(PANES["images"])]

    def __init__(self) -> None:
        super().__init__("images", lambda image: image.id, _line, image_text)

    def action_remove(self) -> None:
        """Remove the image, after asking."""
        from mltui.engines.base import ListsImages

        image: Image | None = self.current()
        catalog = self.cockpit_app.cockpit.catalog
        if image is None or catalog is None or not isinstance(catalog.engine, ListsImages):
            return
        engine = catalog.engine
        name = one_line(image.name, 100)
        text = f"Remove image {name} ({format_bytes(image.size)})?"
        self.cockpit_app.ask(text, "Remove", f"Removing {name}", lambda: engine.remove_image(image.id))

    def action_choose(self) -> None:
        """There is nowhere further to go."""


def _line(image: Image, width: int) -> Line:
    return image_line(image, time.time(), width)
