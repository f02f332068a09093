"""What ``xaudio verify-model`` found, as tables for people."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, takewhile
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from explainers.lrp.verification import (
    FAILED,
    PASSED,
    UNCHECKED,
    WARNING,
    Finding,
    Layer,
    OperationMet,
    Row,
    Verification,
    layers,
    short_name,
)
from xaudio.cli.output import FILE_WIDTH

STYLES = {PASSED: "green", FAILED: "bold red", WARNING: "yellow", UNCHECKED: "dim"}
MARKS = {PASSED: "✓", FAILED: "✗", WARNING: "!", UNCHECKED: "–"}
ROWS = 60  # of layers, where nobody says how deep to look
DEEPEST = 12
NAMED = 3  # of many places
DIGITS = 5
TINY = 5e-5  # of the score: sinks below it are not worth a row's width
ITSELF = "(the model itself)"
BESIDES = "(itself)"
ROOMY = 110  # characters from which there is room to explain what went well

Account = Row | Layer


class Amounts:
    """Writes amounts of relevance with as many places as the score asks for."""

    def __init__(self, found: Verification) -> None:
        score = 1.0 if found.account is None else max(abs(found.account.score), 1e-9)
        self._least = TINY * score
        self._places = min(12, max(0, DIGITS - math.ceil(math.log10(score))))

    def one(self, amount: float) -> str:
        """One amount with its sign."""
        return f"{amount:+.{self._places}f}"

    def some(self, amounts: Mapping[str, float]) -> str:
        """The largest by name, without what is next to nothing."""
        ordered = sorted(amounts.items(), key=lambda one: -abs(one[1]))
        told = [f"{name or ITSELF} {self.one(one)}" for name, one in ordered if self.tells(one)]
        return _few(told)

    def tells(self, amount: float) -> bool:
        """Whether it is more than next to nothing."""
        return abs(amount) > self._least


def print_verification(
    about: Mapping[str, Any], found: Verification, depth: int | None, all_calls: bool
) -> None:
    """Print the summary, then relevance through the layers, the operations, the sinks.

    Args:
        about: The model and the clip.
        found: What was found.
        depth: Of the layers' paths; None for as many as fill the page.
        all_calls: Show every call instead of layers.
    """
    terminal = Console(highlight=False)
    console = terminal if terminal.is_terminal else Console(width=FILE_WIDTH, highlight=False)
    console.print(Text(_heading(about, found)))
    console.print(_findings(found.findings, console.width >= ROOMY))
    if found.rows:
        shown = found.rows if all_calls else layers(found.rows, depth or _fitting(found.rows))
        console.print(_accounts(shown, found))
    if found.operations:
        console.print(_operations(found.operations))
    if found.account is not None:
        console.print(_sinks(found))
    console.print(_verdict(found))


def _heading(about: Mapping[str, Any], found: Verification) -> str:
    return (
        f"{about['model']}: {', '.join(about['labels'])} at {about['sample_rate']} Hz, "
        f"fit {about['fit']}\n"
        f"Checked on {about['clip']}: relevance of '{found.target}' by the rules "
        f"'{found.composite}'"
    )


def _findings(findings: Iterable[Finding], roomy: bool) -> Table:
    table = _table(
        "", ("check", WHOLE), ("", WHOLE), ("figure", RIGHT), ("at most", RIGHT), ("", {})
    )
    for one in findings:
        style = STYLES[one.status]
        status = Text(f"{MARKS[one.status]} {one.status}", style=style)
        loud = style if one.status in (FAILED, WARNING) else ""
        table.add_row(
            Text(one.question),
            status,
            Text(_number(one.figure), style=loud),
            Text(_number(one.tolerance), style="dim"),
            Text(one.detail if roomy or one.status != PASSED else "", style="" if loud else "dim"),
        )
    return table


def _accounts(accounts: Iterable[Account], found: Verification) -> Table:
    show = Amounts(found)
    table = _table(
        "Relevance through the layers, samples first: arrives = handed on + absorbed",
        ("layer", {"min_width": 28}),
        ("operations", {}),
        ("arrives", RIGHT),
        ("handed on", RIGHT),
        ("absorbed", {}),
        ("error", RIGHT),
    )
    for label, one in _tree(accounts):
        if one is None:
            table.add_row(Text(label, style="dim"))
            continue
        operations = one.operations if isinstance(one, Layer) else (one.operation,)
        table.add_row(
            Text(label),
            Text(_few(list(dict.fromkeys(map(short_name, operations))))),
            Text(show.one(one.arrives)),
            Text("" if one.handed_on is None else show.one(one.handed_on)),
            Text(show.some(one.absorbed)),
            Text(_number(one.error), style="dim"),
        )
    return table


def _operations(operations: Iterable[OperationMet]) -> Table:
    table = _table(
        "Operations met; calls that carry no relevance are held constant, or lead nowhere",
        ("operation", {}),
        ("calls", RIGHT),
        ("carry", RIGHT),
        ("answered by", {}),
        ("in", {"no_wrap": True, "overflow": "ellipsis"}),
    )
    for one in operations:
        carrying = "" if one.carrying is None else str(one.carrying)
        places = _few([place or ITSELF for place in one.places])
        table.add_row(*map(Text, (one.name, str(one.calls), carrying, one.answered, places)))
    return table


def _sinks(found: Verification) -> Table:
    account, show = found.account, Amounts(found)
    assert account is not None
    table = _table(
        "Where the score went",
        ("", {"no_wrap": True}),
        ("amount", RIGHT),
        ("of |score|", RIGHT),
        ("of sum |R|", RIGHT),
        ("most of it in", {}),
    )

    def add(name: str, amount: float, places: str, style: str = "") -> None:
        shares = [abs(amount) / max(whole, 1e-30) for whole in (abs(account.score), account.size)]
        cells = (name, show.one(amount), *(f"{share:.1%}" for share in shares), places)
        table.add_row(*(Text(cell, style=style) for cell in cells))

    add("samples", account.received, "", "bold")
    for sink in filter(lambda sink: any(map(show.tells, sink.places.values())), found.sinks):
        add(sink.kind, sink.amount, show.some(sink.places))
    add("= score", account.score, "", "bold")
    return table


def _verdict(found: Verification) -> Text:
    counts = Counter(one.status for one in found.findings)
    words = {WARNING: "to look at"}
    told = ", ".join(f"{counts[one]} {words.get(one, one)}" for one in STYLES if counts[one])
    failed = "; ".join(one.question for one in found.failed)
    verdict = f"Failed: {failed}" if failed else "Nothing failed"
    return Text(f"{verdict} ({told}).", style=STYLES[FAILED if failed else PASSED])


WHOLE = {"no_wrap": True}
RIGHT = {"justify": "right", "no_wrap": True}


def _table(title: str, *columns: tuple[str, dict[str, Any]]) -> Table:
    shown = Text(title, style="bold") if title else None
    table = Table(box=box.SIMPLE_HEAD, title=shown, title_justify="left", pad_edge=False)
    for name, looks in columns:
        table.add_column(name, **{"overflow": "fold", **looks})
    return table


def _fitting(accounts: Sequence[Row]) -> int:
    """The greatest depth whose layers fill no more than a page, at least one."""
    fitting = [depth for depth in range(1, DEEPEST) if len(layers(accounts, depth)) <= ROWS]
    return max(fitting, default=1)


def _tree(
    accounts: Iterable[Account], told: int = 0, indent: str = ""
) -> Iterator[tuple[str, Account | None]]:
    """Every account under what its path shares with those beside it; None with a heading."""
    for _, grouped in groupby(accounts, key=lambda one: _steps(one)[told : told + 1]):
        group = list(grouped)
        first, shared = _steps(group[0]), _shared([_steps(one) for one in group])
        if shared == max(len(_steps(one)) for one in group):
            label = ".".join(first[told:]) or (BESIDES if told else ITSELF)
            yield from ((indent + label, one) for one in group)
        else:
            yield indent + ".".join(first[told:shared]), None
            yield from _tree(group, shared, indent + "  ")


def _steps(account: Account) -> list[str]:
    return account.place.split(".") if account.place else []


def _shared(paths: Sequence[Sequence[str]]) -> int:
    """How many steps all paths begin with."""
    level = zip(*paths, strict=False)
    return sum(1 for _ in takewhile(lambda steps: len(set(steps)) == 1, level))


def _few(names: Sequence[str]) -> str:
    shown = ", ".join(names[:NAMED])
    return shown if len(names) <= NAMED else f"{shown} + {len(names) - NAMED}"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    if value == 0 or (1 <= abs(value) < 1e6 and float(value).is_integer()):
        return f"{value:.0f}"
    return f"{value:.2g}" if 1e-3 <= abs(value) < 1e4 else f"{value:.0e}"
