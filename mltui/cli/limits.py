"""``mltui limits``."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict, fields

from mltui.cli.output import confirmed, print_json, print_table, say
from mltui.cli.session import open_launcher
from mltui.domain.container import Limits
from mltui.domain.errors import MltuiError, UsageError
from mltui.domain.figures import UNKNOWN, format_percent
from mltui.domain.limits import TITLES, change_text, limit_text, parse_limit, use_of, warnings
from mltui.domain.text import one_line
from mltui.runtime.limits import LimitsNow


def limits(args: Namespace) -> int:
    """Print what a run may use and uses, or change it."""
    launcher = open_launcher(args)
    run = launcher.database.find(args.run)
    given = {one.name: getattr(args, one.name) for one in fields(Limits) if getattr(args, one.name) is not None}
    if not run.state.active:
        raise MltuiError(f"Run {run.id} has ended already: {run.state}.")
    # What is wrong by itself is said before an engine is asked.
    _parsed(given, Limits())
    now = launcher.limits_now(run)
    if not given:
        _print(now, as_json=args.json)
        return 0
    wanted = _parsed(given, now.machine)
    doubts = list(warnings(wanted, now.usage))
    if doubts and not confirmed(" ".join([*doubts, "Change it all the same?"]), yes=args.yes):
        say("Nothing was changed.")
        return 1
    changes = launcher.change_limits(run, wanted)
    if args.json:
        _print(launcher.limits_now(run), as_json=True)
        return 0
    for doubt in doubts:
        say(doubt)
    for change in changes:
        print(f"Run {run.id}: {change_text(change)}.")
    if not changes:
        print(f"Run {run.id} had these limits already.")
    return 0


def _parsed(given: dict[str, str], machine: Limits) -> Limits:
    values: dict[str, float | int] = {}
    for what, text in given.items():
        try:
            values[what] = parse_limit(what, text, machine)
        except ValueError as error:
            raise UsageError(f"--{what}: {one_line(str(error))}.") from error
    return Limits(**values)  # type: ignore[arg-type]  # cpus alone is no whole number


def _print(now: LimitsNow, *, as_json: bool) -> None:
    used = {what: use_of(what, now.usage) for what in TITLES}
    if as_json:
        print_json({"limits": asdict(now.limits), "used": used})
        return
    rows = []
    for what, title in TITLES.items():
        limit, use = getattr(now.limits, what), used[what]
        most = limit or getattr(now.machine, what)
        use_text = UNKNOWN if use is None else limit_text(what, use)
        share = format_percent(use / most) if use is not None and most else UNKNOWN
        of_machine = " of the machine" if limit is None and most else ""
        rows.append((title, use_text, limit_text(what, limit), share + of_machine))
    print_table(("", "USED", "LIMIT", "RATIO"), rows, right="USED LIMIT")
