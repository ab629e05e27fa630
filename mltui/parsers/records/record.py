"""What one line says, before anything is known about the rest of the log.

A number is named by its index, from 0, in the list of numbers that is applied with the plan which ``roles.Judge`` makes
of the record. For ``pairs.read_pairs`` that list is all number tokens of the text: ``Lines`` takes their places in the
line from the tokens, so that other lines of the same shape need not be understood again. Records of objects, rows of
tables and lists are made together with their values, and an index counts these.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from mltui.domain.words import words
from mltui.parsers.words.roles import Role, counter_of, is_scoped, role_of, thing_measured
from mltui.parsers.words.values import BETWEEN_THOUSANDS
from mltui.parsers.words.vocabulary import Way


@dataclass(slots=True)
class Field:
    """A named number. ``index``, ``total``, ``mean``, ``percent`` and ``more`` are indexes."""

    name: str
    role: Role
    index: int
    explicit: bool = True
    """The line has ``:`` or ``=`` between name and number."""
    label: str = ""
    """The scope word that stands before it in the line, such as ``Test``."""
    unit: str = ""
    decimal: bool = True
    """The number is written with a point or an exponent."""
    total: int | None = None
    """The number behind a slash: ``10/100``."""
    mean: int | None = None
    """The number in brackets behind the value: ``0.81 (0.79)``."""
    mean_kind: str = "avg"
    """What that is: ``ema`` in ``0.81 (ema 0.79)``, or ``cumulative``."""
    percent: int | None = None
    """The percentage in brackets behind the value: ``464/500 (93%)``."""
    learnt: bool = False
    """It is a setting that may be learnt: a curve once it changes."""
    joined: bool = False
    """By the line above it is measured."""
    part: str = ""
    """The part of the model that stands before it in the line, such as ``student``."""
    said: str = ""
    """The words in front of it that ended without a number: ``coarse`` in ``coarse (loss 0.7, acc 0.8)``."""
    more: list[int] = field(default_factory=list)
    """Further values behind slashes: ``0.31 / 0.22``."""

    @property
    def counts(self) -> tuple[str, Way] | None:
        """What it counts and how, for a counter."""
        return counter_of(self.name)


#: Where a number without a name stands: at the start of the line, in a bracket, in one behind a tag (``[lfw][500]``),
#: behind a scope (``Train:``), elsewhere.
Place = Literal["start", "bracket", "tag", "scope", "plain"]


@dataclass(slots=True)
class Nameless:
    """A number without a name, such as the ``[10/80]`` of a training line."""

    index: int
    total: int | None
    place: Place
    first: bool
    """Nothing but other nameless numbers stands before it."""
    percent: int | None = None
    decimal: bool = False


@dataclass(slots=True)
class Record:
    """A line as fields, and what it says these are about. Of that a field's full name is made, in front of its own:

    =======  =====================================  ============================================================
    scope    ``split=valid loss=0.5``               unless the name has a scope or holds this one
    label    ``Test: loss=0.5``, kept in the field  the same, where the line has no ``scope``
    part     ``student: loss=0.5``, in the field    in front of these, unless the name holds it
    heading  ``Validation:`` in a line above        the same, where it has neither
    lead     ``Similarity: Pearson: 0.81``          in front of these where it measures and there is no ``scope``
    item     ``  depth: loss=0.31``                 in front of these, unless the name holds it
    starred  ``* loss 0.5``                         its star in front of these
    tag      ``[student] loss=0.5``                 in front of these, in a log whose lines have different ones
    source   ``resnet18: epoch 1 loss=0.5``         in front of all, where others differ in it (``sources.py``)
    about    ``cur metric, loss: 0.91``             see below
    =======  =====================================  ============================================================

    A line that counts nothing may repeat a name whose series is counted in other lines: its ``lead``, or else what it
    is ``about``, tells the two apart.
    """

    fields: list[Field] = field(default_factory=list)
    nameless: list[Nameless] = field(default_factory=list)
    scope: str = ""
    """The scope that holds for all of it."""
    heading: str = ""
    """The scope of the heading it stands under."""
    lead: str = ""
    """The words in front of its first colon, where they name no number: ``Averaged stats``."""
    item: str = ""
    """What an indented line is about: ``  depth: train_loss=0.31``."""
    about: str = ""
    """The words in front of its first comma or bar: ``cur metric, acc: 0.91``."""
    source: str = ""
    """The words in front of what is measured that name nothing: they may say of which of several it speaks."""
    numbers: tuple[str, ...] = ()
    """Its numbers as they are written, where a ``source`` may have to be told from others."""
    running_mean: bool = False
    """It has the form of a bar as Keras draws it: its values are means since the epoch began."""
    literal: list[tuple[int, int]] = field(default_factory=list)
    """Places of digits that belong to names, beside those in words."""
    recalls: bool = False
    """It tells of a checkpoint that was loaded, or of what is set or planned."""
    sets: bool = False
    """It may tell what is set, or else counts and measures: ``Parameters: epoch=3 loss=0.5``."""
    tag: str = ""
    """The word in brackets that it begins with, ``[student]``."""
    past: bool = False
    """It begins with words on the best so far."""
    ends: bool = False
    """It says that something is over: ``after epoch 3``, ``epoch 3 done``."""
    sums_up: bool = False
    """It tells what was measured in the end, or once in a while: ``loss after 100 steps: 0.5``."""
    ends_with: str = ""
    """The scope that would hold for what came behind it: ``Epoch 1 train:``."""
    ends_run: bool = False
    """It tells that one of several trainings is over: ``run 1 finished: accuracy 0.75``."""
    closes: bool = False
    """Its first words say "final"."""
    row: bool = False
    """It is the row of a table: its columns tell its names."""
    bare: bool = False
    """It is not indented, and each of its numbers has a name."""
    starred: bool = False
    """It begins with a star, as summaries do."""
    asked: bool = False
    """It speaks of one text or piece of data: ``query='who is it'``, ``segment 8/24``."""
    versions: bool = False
    """It tells the version of something: ``curl 7.88.1``."""
    identified: bool = False
    """It says of which of very many things it speaks: ``id=2e219e``."""
    tried: bool = False
    """It begins with which of several settings it is of: ``config 2/4: lr=0.1 loss=0.5``."""
    before_arrow: int = 0
    """So many fields stand in front of an arrow, behind which stands what they led to: ``lr=0.1 -> val_loss=0.5``."""
    sentence: bool = False
    """It is a sentence on a value that another line may tell too: ``val_loss improved from 0.9 to 0.8``."""

    @property
    def counts(self) -> bool:
        """It says where it stands, so far as it was read."""
        return any(f.counts for f in self.fields) or any(n.first for n in self.nameless)

    @property
    def of_fold(self) -> bool:
        """It says of which fold or task it speaks."""
        return any(f.counts is not None and f.counts[1] == "fold" for f in self.fields)


# What is counted in whole numbers, and has other meanings.
_WHOLE = frozenset(["count", "generation", "round", "tick"])


_WITHOUT_MARKS = str.maketrans("", "", BETWEEN_THOUSANDS + " ")


def is_decimal(text: str) -> bool:
    """Whether the number ``text`` is more than a sign and digits; ``1,000`` and ``1_000`` are not."""
    return not text.lstrip("+-").translate(_WITHOUT_MARKS).isdigit()


def new_field(name: str, index: int, *, decimal: bool, explicit: bool = True, label: str = "", unit: str = "") -> Field:
    """A field whose role follows from its name and its number's unit."""
    role, said = role_of(name), words(name)
    if decimal and role is Role.COUNTER and said[-1:] == ("gen",):
        role = Role.METRIC  # Of a generator, not a generation.
    if decimal and role is Role.COUNTER and (counter_of(name) or ("", ""))[0] in _WHOLE:
        role = Role.UNKNOWN  # "cycle: 0.27" is a loss.
    if decimal and role is Role.UNKNOWN and is_scoped(name):
        role = Role.METRIC
    if not decimal and role is Role.METRIC and (said[-1:] == ("iter",) or said[:1] in (("num",), ("number",))):
        role = Role.OTHER  # Accumulated, not accuracy; how many there are.
    if not decimal and role is Role.METRIC and (thing := thing_measured(name)) and role_of(thing) is Role.OTHER:
        role = Role.OTHER  # "loss/count: 320" says over how many it is.
    if role is Role.METRIC and unit.strip() == "%" and said[-1:] == ("loss",):
        role = Role.OTHER  # Of packets.
    return Field(name, role, index, explicit, label, unit.strip(), decimal)
