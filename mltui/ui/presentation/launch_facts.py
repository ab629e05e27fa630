"""What is known of a launch before it: where it would run, on which GPU and why, and who is on the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mltui.domain.text import one_line
from mltui.ui.widgets.lines import Line

if TYPE_CHECKING:
    from mltui.runtime.cockpit import Explanation
    from mltui.runtime.gpu_choice import GpuUse

#: So many GPUs are listed one by one.
_MOST = 8


def fact_lines(found: Explanation, *, gpus: bool) -> list[Line]:
    """The engine, what was decided, its place in the queue, and with ``gpus`` every GPU of the machine."""
    lines: list[Line] = [[("on ", "dim"), (one_line(found.where, 120), "text")]]
    uses = found.resolution.gpu_uses if found.resolution and gpus else ()
    # The list says it of every GPU, with a mark at those that are taken.
    choice = found.resolution.gpus if found.resolution else None
    listed = choice.note if choice and uses and not (found.place or choice.missing) else ""
    # That a GPU was found is no reason to look up; that none is free is.
    good = choice.note if choice and not (choice.awaits or choice.missing) else ""
    doubt = choice.doubt if choice else ""
    lines += [
        [
            ("  ", "dim"),
            (one_line(note, 400), "text" if note == good else "warn" if doubt and doubt in note else "accent"),
        ]
        for note in found.notes
        if note != listed
    ]
    if found.place:
        lines.append([("  ", "dim"), (f"If it is launched now, it waits at place {found.place} of the queue.", "warn")])
    taken = set(found.resolution.spec.gpus.device_ids) if found.resolution else set()
    ordered = sorted(uses, key=lambda use: use.device.index)
    lines += [_gpu_line(use, use.device.uuid in taken and not found.place) for use in ordered[:_MOST]]
    if len(ordered) > _MOST:
        lines.append([(f"  and {len(ordered) - _MOST} more GPUs", "dim")])
    return lines


def _gpu_line(use: GpuUse, taken: bool) -> Line:
    sign, role = ("→", "ok") if taken else ("○", "ok") if use.free else ("●", "warn")
    return [(f"  {sign} ", role), (one_line(str(use), 200), "text" if taken else "dim")]
