"""What the reader knows of one kind of line."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from mltui.domain.metric import MetricPoint
from mltui.parsers.plans.inner import InnerCounter
from mltui.parsers.words.values import Numbers

if TYPE_CHECKING:
    from mltui.parsers.plans.ahead import Doubt
    from mltui.parsers.plans.plan import PlacedLine, Series


@dataclass(slots=True)
class Seen:
    """The lines of a kind that were placed."""

    values: dict[float, Numbers] = field(default_factory=dict)
    """The last values at each x, to know a repeated line; forgotten from time to time."""
    count: int = 0
    axis: str = ""
    first_x: float | None = None
    last_x: float | None = None
    before_last: float | None = None
    """Where the one before it stood."""
    trials: int = 0
    """How many trials and attempts the log had told of when a line last stood where others had."""
    twice: int = 0
    """How many lines stood where the one before did, and told something else."""
    again: PlacedLine | None = None
    """The first line came again behind the others: another run, or all of it drawn anew."""

    def add(self, axis: str, x: float, values: Numbers) -> None:
        """A line was placed."""
        if self.first_x is None:
            self.first_x = x
        self.values[x] = values
        self.before_last, self.last_x, self.axis = self.last_x, x, axis
        self.count += 1

    @property
    def stride(self) -> float:
        """How far the last line was from the one before."""
        return 0.0 if self.last_x is None else self.last_x - (self.before_last or 0.0)

    def enter_trial(self, trials: int) -> None:
        """The log tells of so many trials and attempts by now: in a new one the same line is news."""
        if self.trials != trials:
            self.trials = trials
            self.values.clear()

    def knows(self, x: float, values: Numbers) -> bool:
        """Whether the last line at ``x`` had these values."""
        return self.values.get(x) == values

    def ends_at(self, x: float | None) -> bool:
        """Whether the last line stood at ``x``."""
        return self.count > 0 and self.last_x == x

    def returns_to(self, x: float) -> bool:
        """Whether ``x`` is where the first line stood, and others stood behind it."""
        return x == self.first_x and self.last_x is not None and x < self.last_x

    def recall(self, line: PlacedLine) -> None:
        """A line came again; if it was the first, another run may begin with it."""
        self.again = line if self.returns_to(line.x) else None

    def take_again(self) -> PlacedLine | None:
        """The first line that came again; it is forgotten here."""
        again, self.again = self.again, None
        return again

    def forget(self) -> None:
        """No line that comes is known to be a repeated one."""
        self.values.clear()

    def move(self, axis: str, x: float) -> None:
        """The only line turned out to stand elsewhere."""
        if self.last_x is not None:
            self.values = {x: self.values.get(self.last_x, ())}
        self.first_x = self.last_x = x
        self.axis = axis


class Until(Enum):
    """What the points of a kind of line wait for."""

    IT_RECURS = "it recurs"
    TRAINING_GOES_ON = "the training goes on"
    """… or it recurs."""
    ANYTHING_IS_MEASURED = "anything is measured"
    """… and it recurs: a rate alone is a plan of what will be set."""
    OTHERS_SPEAK = "others speak"
    """… or it recurs, or the training goes on: others of its kind would show what it is called."""


@dataclass(slots=True)
class Hold:
    """Whether the points of a kind are held back: what comes once, after the training, is a result and no curve."""

    until: Until | None = None
    """``None``: they are reported at once."""
    points: list[MetricPoint] = field(default_factory=list)
    advances: int = -1
    """How often the training had gone on when the first of them came."""
    training: Any = None  # mypyc does not find ``object`` in a class with slots.
    """The context of the training of which that was."""

    def wait_to_recur(self) -> None:
        """That the training goes on does not show that these lines are a curve."""
        if self.until is not None:
            self.until = Until.IT_RECURS

    def release(self) -> None:
        """The points were reported, and the next ones are at once."""
        self.until = None
        self.points.clear()

    def rename(self, part: str) -> None:
        """The points turned out to be of one of several, ``part``."""
        self.points = [point._replace(name=f"{part} {point.name}") for point in self.points]

    def move(self, axis: str, x: float) -> None:
        """The points turned out to stand elsewhere."""
        self.points = [point._replace(axis=axis, x=x) for point in self.points]


@dataclass(slots=True)
class Standing:
    """Where lines of a kind stand that do not say so."""

    by_count: bool = False
    """They have no place in the log's own counting: they are numbered themselves."""
    leads: bool = False
    """They stand in front of the line that has their place."""
    opens: bool = False
    """They stand above the lines of each epoch, as what was set for it does."""
    ended: bool = False
    """The line that has their place says that it is over, see ``ended.py``."""
    doubt: Doubt | None = None
    """The first lines, while it is not known whether they stand in front of that line or behind it."""
    inside: tuple[str, float] | None = None
    """Where inside of its epoch the last line stood that was placed by epoch."""
    block: int = 0
    """In which block the last line stood; 0 if in none."""
    perhaps_by_count: bool = False
    """Two came at one number in brackets, which may be that of the process: the third one shows it."""
    passes_blocks: bool = False
    """Several came in the first block that held one: the line of counters above is the heading of them all."""
    returns: int = 0
    """How often the log had gone back when the last line came, as its context counts it."""
    in_epoch: bool = False
    """The last line that was placed by epoch came before that was over."""
    of_fold: bool = False
    """One comes at the end of each fold or task."""
    beyond: float | None = None
    """In which epoch one came again that comes once in each."""
    needs_place: bool = False
    """They are a curve only where the log counts epochs; elsewhere they are settings."""
    needs_count: bool = False
    """They are a curve only where the log counts anything: any program may print them."""
    compares: bool = False
    """They say how good a model is, as a comparison of models does: they are a curve only beside other signs of one."""
    sets: bool = False
    """They tell a learning rate, too: where other lines tell what they measure, they may compare settings."""
    things: bool = False
    """Two of such lines stood at one place of the log: they speak of things, not of times."""
    starred: bool = False
    """They sum up the lines above them: ``* Acc@1 58.4``."""
    evaluated: bool | None = None
    """The first one summed up an evaluation."""
    closes: bool = False
    """They say "final", but the first one told what no curve did: ``Validation (final) EPE: 9.45``."""
    other: Group | None = None
    """Those that sum up what the first one did not: the training, or an evaluation."""


