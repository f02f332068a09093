"""The whole sweep in one call."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from perturbations.corruption import Corruption, load_corruption
from xaudio.classifiers import load_classifier
from xaudio.classifiers.classifier import Classifier
from xaudio.datasets.manifest import Manifest, load_manifest
from xaudio.sweeps.plan import identify, named_apart, plan_sweep
from xaudio.sweeps.serial import Progress, run
from xaudio.sweeps.store import SweepStore


def sweep(
    manifest: Manifest | str | os.PathLike[str],
    models: Sequence[str | Classifier],
    corruptions: Sequence[str | Corruption],
    severities: Sequence[int],
    out: str | os.PathLike[str],
    *,
    repeats: int = 1,
    bucket_size: int = 32,
    device: str = "cpu",
    progress: Callable[[Progress], None] | None = None,
) -> SweepStore:
    """Score every clip with every model, clean and under every corruption at every severity.

    Started again with the same arguments it goes on where it was stopped; with a clip, model or
    corruption more it does only what is new.

    Args:
        manifest: The clips, or the Parquet file that lists them.
        models: Names as for `xaudio.load_classifier`, or classifiers. Those of one name are told
            apart by their fingerprints.
        corruptions: Names as for `perturbations.load_corruption`, or corruptions.
        severities: 1 (mild) to 5 (harsh).
        out: Folder of the results.
        repeats: How often each clip meets each random corruption.
        bucket_size: Most clips in one cell.
        device: Where models given by name run.
        progress: Called after every cell; raise from it to stop.

    Returns:
        The store; `store.rows()` are the scores, `xaudio.sweeps.condition_table` sums them up.
        A clip that fails is a row with its error.
    """
    clips = manifest if isinstance(manifest, Manifest) else load_manifest(Path(manifest))
    classifiers = [
        model if isinstance(model, Classifier) else load_classifier(model, device=device)
        for model in models
    ]
    plan = plan_sweep(
        clips,
        named_apart([identify(classifier) for classifier in classifiers]),
        [load_corruption(each) if isinstance(each, str) else each for each in corruptions],
        severities,
        repeats=repeats,
        bucket_size=bucket_size,
    )
    store = SweepStore(Path(out))
    run(plan, classifiers, store, progress)
    return store
