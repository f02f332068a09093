"""The demonstration as one page: what was decided, why, whether that is true, how long it holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from xaudio.demonstration.localisation import ranked
from xaudio.demonstration.summary import Summary, area_text
from xaudio.reports import html
from xaudio.reports.sweep_report import sweep_sections


@dataclass(frozen=True, eq=False)
class ShownClip:
    """One clip on the page.

    Attributes:
        title: What it is.
        decision: What the model says, in a sentence.
        sound: The clip as a WAV file.
        pictures: By method, its picture as a PNG file.
        relevant: By method, the relevant part as a WAV file.
    """

    title: str
    decision: str
    sound: bytes
    pictures: Mapping[str, bytes]
    relevant: Mapping[str, bytes]


def demonstration_page(
    summary: Summary, conditions: pa.Table, failures: pa.Table, shown: Sequence[ShownClip]
) -> html.Html:
    """A page that needs nothing beside itself: summary, clips with picture and sound, sweep."""
    return html.page(
        "xaudio: the main job on real speech",
        [
            _localisation(summary),
            _attacks(summary),
            html.section("One clip of every kind", *(_clip(one) for one in shown)),
            *sweep_sections(conditions, failures),
        ],
        f"{summary.model} on {summary.clips} clips, {summary.hybrids} of them partly synthetic",
    )


def _localisation(summary: Summary) -> html.Html:
    rows = [
        (title, area_text(area.raw), area_text(area.averaged))
        for title, area in ranked(summary.areas)
    ]
    return html.section(
        "Does relevance fall on the synthetic stretch?",
        html.paragraph(
            f"In {summary.hybrids} human utterances one or two stretches were replaced by "
            f"synthesis, and it is known which. The model scores {summary.detected:.0%} of them as "
            "synthetic. A method tells the truth about where if its relevance is higher inside the "
            "stretches than outside: 1 is perfect, 0.5 is chance. The first row is what the model "
            "itself knows frame by frame, which no explanation of it can be expected to beat."
        ),
        html.table(
            ["Evidence", "Frame ROC-AUC, 20 ms", "averaged over 0.5 s"],
            rows,
            "Mean over hybrids with 95 % bootstrap interval, utterances resampled.",
        ),
    )


def _attacks(summary: Summary) -> html.Html:
    return html.section(
        "How good is the detector on clean audio?",
        html.table(
            ["Attack", "EER against all human clips"],
            [(attack, str(rate)) for attack, rate in summary.attacks.items()],
            "With 95 % bootstrap intervals, speakers resampled. Never trained on: "
            f"{', '.join(summary.never_heard)}.",
        ),
    )


def _clip(one: ShownClip) -> html.Html:
    looks = [
        html.details(
            method,
            html.picture(png, f"Waveform and spectrogram of {one.title} with {method} over it"),
            html.audio(one.relevant[method], "The relevant part"),
        )
        for method, png in one.pictures.items()
    ]
    first, *others = looks
    opened = html.Html(first.replace("<details>", "<details open>", 1))
    return html.subsection(
        one.title, html.paragraph(one.decision), html.audio(one.sound, "The clip"), opened, *others
    )
