"""Stretches of a clip as label files: Audacity's, Praat's TextGrid, and a table.

Sources: Audacity's manual, "Importing and Exporting Labels"; Praat's, "TextGrid file formats".
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Tiers = Mapping[str, Sequence["Label"]]


@dataclass(frozen=True)
class Label:
    """A stretch with a text; between two frequencies in hertz where it has them."""

    start: float
    end: float
    text: str
    low: float | None = None
    high: float | None = None


def audacity_labels(tiers: Tiers) -> str:
    r"""One track: start, end and text, and a second line where there is a band.

    >>> audacity_labels({"edit": [Label(0.5, 1.0, "mute", 100.0, 200.0)]})
    '0.500000\t1.000000\tedit: mute\n\\\t100.00\t200.00\n'
    """
    lines = []
    for tier, label in sorted(_flat(tiers), key=lambda pair: (pair[1].start, pair[1].end)):
        lines.append(f"{label.start:.6f}\t{label.end:.6f}\t{_one_line(f'{tier}: {label.text}')}")
        if label.low is not None and label.high is not None:
            lines.append(f"\\\t{label.low:.2f}\t{label.high:.2f}")
    return "".join(f"{line}\n" for line in lines)


def textgrid(tiers: Tiers, seconds: float) -> str:
    """One tier of intervals for each name, in Praat's long text format.

    What overlaps goes to a second tier of the same name and a number.
    """
    laid = [
        (name if not row else f"{name} {row + 1}", labels)
        for name, given in tiers.items()
        for row, labels in enumerate(_without_overlap(given, seconds))
    ]
    head = [
        'File type = "ooTextFile"',
        'Object class = "TextGrid"',
        "",
        "xmin = 0",
        f"xmax = {seconds:.6f}",
        "tiers? <exists>" if laid else "tiers? <absent>",
    ]
    body = [f"size = {len(laid)}", "item []:"] if laid else []
    for number, (name, labels) in enumerate(laid, start=1):
        body += [f"    item [{number}]:", *_tier(name, labels, seconds)]
    return "\n".join([*head, *body]) + "\n"


def labels_csv(tiers: Tiers) -> str:
    """All labels as a table: tier, start, end, low, high, text."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["tier", "start_s", "end_s", "low_hz", "high_hz", "text"])
    for tier, label in _flat(tiers):
        band = ["" if hertz is None else f"{hertz:.2f}" for hertz in (label.low, label.high)]
        row = [_cell(tier), f"{label.start:.6f}", f"{label.end:.6f}", *band, _cell(label.text)]
        table.writerow(row)
    return text.getvalue()


def _tier(name: str, labels: Sequence[Label], seconds: float) -> list[str]:
    """Intervals that cover the clip, those between the labels empty."""
    filled = []
    reached = 0.0
    for label in labels:
        if label.start > reached:
            filled.append(Label(reached, label.start, ""))
        filled.append(label)
        reached = label.end
    if reached < seconds:
        filled.append(Label(reached, seconds, ""))
    lines = [
        '        class = "IntervalTier"',
        f"        name = {_quoted(name)}",
        "        xmin = 0",
        f"        xmax = {seconds:.6f}",
        f"        intervals: size = {len(filled)}",
    ]
    for number, label in enumerate(filled, start=1):
        lines += [
            f"        intervals [{number}]:",
            f"            xmin = {label.start:.6f}",
            f"            xmax = {label.end:.6f}",
            f"            text = {_quoted(label.text)}",
        ]
    return lines


def _without_overlap(labels: Sequence[Label], seconds: float) -> list[list[Label]]:
    """The labels in as few rows as hold them side by side, cut at the clip's end."""
    rows: list[list[Label]] = []
    for label in sorted(labels, key=lambda one: (one.start, one.end)):
        cut = Label(max(0.0, label.start), min(label.end, seconds), label.text)
        if cut.end <= cut.start:
            continue
        row = next((row for row in rows if row[-1].end <= cut.start + 1e-9), None)
        if row is None:
            rows.append(row := [])
        row.append(Label(max(cut.start, row[-1].end if row else 0.0), cut.end, cut.text))
    return rows


def _flat(tiers: Tiers) -> Iterable[tuple[str, Label]]:
    return ((name, label) for name, labels in tiers.items() for label in labels)


def _quoted(text: str) -> str:
    return '"' + _one_line(text).replace('"', '""') + '"'


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    """As text also in a spreadsheet, which takes what begins with = or + for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
