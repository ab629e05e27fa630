"""From records to points: where a value belongs (x), and whether it is news.

Each of these calls only what stands to its right: ``points`` places the lines that say where they stand, ``unplaced``
those that do not; ``news`` leaves out what was told already; ``held`` keeps what may be no curve::

    Points.read ──▶ Unplaced.read ──▶ News.report ──▶ Held.hold
"""

from __future__ import annotations

from mltui.domain.metric import MetricKind, MetricPoint
from mltui.parsers.budget import Budget
from mltui.parsers.config import MetricConfig
from mltui.parsers.plans.plan import PlacedLine, Plan, Series
from mltui.parsers.points.context import Context
from mltui.parsers.points.live import Live
from mltui.parsers.points.news import News, Turn
from mltui.parsers.points.sentences import place_of
from mltui.parsers.points.unplaced import Unplaced
from mltui.parsers.words.values import Numbers


class Points:
    """Turns the numbers of lines into points, for all that print into one log."""

    def __init__(self, config: MetricConfig) -> None:
        self.config = config
        self.dropped = 0
        """Values that belong to series beyond the limit."""
        self.news = News(config)
        """Reports lines whose place is known, as that of a bar is."""
        self.context = self.news.context
        """Where the training of the one stands that prints at the moment; set by ``follow``."""
        self.budget = Budget()
        """What all that print into the log may remember of its shapes."""
        self._unplaced = Unplaced(self.news)
        self._live = Live()
        self._is_live = False

    def follow(self, context: Context) -> None:
        """From now on the one prints whose training stands there."""
        self.context = self.news.context = context

    @property
    def series(self) -> dict[tuple[str, MetricKind], Series]:
        """All series so far."""
        return self.news.series

    def series_for(self, name: str, kind: MetricKind) -> Series | None:
        """The series of that name, or ``None`` when there are too many."""
        return self.news.series_for(name, kind)

    def take(self) -> list[MetricPoint]:
        """The points since the last time."""
        news = self.news
        out, news.out = news.out, []
        return out

    def take_turns(self) -> list[Turn]:
        """Which lines were the first in another epoch since the last time."""
        news = self.news
        out, news.turns = news.turns, []
        return out

    def read(self, plan: Plan, numbers: Numbers, redrawn: bool = False) -> None:
        """Report the values of a line of this plan where its counters, or else the lines around it, place it.

        ``numbers`` are the line's, as ``plan`` counts them. A ``redrawn`` line is drawn over by the next: it may go on
        showing the last evaluation's values.
        """
        news, context = self.news, self.context
        if plan.counts and not (plan.evaluates and context.counts_evaluation(plan, numbers)):
            self.read_placed(plan, numbers, redrawn)
            return
        if news.held.groups:
            news.went_on_with(plan.group)
        self._unplaced.read(plan, numbers, redrawn or self._is_live)
        if plan.evaluates and plan.counts:
            context.evaluated = context.advances

    def read_placed(self, plan: Plan, numbers: Numbers, redrawn: bool = False) -> None:
        """Report the values of a line of this plan where its counters place it."""
        news, context = self.news, self.context
        axis, x, moved = context.follow(plan, numbers)
        if plan.evaluates:
            context.evaluated = context.advances
        if moved:
            if self._unplaced.waits:  # Asked here too, since it seldom does.
                self._unplaced.arrived(axis, x, measures=True)
        elif plan.bracketed and context.stands_still(plan, x, numbers):
            self._unplaced.read(plan, numbers, redrawn or self._is_live)
            return
        if news.held.groups:
            news.training_went_on()
        if not self._is_live:
            news.report(plan, axis, x, numbers, redrawn)
        elif finished := self._live.draw(PlacedLine(plan, axis, x, numbers)):
            news.report(*finished)

    def meet(self, plan: Plan) -> None:
        """A kind of line was understood for the first time."""
        self._unplaced.meet(plan)

    def read_sentence(self, plan: Plan, numbers: Numbers) -> None:
        """Report what a sentence says that other lines may say too."""
        place = place_of(plan, numbers, self.context)
        if place is None:
            self._unplaced.read(plan, numbers, False)
        else:
            self.news.report(plan, *place, numbers)

    def arrived(self, axis: str, x: float, measures: bool, ends: bool = False) -> None:
        """The log has said where it stands, in a line that ``measures`` or only counts, or says that ``x`` is over."""
        if self._unplaced.waits:
            self._unplaced.arrived(axis, x, measures, ends)

    def set_live(self, live: bool) -> None:
        """Lines are now drawn over and over, or no longer."""
        self._is_live = live
        for line in () if live else self._live.take():
            self.news.report(*line)

    def close(self) -> None:
        """The log ended: what stood alone after a single epoch is reported, what followed many is a final result."""
        self.set_live(False)
        if self.context.x is not None:
            self.arrived(self.context.axis, self.context.x, True)
        self._unplaced.close()
        self.news.close()
