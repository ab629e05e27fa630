"""Headers of tables: a line of column names, and the lines around it that say more of them.

A header is remembered until another one takes its place. Columns are told apart by bars, commas, tabs, gaps, or by the
rule of dashes under the header. Rows are read in ``rows``, but for those that are metrics (``metric_tables``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mltui.domain.words import scope_of, word_set, words
from mltui.parsers.records.cells import (
    BAR_MARKS,
    BARS,
    GAPPED,
    GAPPED_OR_BARS,
    HAS_VALUE,
    MAX_COLUMNS,
    NAME,
    RULE_GROUP,
    WORDS,
    Piece,
    is_rule,
    pieces_of,
    split_by,
)
from mltui.parsers.records.names import SOURCE_KEYS
from mltui.parsers.words.roles import Role, counter_of, role_of
from mltui.parsers.words.vocabulary import COUNTING

# In front of what is counted, in the name of a column: ``n_gen``, ``number_of_trees``.
_HOW_MANY = re.compile(r"(?:n|num|number)[ _](?:of[ _])?", re.I)
# The length of a vector, ``||grad||``, is no bar.
_NORM = re.compile(r"\|\|((?:grad(?:ient)? )?\w+)\|\||(?<!\S)\|((?:grad(?:ient)? )?\w+)\|(?!\S)")
_COLUMNS = "(?i:columns|fields|format): ?"
_COMMENT = re.compile(rf"\s*(?:# {{0,4}}(?:{_COLUMNS})?|{_COLUMNS})(?=([A-Za-z]\w*)[\s,])")
# A sentence behind the mark of a comment: ``# note: lr schedule changed by hand``.
_REMARK = re.compile(r"\s*(?:#+|//) ?([A-Za-z]\w*)(?::|,?(?= ))(?: [^\s,;]+[,;]?)+")
# A word, or the end of a sentence, that goes over into the first of many names between commas, as far as the line's
# end: ``dataepoch,loss,acc``, ``(4000 rows)epoch,loss,acc``.
_GLUED = re.compile(
    r"(?:(?<![^\W\d_])([^\W\d_]+?)|(?<=[\])}.:!?…]))"
    rf"(({COUNTING}),(?:[A-Za-z_][\w/.@-]*,){{1,64}}[A-Za-z_][\w/.@-]*)$"
)
_NUMBERED = re.compile(r" \(\d+\)$")
# What stands above a table says of what it is: ``Evaluation results for bbox:``, ``copypaste: Task: bbox``.
_TITLE = re.compile(
    r"[-=*#>\s]*(?:[A-Za-z]\w*\s){1,6}(?:for|of|on)\s(?P<of>[A-Za-z][A-Za-z_.-]{0,30})\s*:\s*"
    r"|(?:\w+:\s)?(?P<key>[A-Za-z]+):\s(?P<value>[A-Za-z][A-Za-z_.-]{0,30})\s*"
)
# A title's last word that tells no table from another one.
_ANYTHING = SOURCE_KEYS | word_set("data class classes category categories network checkpoint all best it this")
# A name's second line, or what it is measured in.
_SECOND = re.compile(r"\s*(?:\(?[^\W\d_][\w :/%-]*\)?)?\s*")


@dataclass(slots=True)
class Header:
    """Column names, as the ways in which the header line can be split, by number of columns."""

    text: str
    ways: dict[int, list[Piece]] = field(default_factory=dict)
    spans: list[Piece] | None = None
    """Columns by the rule under the header."""
    index: str = ""
    """What the number in front of each row counts, where pandas prints it in a line of its own."""
    supports: bool = False
    """A column counts what each row was measured on, so that a row's number is its class's."""
    numbered: bool = False
    """Rows speak of things that are told apart by digits in their names: ``train_a1b2c_00001``."""
    describes: bool = False
    """Rows that begin with a name tell how data are spread."""
    rows: bool = False
    """Rows stand under it: else it may be a remark that looks like one."""
    title: str = ""
    """Of what the table is, by the line above it."""

    @property
    def first(self) -> list[Piece]:
        """The columns where nothing else says how many there are."""
        return self.spans or next(iter(self.ways.values()))

    def columns(self, count: int) -> list[Piece] | None:
        """The columns if there are ``count`` of them."""
        if self.spans is not None and len(self.spans) == count:
            return self.spans
        return self.ways.get(count)

    def titled(self, names: list[str]) -> list[str]:
        """The ``names`` of a row's cells with the table's title in front, if it does not count, as evaluations do."""
        if not self.title or any(map(counter_of, names)):
            return names
        return [f"{self.title} {name}" if name else "" for name in names]


def header_text(text: str) -> str:
    """The header in ``text``, which may stand in front of a bar or behind the mark of a comment (``# epoch  loss``).

    A remark may stand there too whose line end was written too late: ``reading dataepoch,loss,val_loss``.
    """
    text = text.rstrip().removesuffix(":")
    if "|" in text:
        text = _NORM.sub(lambda norm: f"  {norm[1]}  " if norm[1] else f" {norm[2]} ", text)
    glued = _GLUED.search(text) if " " in text and text.count(",") > 1 else None
    if glued and not (glued[1] and counter_of(glued[1] + glued[3])):
        return glued[2]
    comment = _COMMENT.match(text)
    return " " * comment.end() + text[comment.end() :] if comment and counter_of(comment[1]) else text


def is_remark(text: str) -> bool:
    """Whether ``text`` is a comment in words, which between the rows of a table is no other header."""
    found = _REMARK.fullmatch(text)
    return found is not None and not counter_of(found[1])


def title_of(text: str) -> str:
    """Of what the table under ``text`` is, if that is its title: neither a part of the data nor what it measures."""
    found = _TITLE.fullmatch(text)
    if found is None or (found["key"] and found["key"].lower() not in SOURCE_KEYS):
        return ""
    name = found["of"] or found["value"]
    says_nothing = name.lower() in _ANYTHING or scope_of(name) or counter_of(name)
    return "" if says_nothing or role_of(name) is Role.METRIC else name


def same_header(header: Header, text: str) -> bool:
    """Whether ``text`` is ``header`` again, with no more of its last name, where the terminal's edge cuts that off."""
    text = header_text(text)
    if text == header.text:
        return True
    if not text[-1:] == "…" == header.text[-1:]:
        return False
    (*names, last), (*known, longest) = text.split(), header.text.split()
    return names == known and len(last) <= len(longest)


def read_header(text: str) -> Header | None:
    """The header that ``text`` may be; its columns must count or measure something."""
    text = header_text(text)
    header = Header(text)
    if BARS.search(text):
        grouped = sum("  " in name for name, _, _ in split_by(text, BARS))
        if grouped < 2:
            _add_way(header, split_by(text, BARS))
        if grouped:
            _add_way(header, pieces_of(GAPPED_OR_BARS, text))  # " Tree |    MSE  %Var(y) |"
    elif "," in text or ";" in text or "\t" in text:
        _add_way(header, split_by(text.rstrip(",;\t"), re.compile("\t+" if "\t" in text else "[,;]")))
    else:
        _add_way(header, pieces_of(GAPPED, text))
    if not BARS.search(text) and len(text.split()) > 2:
        _add_way(header, [(m.group().strip(",;"), m.start(), m.end()) for m in WORDS.finditer(text)])
    header.supports = any(words(name) == ("support",) for way in header.ways.values() for name, _, _ in way)
    return header if header.ways else None


def _add_way(header: Header, columns: list[Piece]) -> None:
    if columns[-1:] and columns[-1][0].endswith(" …"):
        # The edge left one blank, and nothing of the next name: ``mAP50 …``.
        name, start, end = columns[-1]
        columns = [*columns[:-1], (name.removesuffix(" …"), start, end - 2), ("…", end - 1, end)]
    if len(columns) > 2 and columns[-1][0][-1:] == "…" and columns[-2][0] == "mAP50":
        # Ultralytics' validator (yolo/detect/val.py, from 8.0 on) prints ``mAP50  mAP50-95)``, and its bars are
        # cut off at the terminal's edge; the rows beneath have both values.
        columns = [*columns[:-1], ("mAP50-95", *columns[-1][1:])]
    index = columns[:1] if len(columns) > 2 and not columns[0][0] else []
    columns = columns[len(index) :]
    names = [name for name, _, _ in columns]
    if not 2 <= len(names) <= MAX_COLUMNS or not all(NAME.fullmatch(n) for n in names):
        return
    if any(len(n.split()) > 4 for n in names) or len(set(names)) == 1:
        return
    columns = [(_numbered(names, i), start, end) for i, (_, start, end) in enumerate(columns)]
    counts = any(counter_of(n) or n in ("#", "E") or counted_by(n) for n in names)
    measured = sum(role_of(n) is Role.METRIC for n in names)
    if names[0] == "ID" and not counts:
        return  # Its rows are things, not the steps of a training.
    if measured >= 1 or (counts and any(role_of(n) in (Role.UNKNOWN, Role.SCOPE) for n in names)):
        header.ways[len(names)] = columns
        if index:  # The rows' numbers, or their names, stand in a column without one: pandas' index.
            header.ways[len(names) + 1] = [*index, *columns]


def counted_by(name: str) -> str:
    """What a column counts that says how many there are so far: it may serve where no other column counts."""
    found = _HOW_MANY.match(name)
    counter = name[found.end() :].rstrip("s") if found else ""
    return counter if counter_of(counter) else ""


def drawn_alike(header: Header, text: str) -> bool:
    """Whether a row has bars between its cells as its header has, or neither has."""
    return bool(BARS.search(header.text)) == bool(BARS.search(text))


def set_apart_alike(header: Header, text: str) -> bool:
    """Whether between a row's cells stands what stands between the names of its header: bars, tabs, commas, or none."""
    if BARS.search(header.text) or not drawn_alike(header, text):
        return drawn_alike(header, text)
    return all((mark in header.text.strip()) == (mark in text.strip()) for mark in "\t,;")


def index_name(header: Header, text: str) -> str:
    """The counter that the line under ``header`` names the rows' index by, as pandas does."""
    word = text.strip()
    return word if header.text[:1] == " " and text[:1] != " " and word.isidentifier() and counter_of(word) else ""


def _numbered(names: list[str], i: int) -> str:
    """The name of column ``i``, told apart from an earlier column of the same name."""
    before = names[:i].count(names[i])
    return f"{names[i]} ({before + 1})" if before else names[i]


def read_groups(text: str) -> list[str]:
    """Names above groups of columns: ``|  Population Average  |   Best Individual  |``, or with gaps between them."""
    inner = text.strip()
    if HAS_VALUE.search(inner):
        return []
    if inner[:1] and inner[0] in BAR_MARKS and inner[-1] == inner[0]:
        names = [name for name, _, _ in split_by(text, BARS) if name]
    else:
        names = GAPPED.findall(text) if text[:1] == " " else []
    return names if 2 <= len(names) <= 8 and all(NAME.fullmatch(n) and len(n.split()) < 4 for n in names) else []


def apply_groups(header: Header, groups: list[str]) -> None:
    """Tell columns of one name apart by what stands above them: a group begins where a name comes again."""
    for columns in header.ways.values():
        names = [_NUMBERED.sub("", name) for name, _, _ in columns]
        begins = [0]
        for i, name in enumerate(names):
            if name in names[begins[-1] : i]:
                begins.append(i)
        if 1 < len(begins) == len(groups):
            of = [groups[sum(i >= begin for begin in begins) - 1] for i in range(len(names))]
            columns[:] = [
                (name if counter_of(name) else f"{group} {name}", start, end)
                for name, group, (_, start, end) in zip(names, of, columns, strict=True)
            ]


def stack(header: Header, text: str) -> Header | None:
    """``header`` with the second line of its names under it: ``Mini-batch`` over ``Accuracy``."""
    above, below = BARS.split(header.text), BARS.split(text)
    if len(above) != len(below) or len(above) < 4 or not all(_SECOND.fullmatch(cell) for cell in below):
        return None
    joined = "|".join(f"{a.strip()} {b.strip()}" for a, b in zip(above, below, strict=True))
    found = read_header(joined)
    if found is None or is_rule(text):
        return None
    found.title = header.title
    return found


def apply_rule(header: Header, rule: str) -> None:
    """Take the columns of ``header`` from the groups of dashes under it."""
    groups = [m.span() for m in RULE_GROUP.finditer(rule)]
    if len(groups) < 2 or BARS.search(header.text):
        return
    columns = [(header.text[a : max(b, a)].strip(), a, b) for a, b in groups]
    if all(name for name, _, _ in columns) and len({n for n, _, _ in columns}) == len(columns):
        header.spans = columns