@dataclass(slots=True, eq=False)
class Group:
    """One kind of line: the same names, counted the same way.

    A group is in one state of each of two sorts. Whether its points are reported, see ``hold``::

        held until it recurs ──────────────────────────────────────────────┐
        held until it recurs, or the training goes on ─────────────────────┤
        held until it recurs in a log that measures something ─────────────┼──▶ reported at once
        held until others of its kind speak, or one of the first two ──────┘

    Lines that say where they stand are reported at once from the first one on, if they measure anything; of those with
    words that may tell several apart (``sources.py``) the first waits for others, or for the training to go on. Lines
    that turn out to speak of things, not of times, are never reported.

    Where lines stand that do not say so, see ``standing``::

        behind the line that has their place ──▶ in doubt ──▶ in front of it (``leads``)
                          ▲                         │
                          └─────────────────────────┘

    A kind comes into doubt only if its first line came before anything was counted. In each of these states lines may
    turn out to have no place, since two of them stand at the same one: from then on they stand ``by_count``, but for
    those that lead and meet the line they lead. Lines above the end of their epoch (``ended``) are kept until it comes.
    """

    names: tuple[str, ...] = ()
    repeats: list[Group] = field(default_factory=list)
    """Other kinds of lines that tell the same series: at the end a log may tell its curves again."""
    sentences: bool = False
    """Its lines are sentences on values that other lines may tell, and count for nothing where these do."""
    told_elsewhere: bool = False
    """Other lines did, so that none of these sentences will count."""
    seen: Seen = field(default_factory=Seen)
    inner: InnerCounter = field(default_factory=InnerCounter)
    hold: Hold = field(default_factory=Hold)
    standing: Standing = field(default_factory=Standing)
    counters: tuple[object, ...] = ()
    """What its lines count, and how."""
    turns: int = -1
    """What it was in the context when its last line told in which epoch it stood."""
    _series: tuple[Series, ...] = ()
    run: tuple[Series, ...] | None = None
    """All series of its last line, if that told each of them and no line of another kind has told one since.

    Then all of the next line with these is news, if it stands beyond.
    """

    @property
    def recurs(self) -> bool:
        """Enough of it came to be a curve; of a sentence what other lines have told since was left out."""
        enough = 3 if self.standing.perhaps_by_count else 2
        return (len(self.hold.points) if self.sentences else self.seen.count) >= enough

    def same(self, series: tuple[Series, ...]) -> tuple[Series, ...]:
        """These ``series``, as the tuple that the last plan of such a line has if it has the same."""
        if series != self._series:
            self._series = series
        return self._series

    def move_held(self, axis: str, x: float) -> None:
        """Place the line that is still held back elsewhere: others of its kind have shown where they stand."""
        if self.hold.points and self.seen.last_x is not None:
            self.hold.move(axis, x)
            self.seen.move(axis, x)

    def count_held(self) -> None:
        """Number the lines that are still held back: they have no place."""
        told = Counter[str]()
        for i, point in enumerate(self.hold.points):
            told[point.name] += 1
            self.hold.points[i] = point._replace(axis="count", x=float(told[point.name]))
        if self.hold.points:
            self.seen.move("count", float(self.seen.count))

    def list_things(self) -> None:
        """Two lines stood at one place: they speak of things, and what was held of them is no curve."""
        self.standing.things = True
        self.hold.points.clear()
