"""The whole sweep in one call."""

import os
from collections.abc import Sequence
from pathlib import Path

from perturbations.corruption import Corruption, load_corruption
from perturbations.suites import Condition as SuiteCondition
from perturbations.suites import Suite, load_suite
from xaudio.classifiers.classifier import Classifier
from xaudio.datasets.manifest import Manifest, load_manifest
from xaudio.sweeps.conditions import Corrupting
from xaudio.sweeps.executor import Executor
from xaudio.sweeps.identity import named_apart
from xaudio.sweeps.plan import Plan, plan_sweep
from xaudio.sweeps.progress import Listener
from xaudio.sweeps.serial import Serial
from xaudio.sweeps.store import SweepStore
from xaudio.sweeps.swept_model import SweptModel

Models = Sequence[str | Classifier | SweptModel]
Corruptions = str | Suite | Sequence[str | Corruption | SuiteCondition]


def sweep(
    manifest: Manifest | str | os.PathLike[str],
    models: Models,
    corruptions: Corruptions = "deepfake-16",
    severities: Sequence[int] | None = None,
    out: str | os.PathLike[str] = "sweep",
    *,
    repeats: int = 1,
    bucket_size: int = 32,
    device: str = "cpu",
    executor: Executor | None = None,
    progress: Listener | None = None,
) -> SweepStore:
    """Score every clip with every model, clean and under every corruption at every severity.

    Started again with the same arguments it goes on where it was stopped; with a clip, model or
    corruption more it does only what is new.

    Args:
        manifest: The clips, or the file that lists them.
        models: Names as for `xaudio.load_classifier`, classifiers, or `SweptModel`. Those of one
            name are told apart by their fingerprints.
        corruptions: A suite or its name; or names as for `perturbations.load_corruption`,
            corruptions, or rows of a suite.
        severities: 1 (mild) to 5 (harsh); None for all there are.
        out: Folder of the results.
        repeats: How often each clip meets each random corruption.
        bucket_size: Most clips in one cell.
        device: Where models given by name run.
        executor: `Serial()`, `Processes(...)`, `Pipelined(...)` or `RayCluster(...)`; here, one
            task after the other, when not given.
        progress: Told after every cell; raise from it to stop.

    Returns:
        The store; `store.rows()` are the scores, `xaudio.sweeps.condition_table` sums them up.
        A clip that fails is a row with its error.
    """
    swept = swept_models(models, device)
    plan = plan_for(manifest, swept, corruptions, severities, repeats, bucket_size)
    store = SweepStore(Path(out))
    store.begin(plan)
    (executor or Serial()).run(plan, swept, store, progress)
    return store


def plan_for(
    manifest: Manifest | str | os.PathLike[str],
    models: Sequence[SweptModel],
    corruptions: Corruptions,
    severities: Sequence[int] | None = None,
    repeats: int = 1,
    bucket_size: int = 32,
) -> Plan:
    """The plan of `sweep` with the same arguments, nothing done yet."""
    clips = manifest if isinstance(manifest, Manifest) else load_manifest(Path(manifest))
    identities = named_apart([model.identity() for model in models])
    return plan_sweep(
        clips,
        identities,
        corrupting(corruptions),
        severities,
        repeats=repeats,
        bucket_size=bucket_size,
    )


def swept_models(models: Models, device: str = "cpu") -> list[SweptModel]:
    """The models as a sweep takes them."""
    return [_swept(model, device) for model in models]


def _swept(model: str | Classifier | SweptModel, device: str) -> SweptModel:
    if isinstance(model, SweptModel):
        return model
    if isinstance(model, Classifier):
        return SweptModel(model, device=str(model.device))
    return SweptModel(model, device=device)


def corrupting(corruptions: Corruptions) -> list[Corrupting]:
    """Corruptions and rows of suites, from whatever names them."""
    if isinstance(corruptions, str):
        corruptions = load_suite(corruptions)
    if isinstance(corruptions, Suite):
        return list(corruptions.conditions)
    return [load_corruption(each) if isinstance(each, str) else each for each in corruptions]
