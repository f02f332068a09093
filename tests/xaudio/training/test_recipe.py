from pathlib import Path

import pytest

from xaudio.datasets.manifest import Manifest, ManifestRow
from xaudio.errors import CorpusError
from xaudio.training.recipe import Recipe, split_by_speaker


def manifest(speakers=10):
    rows = []
    for number in range(speakers):
        who = {"speaker": f"s{number}", "source": f"u{number}"}
        rows.append(ManifestRow(f"u{number}", Path("a"), "bonafide", **who))
        rows += [
            ManifestRow(f"u{number}.{attack}", Path("a"), "spoof", attack=attack, **who)
            for attack in ("world", "lpc")
        ]
    for number in range(40):
        voice = f"flite-{'abc'[number % 3]}"
        rows.append(
            ManifestRow(f"flite-{number}", Path("a"), "spoof", attack="flite", speaker=voice)
        )
        rows.append(
            ManifestRow(f"fest-{number}", Path("a"), "spoof", attack="festival", speaker="kal")
        )
    return Manifest.of(rows)


def test_no_human_speaker_is_on_both_sides():
    split = split_by_speaker(manifest(), Recipe())
    sides = [{row.speaker for row in side if row.source} for side in (split.train, split.test)]
    assert not sides[0] & sides[1]
    assert len(sides[1]) == 2


def test_held_out_attacks_are_tested_and_never_trained_on():
    split = split_by_speaker(manifest(), Recipe())
    assert not {row.attack for row in split.train} & {"lpc", "festival"}
    assert {row.attack for row in split.test} >= {"lpc", "festival", "world", "flite"}


def test_the_last_of_three_voices_is_only_tested():
    split = split_by_speaker(manifest(), Recipe())
    assert "flite-c" not in {row.speaker for row in split.train}
    assert sum(row.speaker == "flite-c" for row in split.test) == 13


def test_copies_of_training_speakers_by_held_out_attacks_are_used_nowhere():
    split = split_by_speaker(manifest(), Recipe())
    tested = {row.speaker for row in split.test if row.attack == "lpc"}
    assert tested == {row.speaker for row in split.test if row.label == "bonafide"}


def test_too_few_speakers_are_refused():
    with pytest.raises(CorpusError, match="2 human speakers"):
        split_by_speaker(manifest(2), Recipe())
