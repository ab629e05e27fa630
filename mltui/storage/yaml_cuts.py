"""What to take out of a YAML text so that an entry goes and nothing else does."""

from __future__ import annotations

from mltui.domain.errors import EditError
from mltui.storage.yaml_spans import Span, dash_of, find, line_break_before, line_end, line_start, next_line

#: Characters to replace: from, to, by.
Splice = tuple[int, int, str]


def flow_removal(text: str, node: Span, index: int) -> list[Splice]:
    """What takes entry ``index`` out of ``[…]`` or ``{…}``, which has others; comments stay."""
    entry, end = node.entries[index], node.entries[index].end
    if index == len(node.entries) - 1:
        before = node.entries[index - 1].end
        between = text[before : entry.start]
        if "#" not in between:
            return [(before, end, "")]
        comma = find(text, ",", before, entry.start)
        return [(comma, comma + 1, ""), (entry.start, end, "")]
    following = node.entries[index + 1].start
    if "#" not in text[end:following]:
        return [(entry.start, following, "")]
    comma = find(text, ",", end, following)
    return [(entry.start, comma + 1, "")]


def block_removal(text: str, node: Span, index: int) -> list[Splice]:
    """What takes entry ``index`` out of a block, which has others."""
    entry = node.entries[index]
    start = entry.start if entry.key else dash_of(text, node, index)
    if entry.key and text[node.body] == "?":
        raise EditError("An entry cannot be removed from a mapping that is written in this form.")
    line, end = line_start(text, start), next_line(text, entry.end)
    if not text[line:start].strip(" "):
        if end == line_end(text, entry.end) and line:
            # The file's last line has no line end: the one before it gives its own.
            return [(line - line_break_before(text, line), end, "")]
        return [(line, end, "")]
    # The first entry stands behind a dash: the next one, or a comment before it, takes its place.
    while end < len(text) and text[end] in " \t\r\n":
        end += 1
    return [(start, end, "")]


def comment_between(text: str, node: Span, index: int, first: tuple[int, int], second: tuple[int, int]) -> bool:
    """A comment that is one of two neighbours' own stands outside of what would change places."""
    if not node.style:
        # The first item of a list in a list stands behind the outer one's dash: no comment can stand above it.
        return bool(text[line_start(text, first[0]) : first[0]].strip(" ")) and text[second[0]] == "#"
    before = node.entries[index - 1].end if index else node.body
    behind = node.entries[index + 2].start if index + 2 < len(node.entries) else node.end - 1
    # What ends the line of the entry before, or of the bracket, is not theirs.
    above = text[min(line_end(text, before), first[0]) : first[0]]
    beside = text[second[1] : min(line_end(text, second[1]), behind)]
    return "#" in above + text[first[1] : second[0]] + beside
