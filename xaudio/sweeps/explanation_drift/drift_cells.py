"""The unit of explanation drift: a model, a method, a condition and the sampled clips."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from explainers.explainer import Explainer
from xaudio.sweeps.buckets import PlannedClip
from xaudio.sweeps.conditions import Condition
from xaudio.sweeps.content import content_hash
from xaudio.sweeps.explanation_drift.carrying import STEP_SECONDS
from xaudio.sweeps.explanation_drift.maps import BAND_EDGES
from xaudio.sweeps.identity import ModelIdentity
from xaudio.sweeps.plan import CELL_SCHEMA, ID_LENGTH, describe

# Goes up when what a drift cell computes changes while its parts stay the same.
DRIFT_VERSION = "1"

DRIFT_CELL_SCHEMA = pa.schema(
    [
        *CELL_SCHEMA,
        ("method", pa.string()),
        ("settings", pa.string()),
    ]
)


@dataclass(frozen=True)
class DriftCell:
    """What is explained, how, and what it is compared under.

    Attributes:
        model: Which is explained.
        explainer: The method.
        condition: How the clips are corrupted.
        clips: The sample.
    """

    model: ModelIdentity
    explainer: Explainer
    condition: Condition
    clips: tuple[PlannedClip, ...]

    @cached_property
    def id(self) -> str:
        """Hash of what decides the cell's rows: annotated segments too, for masses lie in them."""
        annotated = [json.dumps([clip.row.label, clip.row.segments]) for clip in self.clips]
        return content_hash(
            DRIFT_VERSION,
            self.model.digest,
            self.explainer.name,
            settings_of(self.explainer),
            json.dumps([STEP_SECONDS, BAND_EDGES]),
            self.condition.digest,
            *(clip.digest for clip in self.clips),
            *annotated,
        )[:ID_LENGTH]

    def describe(self) -> dict[str, Any]:
        """The columns of `DRIFT_CELL_SCHEMA`."""
        return {
            "cell": self.id,
            **describe(self.model, self.condition),
            "method": self.explainer.name,
            "settings": settings_of(self.explainer),
        }


def settings_of(explainer: Explainer) -> str:
    """A method's settings as JSON."""
    return json.dumps(asdict(explainer), sort_keys=True, default=str)  # type: ignore[call-overload]


def drift_cells(
    models: Sequence[ModelIdentity],
    explainers: Sequence[Explainer],
    conditions: Sequence[Condition],
    clips: tuple[PlannedClip, ...],
) -> list[DriftCell]:
    """Every model, with its method, under every condition; those of one model after each other."""
    return [
        DriftCell(model, explainer, condition, clips)
        for model, explainer in zip(models, explainers, strict=True)
        for condition in conditions
    ]
