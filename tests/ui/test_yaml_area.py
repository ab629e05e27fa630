"""A text with anything in it, shown where it is typed."""

from __future__ import annotations

import asyncio

from textual.widgets.text_area import Selection

from mltui.domain.errors import Problem
from mltui.domain.text import clean
from mltui.ui.widgets.yaml_area import YamlArea
from tests.ui.conftest import Host

#: What ends a line for a text area.
BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"


def test_no_character_steers_the_terminal() -> None:
    """Each that could is one that does nothing, in a line that is at rest, wrong, selected or typed in."""
    steering = [chr(code) for code in range(0x3000)]
    steering = [one for one in steering if clean(one) != one and one not in BREAKS]
    lines = [f"key: [a{one}[31mb{one}]0;title{one}]  # {one}" for one in steering]

    async def drive() -> None:
        area = YamlArea()
        async with Host(area).run_test(size=(60, 12)) as pilot:
            assert area.show("\n".join(lines))
            area.mark([Problem("f", row, 6, "key", "is wrong") for row in range(1, len(lines) + 1, 3)])
            shown = 0
            for top in range(0, len(lines), 10):
                last = min(top + 10, len(lines) - 1)
                for selection in (
                    Selection.cursor((last, 2)),
                    Selection((top, 3), (last, 9)),
                    Selection.cursor((top, 5)),
                ):
                    area.selection = selection
                    area.scroll_to(y=top, animate=False, immediate=True)
                    await pilot.pause()
                    drawn = ["".join(segment.text for segment in area.render_line(y)) for y in range(area.size.height)]
                    assert [clean(line) for line in drawn] == drawn
                    shown += sum("�[31mb�]0;title�" in line for line in drawn)
            assert shown > 2 * len(lines)

    asyncio.run(drive())
