"""Explain a sample of a sweep's clips, clean and under every condition, and say how far it drifts.

Relevance of the corrupted clip is carried back through the time map and compared with the clean
clip's, beside what chance, a model with random weights and a second run of the method would give.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from explainers.explainer import Explainer
from xaudio.classifiers.classifier import Classifier
from xaudio.errors import SweepError
from xaudio.explaining import default_method, load_method
from xaudio.sweeps.cells import load_clip
from xaudio.sweeps.explanation_drift.drift_cells import DriftCell, drift_cells, settings_of
from xaudio.sweeps.explanation_drift.drift_store import DriftStore
from xaudio.sweeps.explanation_drift.looks import Explaining
from xaudio.sweeps.explanation_drift.rows import CleanSample, drift_rows_of, rows_of_failed_cell
from xaudio.sweeps.identity import identify
from xaudio.sweeps.piecework import piecework
from xaudio.sweeps.plan import Plan
from xaudio.sweeps.progress import Listener, Tally
from xaudio.sweeps.sampling import sampled_clips
from xaudio.sweeps.store import SweepStore
from xaudio.sweeps.swept_model import SweptModel
from xaudio.sweeps.tasks import check_models
from xaudio.sweeps.worker_pool import Death

CLIPS = 16


def explain_drift(
    plan: Plan,
    models: Sequence[SweptModel],
    store: SweepStore,
    method: str | None = None,
    clips: int = CLIPS,
    *,
    settings: Mapping[str, Any] | None = None,
    workers: int = 1,
    progress: Listener | None = None,
) -> DriftStore:
    """Explain a sample of the plan's clips under all its conditions; what is there stays.

    Args:
        plan: The sweep's: its models, its conditions, and the clips to choose from.
        models: The plan's.
        store: Of the sweep; rows go to a folder beside its scores.
        method: Name of a method, see ``xaudio methods``; each model's own default if None.
        clips: How many are explained, the same for every model and condition.
        settings: Of the method; needs its name.
        workers: Processes; 1 does everything here.
        progress: Told after every cell; raise from it to stop.

    Returns:
        Where the rows are: `decided_rows` and `drift_table` say what they mean.

    Raises:
        SweepError: A model is missing, or settings were given without a method.
        ExplanationError: There is no such method or setting. A method that a model cannot have is
            rows that say so.
    """
    if settings and method is None:
        raise SweepError("Settings were given and no method; say whose settings they are.")
    classifiers = with_gradients(models)
    check_models(plan, classifiers)
    explainers = _explainers(plan, classifiers, method, settings or {})
    cells = drift_cells(plan.models, explainers, plan.conditions, sampled_clips(plan.clips, clips))
    drifts = DriftStore(store.folder)
    drifts.begin(cells)
    finished = drifts.cells.finished()
    waiting = list({cell.id: cell for cell in cells if cell.id not in finished}.values())
    tally = Tally(len(waiting), len({cell.id for cell in cells}), progress)
    for cell, made in piecework(DriftPerformer(tuple(models)), waiting, workers):
        rows = rows_of_failed_cell(cell, _died(made)) if isinstance(made, Death) else made
        drifts.cells.add(cell.id, rows)
        tally.count(rows)
    return drifts


class DriftPerformer:
    """Does one cell after another; keeps the clean explanations of the last model."""

    def __init__(self, models: tuple[SweptModel, ...]):
        self._models = models
        self._classifiers: Mapping[str, Classifier] | None = None
        self._sample: tuple[Any, CleanSample] | None = None

    def __call__(self, cell: DriftCell) -> pa.Table:
        """The cell's drift rows."""
        return drift_rows_of(cell, self._clean(cell))

    def _clean(self, cell: DriftCell) -> CleanSample:
        explainer = cell.explainer
        wanted = (cell.model.digest, explainer.name, settings_of(explainer), cell.clips)
        if self._sample is None or self._sample[0] != wanted:
            if self._classifiers is None:
                self._classifiers = with_gradients(self._models)
            classifier = self._classifiers[cell.model.digest]
            clips = [load_clip(planned, cell.model.sample_rate) for planned in cell.clips]
            explaining = Explaining(classifier, explainer, cell.model.precision)
            self._sample = wanted, CleanSample.of(clips, explaining)
        return self._sample[1]


def with_gradients(models: Sequence[SweptModel]) -> dict[str, Classifier]:
    """The models as they are, by the digests of their identities.

    What scores fastest has no gradients, and an explanation is of the model itself.
    """
    classifiers = {}
    for model in models:
        classifier = model.load()
        classifiers[identify(classifier, model.precision).digest] = classifier
    return classifiers


def _died(death: Death) -> str:
    return f"the process that explained the clips of this condition crashed ({death.why})"


def _explainers(
    plan: Plan,
    classifiers: Mapping[str, Classifier],
    method: str | None,
    settings: Mapping[str, Any],
) -> list[Explainer]:
    return [
        load_method(method or default_method(classifiers[model.digest]), settings)
        for model in plan.models
    ]
