"""What the demonstration found, as a person reads it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from explainers.quality.localisation import Localisation
from explainers.quality.statistics import Estimate
from xaudio.demonstration.localisation import ranked
from xaudio.metrics.intervals import Interval
from xaudio.reports.sweep_report import interval_text, parameter_text, share_text


@dataclass(frozen=True, eq=False)
class Summary:
    """The figures of one demonstration.

    Attributes:
        model: The detector.
        clips: In the corpus.
        hybrids: Partly synthetic ones among them.
        detected: Share of the hybrids scored as synthetic.
        conditions: Rows of the sweep's condition table.
        attacks: Equal error rate on clean audio, by attack.
        never_heard: Attacks the detector was not trained on.
        areas: Frame ROC-AUC on the hybrids, by method and for the model's own evidence.
        seconds: The whole took.
    """

    model: str
    clips: int
    hybrids: int
    detected: float
    conditions: Sequence[Mapping[str, Any]]
    attacks: Mapping[str, Interval]
    never_heard: Sequence[str]
    areas: Mapping[str, Localisation]
    seconds: float


def summary_text(summary: Summary) -> str:
    """The summary as plain text, about sixty lines of at most 88 characters."""
    clean = next(row for row in summary.conditions if row["severity"] == 0)
    lines = [
        f"{summary.model} on {summary.clips} clips, {summary.hybrids} of them hybrids; "
        "95 % intervals, speakers resampled",
        "",
        f"EER, clean                       {interval_text(clean)}",
        *(
            f"  {attack:<30} {rate}{_remark(attack, summary)}"
            for attack, rate in summary.attacks.items()
        ),
        "",
        "EER re-fitted per condition, and errors at the threshold fixed on clean clips",
        f"  {'':<38} {'EER':<22} {'human':>9} {'synthetic':>11}",
        f"  {'':<38} {'':<22} {'rejected':>9} {'accepted':>11}",
        *(_condition_line(row) for row in summary.conditions if row["severity"] > 0),
        "",
        f"Does relevance fall on the synthetic stretch? Frame ROC-AUC, {summary.hybrids} hybrids,",
        f"frames of 20 ms ({summary.detected:.0%} of them are scored as synthetic)",
        f"  {'':<32} {'raw':<20} {'averaged over 0.5 s':<20}",
        *(
            f"  {title:<32} {area_text(area.raw):<20} {area_text(area.averaged):<20}"
            for title, area in ranked(summary.areas)
        ),
        "",
        f"Took {summary.seconds / 60:.1f} minutes.",
    ]
    return "\n".join(line.rstrip() for line in lines)


def _remark(attack: str, summary: Summary) -> str:
    return "  never trained on" if attack in summary.never_heard else ""


def condition_name(row: Mapping[str, Any]) -> str:
    """A corruption with what tells its severities apart: `mp3, bitrate_kbps 24`."""
    first = parameter_text(row["parameters"]).split(",")[0]
    return f"{row['corruption']} {row['severity']}: {first}"


def area_text(area: Estimate) -> str:
    """An area under the curve with its interval."""
    return f"{area.mean:.3f} [{area.low:.2f}, {area.high:.2f}]"


def _condition_line(row: Mapping[str, Any]) -> str:
    rejected, accepted = share_text(row["false_rejection"]), share_text(row["false_acceptance"])
    return f"  {condition_name(row):<38} {interval_text(row):<22} {rejected:>9} {accepted:>11}"


def summary_figures(summary: Summary) -> dict[str, Any]:
    """The same figures for a program."""
    return {
        "model": summary.model,
        "clips": summary.clips,
        "hybrids": summary.hybrids,
        "hybrids_detected": summary.detected,
        "conditions": list(summary.conditions),
        "attacks": {attack: vars(rate) for attack, rate in summary.attacks.items()},
        "localisation": {
            title: {"raw": vars(area.raw), "averaged": vars(area.averaged)}
            for title, area in summary.areas.items()
        },
        "seconds": summary.seconds,
    }
