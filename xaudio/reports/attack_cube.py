"""Attack x codec x severity: where decisions go wrong, down to the clips, which can be heard."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from xaudio.reports.charts import Row, distinct
from xaudio.reports.heat import heat_cell, heat_grid, heat_scale, heat_top
from xaudio.reports.html import Html, audio, columns, details, subsection, table
from xaudio.reports.measures import share_text, with_interval

MOST_LISTED_IN_CELL = 5

Cell = tuple[str, str | None, str, str, int]


@dataclass(frozen=True, eq=False)
class FlippedClip:
    """A clip about which a model decides otherwise than when it was clean.

    Attributes:
        model: Which one.
        corruption: The condition.
        severity: Of it.
        clip: The clip's name.
        label: What it is.
        attack: How it was made; None for human speech.
        codec: What it had been through before the sweep; None where nobody knows.
        clean_score: The model's score of the clean clip.
        score: Of the corrupted one.
        threshold: The one fixed on clean clips; None for a classifier, which has none.
        clean_decision: The label that was decided when it was clean.
        decision: The one that is decided now.
        clean: The clean clip as a WAV file; empty where it is not in the page.
        corrupted: What the model heard as a WAV file; likewise.
    """

    model: str
    corruption: str
    severity: int
    clip: str
    label: str
    attack: str | None
    codec: str | None
    clean_score: float
    score: float
    threshold: float | None
    clean_decision: str | None
    decision: str | None
    clean: bytes = b""
    corrupted: bytes = b""

    @property
    def cell(self) -> Cell:
        """Which cell of the cube it is in."""
        kind = kind_name(self.label, self.attack)
        return (self.model, self.codec, kind, self.corruption, self.severity)


def kind_name(label: str, attack: str | None) -> str:
    """What a kind of clip is called: its attack, or its label where it has none.

    >>> kind_name("spoof", "A07"), kind_name("bonafide", None)
    ('A07', 'bona fide')
    """
    return attack or label_name(label)


def label_name(label: str | None) -> str:
    """A label as people write it."""
    return {"bonafide": "bona fide", None: "nothing"}.get(label) or str(label)


def attack_cube(cube: Sequence[Row], flips: Sequence[FlippedClip] = ()) -> list[Html]:
    """A grid per model, whose cells lead to the clips that flipped.

    Args:
        cube: Rows of a sweep's attack table.
        flips: Decisions that flipped, those worth looking at first; five of a cell are listed.
    """
    top = heat_top(row.get("error") for row in cube)
    listed: dict[Cell, list[FlippedClip]] = {}
    for flip in flips:
        listed.setdefault(flip.cell, []).append(flip)
    names = {cell: f"flips-{number}" for number, cell in enumerate(listed)}
    parts = [heat_scale(top, "Colour: wrong decisions,")]
    for model in distinct(row["model"] for row in cube):
        grids = _grids([row for row in cube if row["model"] == model], top, names)
        clips = [_clips(names[cell], there) for cell, there in listed.items() if cell[0] == model]
        parts.append(details(model, *grids, *clips))
    # The first model is open, so that the page shows what unfolds.
    parts[1:2] = [Html(part.replace("<details>", "<details open>", 1)) for part in parts[1:2]]
    return parts


def _grids(rows: Sequence[Row], top: float, names: Mapping[Cell, str]) -> list[Html]:
    """A grid of one model, or one for each codec where there are several."""
    by_codec: dict[str | None, list[Row]] = {}
    for row in rows:
        by_codec.setdefault(row.get("codec"), []).append(row)
    if len(by_codec) == 1:
        return [_grid(rows, top, names)]
    return [
        subsection(f"Clips that had been through: {codec or 'unknown'}", _grid(there, top, names))
        for codec, there in by_codec.items()
    ]


def _grid(rows: Sequence[Row], top: float, names: Mapping[Cell, str]) -> Html:
    squares: dict[tuple[str, str], list[Html]] = {}
    for row in sorted(rows, key=lambda row: (row["severity"], row["corruption"])):
        place = (row["corruption"], kind_name(row["label"], row["attack"]))
        squares.setdefault(place, []).append(_square(row, top, names))
    kinds = sorted(
        distinct(kind for _, kind in squares), key=lambda kind: (_is_attack(kind, rows), kind)
    )
    return heat_grid("Corruption", distinct(name for name, _ in squares), kinds, squares)


def _is_attack(kind: str, rows: Iterable[Row]) -> bool:
    return any(row["attack"] == kind for row in rows)


def _square(row: Row, top: float, names: Mapping[Cell, str]) -> Html:
    share, kind = row.get("error"), kind_name(row["label"], row["attack"])
    clean = row["severity"] == 0
    where = "clean" if clean else f"{row['corruption']}, severity {row['severity']}"
    wrong = with_interval(share, row.get("error_low"), row.get("error_high"))
    title = f"{kind}, {where}: {wrong} of {row['clips']} clips decided wrongly"
    if row.get("flipped") is not None and not clean:
        title += f", {share_text(row['flipped'])} otherwise than when clean"
    cell = (row["model"], row.get("codec"), kind, row["corruption"], row["severity"])
    text = "–" if share is None else f"{100 * share:.0f}"
    return heat_cell(share, top, text, title, names.get(cell, ""))


def _clips(name: str, clips: Sequence[FlippedClip]) -> Html:
    first = clips[0]
    heard = " heard" if any(clip.corrupted for clip in clips) else ""
    title = f"{first.corruption}, severity {first.severity}: {kind_name(first.label, first.attack)}"
    shown = clips[:MOST_LISTED_IN_CELL]
    players = [player for clip in shown for player in _players(clip)]
    parts = subsection(title, _scores(shown), *players)
    return Html(f'<div class="flips{heard}" id="{name}">{parts}</div>')


def _scores(clips: Sequence[FlippedClip]) -> Html:
    threshold = clips[0].threshold
    return table(
        ["Clip", "Is", "Score, clean", "Called", "Score now", "Called now"],
        [
            [
                clip.clip,
                label_name(clip.label),
                f"{clip.clean_score:+.2f}",
                label_name(clip.clean_decision),
                f"{clip.score:+.2f}",
                label_name(clip.decision),
            ]
            for clip in clips
        ],
        "" if threshold is None else f"Accepted as bona fide from {threshold:+.2f}, the threshold.",
    )


def _players(clip: FlippedClip) -> list[Html]:
    if not clip.corrupted:
        return []
    clean = audio(clip.clean, f"{clip.clip}, clean")
    return [columns(clean, audio(clip.corrupted, f"{clip.clip}, as the model heard it"))]


STYLE = """
.flips { display: none; }
.flips.heard, .flips:target { display: block; }
.flips:target { outline: 2px solid var(--accent); outline-offset: .4rem; border-radius: 2px; }
.flips h3 { margin-bottom: .1rem; }
.flips .columns { gap: 0 2rem; }
.flips figure.sound { margin: .2rem 0; }
"""
