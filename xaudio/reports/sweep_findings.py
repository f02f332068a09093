"""What a report about a sweep can tell: its tables, some of its clips, what it was made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from xaudio.reports.attack_cube import FlippedClip
from xaudio.reports.charts import Row


@dataclass(frozen=True, eq=False)
class SweepFindings:
    """Everything a report is made from; a table that is None has no section.

    Attributes:
        conditions: A row per model, corruption and severity.
        failures: Score rows without a score.
        pairs: Paired differences with intervals and Holm's correction.
        ranks: How sure the models' order is.
        corruption_errors: mCE and relative mCE.
        attacks: A row per kind of clip and condition.
        thresholds: The best threshold of each condition beside the deployed one.
        calibration: Points of the reliability curves.
        quality: Measured quality of each condition.
        drift: Explanation drift beside score drift, a row per condition and decision.
        departures: What is left of relevance in annotated stretches, and of the score.
        flips: Decisions that flipped, some of them with their sound.
        models: What decides each model's scores, by its name.
        facts: What else it was made from.
        about: What was swept over what, in a line below the heading.
        drawn: What the bootstrap redraws: speakers, or clips where no speaker is named.
        unfinished: What is still to be done, in a sentence; empty where nothing is.
    """

    conditions: pa.Table
    failures: pa.Table
    pairs: pa.Table | None = None
    ranks: pa.Table | None = None
    corruption_errors: pa.Table | None = None
    attacks: pa.Table | None = None
    thresholds: pa.Table | None = None
    calibration: pa.Table | None = None
    quality: pa.Table | None = None
    drift: pa.Table | None = None
    departures: pa.Table | None = None
    flips: Sequence[FlippedClip] = ()
    models: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    facts: Mapping[str, object] = field(default_factory=dict)
    about: str = ""
    drawn: str = "speakers"
    unfinished: str = ""

    def rows(self, name: str) -> list[Row]:
        """The rows of a table; none where it is not there."""
        found: pa.Table | None = getattr(self, name)
        return [] if found is None else found.to_pylist()
