from dataclasses import replace

import numpy as np
import pytest
import soundfile
import torch

from perturbations.errors import CorruptionError
from tests.xaudio.sweeps.small import Noisy, Quieter, loudness, small_manifest, write_clip
from xaudio.classifiers import load_classifier
from xaudio.classifiers.classifier import Classifier
from xaudio.classifiers.fit import parse_fit
from xaudio.datasets.manifest import Manifest
from xaudio.errors import SweepError
from xaudio.sweeps.identity import identify
from xaudio.sweeps.plan import plan_sweep

MODEL = identify(loudness())
BOTH = (Quieter(), Noisy())


@pytest.fixture
def manifest(tmp_path):
    return small_manifest(tmp_path / "audio")


def ids(manifest, models=(MODEL,), corruptions=BOTH, severities=(1, 3), **settings):
    plan = plan_sweep(manifest, models, corruptions, severities, bucket_size=3, **settings)
    cells = [cell.id for cell in plan]
    assert len(set(cells)) == len(cells) == len(plan)
    return set(cells)


def test_every_model_meets_every_condition_and_the_clean_clips(manifest):
    other = identify(loudness("other", threshold=0.5))
    plan = plan_sweep(manifest, [MODEL, other], [Quieter(), Noisy()], [1, 3, 5], repeats=2)
    conditions = [(c.name, c.severity, c.repeat) for c in plan.conditions]
    assert conditions[0] == ("clean", 0, 0)
    assert conditions.count(("quieter", 3, 0)) == 1, "nothing random, nothing to repeat"
    assert ("noisy", 5, 1) in conditions
    assert len(conditions) == 1 + 3 + 3 * 2
    assert len(plan) == 2 * len(conditions) * len(plan.buckets) == len(list(plan))


def test_severity_zero_is_the_clean_condition(manifest):
    assert ids(manifest, severities=[0, 1]) == ids(manifest, severities=[1])


def test_ids_are_the_same_every_time_and_in_any_order(manifest):
    assert ids(manifest) == ids(manifest)
    assert ids(Manifest.of(manifest.rows[::-1]), corruptions=(Noisy(), Quieter())) == ids(manifest)


def test_names_labels_and_places_are_no_part_of_an_id(manifest, tmp_path):
    renamed = replace(MODEL, name="another name")
    relabelled = Manifest.of(
        tuple(
            replace(row, clip=f"new{n}", label="spoof", speaker=None, attack="another")
            for n, row in enumerate(manifest)
        )
    )
    (tmp_path / "audio").rename(tmp_path / "moved")
    moved = Manifest.of(
        tuple(replace(row, path=tmp_path / "moved" / row.path.name) for row in relabelled)
    )
    (tmp_path / "moved").rename(tmp_path / "audio")
    before = ids(manifest)
    (tmp_path / "audio").rename(tmp_path / "moved")
    assert ids(moved, models=(renamed,)) == before


@pytest.mark.parametrize(
    "classifier",
    [
        loudness(threshold=0.020001),
        Classifier(loudness().module, "loudness", 8000, ("bonafide", "spoof")),
        Classifier(loudness().module, "loudness", 16000, ("spoof", "bonafide")),
        Classifier(
            loudness().module, "loudness", 8000, ("spoof", "bonafide"), parse_fit("tile:99")
        ),
    ],
    ids=["weights", "labels", "rate", "fit"],
)
def test_what_changes_a_model_changes_all_its_cells(manifest, classifier):
    assert not ids(manifest, models=[identify(classifier)]) & ids(manifest)


def test_precision_changes_all_cells(manifest):
    assert not ids(manifest, models=[replace(MODEL, precision="bfloat16")]) & ids(manifest)


def test_a_new_model_corruption_or_severity_re_runs_nothing_old(manifest):
    old = ids(manifest)
    assert old < ids(manifest, models=(MODEL, identify(loudness("other", threshold=0.5))))
    assert old < ids(manifest, severities=[1, 2, 3])
    assert old < ids(manifest, repeats=2)
    assert ids(manifest, corruptions=[Quieter()]) < old


def test_a_corruption_changes_its_own_cells_alone(manifest, monkeypatch):
    clean = ids(manifest, severities=[])
    quieter = ids(manifest, corruptions=[Quieter()])
    noisy = ids(manifest, corruptions=[Noisy()])
    monkeypatch.setattr(Noisy, "version", 2)
    assert ids(manifest, corruptions=[Noisy()]) & noisy == clean
    assert ids(manifest, corruptions=[Quieter()]) == quieter
    levels = (0.9, 0.7, 0.4, 0.3, 0.1)  # severity 3 differs, severity 1 does not
    changed = ids(manifest, corruptions=[Quieter(levels=levels)])
    assert clean < changed & quieter
    assert len(changed & quieter) == 2 * len(clean)


