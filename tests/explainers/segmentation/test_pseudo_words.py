import csv

import numpy as np
import pytest
import soundfile
import torch

from explainers.errors import ExplanationError
from explainers.segmentation.pseudo_words import PseudoWords, split_at_dips
from tests.explainers.segmentation.sounds import RATE, bursts, with_noise
from tests.shared_data import shared_data

SYLLABLES = [(0.3, 0.5), (0.55, 0.8), (0.85, 1.15), (1.5, 1.9), (2.3, 2.55)]


@pytest.mark.parametrize("snr_db", [100.0, 30.0])
def test_syllables_are_found_one_by_one(snr_db: float):
    parts = PseudoWords().cut(with_noise(bursts(SYLLABLES, 3.0), snr_db), RATE)
    assert parts.names == tuple(f"burst {number}" for number in range(1, 6))
    assert np.abs(parts.boxes[:, :2] - SYLLABLES).max() < 0.05


def test_long_bursts_are_cut_and_short_ones_left_out():
    clip = with_noise(bursts([(0.2, 2.2), (2.6, 2.65), (2.9, 3.2)], 3.5), 30)
    lengths = np.diff(PseudoWords().cut(clip, RATE).boxes[:, :2], axis=1)
    assert lengths.min() >= 0.1 and lengths.max() <= 0.6
    assert lengths.sum() == pytest.approx(2.3, abs=0.1)


def test_the_deepest_dip_is_cut_first_and_a_falling_end_is_no_dip():
    level = np.array([0.0, 9, 9, 9, 3, 9, 9, 9, 6, 3, 0, -3, -6, -9])
    assert split_at_dips(level, (1, 14), least=3, most=20) == [(1, 4), (4, 14)]
    assert split_at_dips(level, (5, 14), least=3, most=20) == [(5, 14)]


def test_nothing_that_stands_out_is_a_clear_error():
    with pytest.raises(ExplanationError, match="words:FILE"):
        PseudoWords().cut(torch.zeros(RATE), RATE)


def test_spoken_digits_are_covered_and_kept_apart():
    """Eight digits in a row, six times: nearly all of each is covered, hardly any burst has two."""
    folder = shared_data("spoken-digits")
    with (folder / "metadata.csv").open() as file:
        takes = [row for row in csv.DictReader(file) if row["speaker"] == "jackson"]
    random = np.random.default_rng(0)
    covered, pure, count = [], [], []
    for _ in range(6):
        pieces, owner = [np.zeros(2_400)], [np.full(2_400, -1)]
        for number, take in enumerate(random.choice(takes, 8, replace=False)):
            digit, _ = soundfile.read(folder / "audio" / take["file"])
            pause = int(8_000 * random.uniform(0.1, 0.3))
            pieces += [0.08 * digit / np.sqrt((digit**2).mean()), np.zeros(pause)]
            owner += [np.full(len(digit), number), np.full(pause, -1)]
        clip, owners = np.concatenate(pieces), np.concatenate(owner)
        clip += random.normal(size=len(clip)) * 8e-4
        parts = PseudoWords().cut(torch.tensor(clip, dtype=torch.float32), 8_000)
        covered.append(parts.masks.any(axis=0)[owners >= 0].mean())
        for mask in parts.masks:
            digits = owners[mask & (owners >= 0)]
            pure.append((digits == np.bincount(digits).argmax()).mean())
        count.append(len(parts) / 8)
    assert np.mean(covered) > 0.8 and np.mean(pure) > 0.98 and 0.9 < np.mean(count) < 1.5
