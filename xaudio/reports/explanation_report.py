"""One explanation as a page: decision, picture, sound, strongest stretches, how it was made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from xaudio.reports import html
from xaudio.reports.elements import WeighedStretch


@dataclass(frozen=True)
class Picture:
    """An image for a light and for a dark page, as PNG files, and what it shows."""

    light: bytes
    dark: bytes
    shows: str


@dataclass(frozen=True)
class ExplanationReport:
    """What the page says.

    Attributes:
        title: The clip's name.
        verdict: The label the model gave.
        verdict_detail: Score, threshold and what they mean, in a sentence.
        picture: The explanation's picture.
        sounds: WAV files by what they let one hear.
        strongest: The stretches that weigh most, the heaviest first.
        signed: Whether relevance against the target is negative.
        target: The number that was explained.
        method: Name and summary of the method, in a sentence.
        logits: By label.
        provenance: What made it, by name.
        command: The command line that makes it again.
        python: The lines of Python that make it again.
        cautions: Shown below the picture.
        accounts: Further sections, see `xaudio.reports.accounts`.
        reading: How to read the picture, where it is no relevance over a spectrogram.
    """

    title: str
    verdict: str
    verdict_detail: str
    picture: Picture
    sounds: Mapping[str, bytes]
    strongest: Sequence[WeighedStretch]
    signed: bool
    target: str
    method: str
    logits: Mapping[str, float]
    provenance: Mapping[str, object]
    command: str
    python: str
    cautions: Sequence[str] = field(default=())
    accounts: Sequence[html.Html] = field(default=())
    reading: str = ""


def explanation_page(report: ExplanationReport) -> html.Html:
    """The whole page, which needs nothing beside itself."""
    return html.page(
        report.title,
        [
            html.headline(report.verdict, report.verdict_detail),
            html.section("Where and why", *_picture(report)),
            html.section("Listen", _sounds(report)),
            *(
                [html.section("Strongest stretches", *_strongest(report))]
                if report.strongest
                else []
            ),
            *report.accounts,
            html.section("What the model said", _logits(report)),
            html.section("How it was made", html.facts(report.provenance)),
            html.section(
                "Make it again",
                html.subsection("Command line", html.code(report.command)),
                html.subsection("Python", html.code(report.python)),
            ),
        ],
        subtitle="Why a model decided what it decided, and where in the recording.",
    )


def _picture(report: ExplanationReport) -> list[html.Html]:
    picture = report.picture
    return [
        html.paragraph(report.method),
        html.paragraph(report.reading or _how_to_read(report)),
        html.picture(picture.light, picture.shows, dark_png=picture.dark),
        *(html.note(caution) for caution in report.cautions),
    ]


def _how_to_read(report: ExplanationReport) -> str:
    if report.signed:
        return (
            f"What is explained is “{report.target}”: red speaks for it, blue against it; "
            "the paler the weaker."
        )
    return (
        f"What is explained is “{report.target}”: the colours say how strongly it hangs on each "
        "part, not in which direction."
    )


def _sounds(report: ExplanationReport) -> html.Html:
    return html.columns(*(html.audio(wav, caption) for caption, wav in report.sounds.items()))


def _strongest(report: ExplanationReport) -> list[html.Html]:
    number = "{:+.4g}" if report.signed else "{:.4g}"
    rows = [
        (
            rank,
            f"{stretch.start:.2f}",
            f"{stretch.end:.2f}",
            number.format(stretch.relevance),
            f"{stretch.share:.1%}",
        )
        for rank, stretch in enumerate(report.strongest, start=1)
    ]
    caption = "Share: of the magnitude of all stretches of this length, for and against together."
    return [html.table(["Rank", "From (s)", "To (s)", "Relevance", "Share"], rows, caption)]


def _logits(report: ExplanationReport) -> html.Html:
    return html.table(
        ["Label", "Logit"], [(label, f"{value:.4f}") for label, value in report.logits.items()]
    )