def test_a_new_clip_re_runs_one_bucket(manifest, tmp_path):
    old = plan_sweep(manifest, [MODEL], [Noisy()], [1], bucket_size=3)
    for number in range(100, 110):
        new_clip = write_clip(tmp_path / f"{number}.wav", number)
        new = plan_sweep(
            Manifest.of((*manifest.rows, new_clip)), [MODEL], [Noisy()], [1], bucket_size=3
        )
        gone = {bucket.digest for bucket in old.buckets} - {bucket.digest for bucket in new.buckets}
        assert len(gone) <= 1
        assert len({cell.id for cell in old} - {cell.id for cell in new}) == 2 * len(gone)


def test_changed_bytes_re_run_the_buckets_they_leave_and_enter(manifest):
    before = ids(manifest)
    buckets = len(plan_sweep(manifest, [MODEL], [], [], bucket_size=3).buckets)
    soundfile.write(manifest[0].path, np.full(2000, 0.5), 8000)
    assert 1 <= len(before - ids(manifest)) / len(before) * buckets <= 2


@pytest.mark.parametrize(
    ("change", "error", "part"),
    [
        ({"models": []}, SweepError, "No model"),
        (
            {"models": [MODEL, replace(MODEL, fingerprint="x")]},
            SweepError,
            "'loudness' was given twice",
        ),
        ({"models": [MODEL, replace(MODEL, name="b")]}, SweepError, "'loudness' and 'b' are one"),
        ({"corruptions": [Noisy(), Noisy()]}, SweepError, "'noisy' was given twice"),
        ({"severities": [1, 6]}, CorruptionError, "severity is 6"),
        ({"repeats": 0}, SweepError, "at least one repeat"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(manifest, change, error, part):
    with pytest.raises(error, match=part):
        ids(manifest, **change)


def test_parts_share_the_buckets_and_nothing_else(manifest):
    whole = plan_sweep(manifest, [MODEL], [Noisy()], [1], bucket_size=3)
    parts = [whole.part(number, 3) for number in (1, 2, 3)]
    found = [cell.id for part in parts for cell in part]
    assert sorted(found) == sorted(cell.id for cell in whole)
    sizes = [len(part.buckets) for part in parts]
    assert max(sizes) - min(sizes) <= 1
    assert list(whole.part(100, 100)) == []
    for number in (0, 4, -1):
        with pytest.raises(SweepError, match=f"Part {number} of 3"):
            whole.part(number, 3)


def test_no_clips_are_refused():
    with pytest.raises(SweepError, match="holds no clips"):
        ids(Manifest.of(()))


def test_equal_weights_and_another_answer_are_another_model(manifest):
    """Exported programs share a class, and functions have no weights: what they say counts."""

    class Turned(torch.nn.Module):
        def __init__(self, sign):
            super().__init__()
            self.sign = sign

        def forward(self, waveform):
            loud = self.sign * waveform.square().mean(dim=1)
            return torch.stack([loud, -loud], dim=1)

    def function(sign):
        return lambda waveform: sign * np.stack([waveform.mean(1), -waveform.mean(1)], axis=1)

    for make in (Turned, function):
        one, other = (
            identify(load_classifier(make(sign), labels=("spoof", "bonafide"), sample_rate=16000))
            for sign in (1.0, -1.0)
        )
        assert one.digest != other.digest
        assert not ids(manifest, models=[one]) & ids(manifest, models=[other])


def test_a_classifier_of_other_classes_is_swept_on_clips_of_its_classes(manifest):
    digits = identify(Classifier(loudness().module, "digits", 8000, ("one", "two")))
    with pytest.raises(SweepError, match=r"'digits' tells apart one, two; .* bonafide, spoof"):
        ids(manifest, models=[digits])
    named = [
        replace(row, label=("one", "two")[n % 2], attack=None) for n, row in enumerate(manifest)
    ]
    assert ids(Manifest.of(named), models=[digits])
    stranger = replace(named[0], label="three")
    assert ids(Manifest.of([stranger, *named[1:]]), models=[digits]), "one row that says so"
    doubled = [*named, replace(named[0], clip="again", label="two")]
    with pytest.raises(SweepError, match="1 clips stand in the manifest under several labels"):
        ids(Manifest.of(doubled), models=[digits])
