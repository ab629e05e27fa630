"""How a YAML text is written: its quotes, its line ends, its indentation. What is added to it is written alike."""

from __future__ import annotations

from collections import Counter

from mltui.storage import yaml_spelling as spelling
from mltui.storage.yaml_scalars import reads_as
from mltui.storage.yaml_spans import Span, line_end


def quotes_of(nodes: list[Span]) -> str:
    """The quotes that all the texts among some nodes have."""
    styles = {
        node.style for node in nodes if node.kind == "scalar" and not node.empty and (node.style or not _number(node))
    }
    return next(iter(styles)) if len(styles) == 1 and styles <= {"'", '"'} else ""


def _number(node: Span) -> bool:
    return node.plain and not isinstance(reads_as(node.value), str)


def newline(text: str) -> str:
    """How its first line ends."""
    end = line_end(text, 0)
    return "\r\n" if text.startswith("\r\n", end) else text[end : end + 1] or "\n"


def layout(root: Span | None) -> spelling.Layout:
    """How most of the file's blocks are indented, and whether small collections in lists or mappings share a line."""
    steps: Counter[int] = Counter()
    offsets: Counter[int] = Counter()
    pending = [root] if root else []
    while pending:
        node = pending.pop()
        for entry in node.entries:
            pending.append(entry.value)
            if entry.key and not node.style and not entry.value.style and entry.value.entries:
                counter = steps if entry.value.kind == "mapping" else offsets
                counter[entry.value.column - node.column] += 1
    step = steps.most_common(1)[0][0] if steps else 2
    return spelling.Layout(step, offsets.most_common(1)[0][0] if offsets else step if steps else 2)
