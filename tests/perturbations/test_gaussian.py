import hashlib
import subprocess
import sys

import numpy as np
import pytest
import torch
from scipy import stats

from perturbations.corruption import Key, generator
from perturbations.gaussian import box_muller, draw_complex_gaussian, draw_gaussian


def draws(length, count=1):
    return draw_gaussian(
        [generator("white-noise", 2, Key(f"clip-{n}")) for n in range(count)], length
    )


def test_it_is_gaussian():
    """Moments within five standard errors, and the whole distribution (Kolmogorov-Smirnov)."""
    noise = draws(1_000_001)[0].double()
    deviations = [  # of the mean of z, z^2 - 1, z^3, z^4 - 3, from zero, over their own
        (noise.mean(), 1),
        ((noise**2).mean() - 1, 2),
        ((noise**3).mean(), 15),
        ((noise**4).mean() - 3, 96),
    ]
    for deviation, variance in deviations:
        assert abs(deviation) < 5 * (variance / len(noise)) ** 0.5
    assert stats.kstest(noise.numpy(), "norm").pvalue > 0.01
    assert 4.5 < noise.abs().max() < 6.7


def test_neither_neighbours_nor_the_two_of_a_pair_hang_together():
    """Samples, and their squares: the cosine and the sine of a pair share their radius."""
    noise = draws(400_000)[0].double()
    for shift in (1, 2, 3, 200_000, 200_001):
        for values in (noise, noise**2, noise.abs()):
            one, other = values[shift:], values[:-shift]
            assert abs(np.corrcoef(one, other)[0, 1]) < 5 / len(one) ** 0.5


def test_ten_thousand_keys_share_no_prefix_and_no_noise():
    firsts = draws(8, 10_000).numpy()
    for column in firsts.T:
        # float32 samples of 10,000 keys may coincide by chance: about two of 50 million pairs do
        assert len(np.unique(column)) > 9_980
    assert len(np.unique(firsts, axis=0)) == 10_000
    assert len(np.unique(firsts[:, :2], axis=0)) == 10_000
    ranks = np.abs(np.corrcoef(firsts.T) - np.eye(8))
    assert ranks.max() < 0.05
    neighbours = (firsts[1:] * firsts[:-1]).mean(axis=0)  # clip-7 and clip-8
    assert np.abs(neighbours).max() < 0.05


@pytest.mark.parametrize("length", [1, 2, 3, 1_000])
def test_a_row_hangs_on_its_generator_alone(length):
    together = draws(length, 3)
    assert together.shape == (3, length)
    alone = draw_gaussian([generator("white-noise", 2, Key("clip-2"))], length)
    assert torch.equal(together[2], alone[0])


def test_another_process_with_more_threads_draws_the_same():
    script = (
        "import hashlib, torch; torch.set_num_threads(4);"
        "from perturbations.corruption import *; from perturbations.gaussian import *;"
        "noise = draw_gaussian([generator('white-noise', 2, Key('clip-0'))], 200_001);"
        "print(hashlib.sha256(noise.numpy().tobytes()).hexdigest())"
    )
    elsewhere = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert elsewhere.stdout.strip() == hashlib.sha256(draws(200_001).numpy().tobytes()).hexdigest()


def test_complex_draws():
    drawn = draw_complex_gaussian([np.random.default_rng(0)], 100_000)[0]
    assert drawn.real.var().item() == pytest.approx(1, abs=0.02)
    assert drawn.imag.var().item() == pytest.approx(1, abs=0.02)
    assert abs((drawn.real * drawn.imag).mean()) < 0.02


def test_the_worst_words_give_finite_samples():
    extremes = torch.tensor([0, 1, -1, 2**31 - 1, -(2**31)], dtype=torch.int32)
    words = torch.cartesian_prod(extremes, extremes).T[None].contiguous()
    samples = box_muller(words)
    assert torch.isfinite(samples).all()
    assert samples.abs().max() == pytest.approx((2 * 32 * np.log(2)) ** 0.5)


def test_pairs_by_the_formula():
    drawn = np.random.default_rng(0).integers(-(2**31), 2**31, (1, 2, 9), dtype=np.int32)
    words = torch.from_numpy(drawn)
    radius = torch.sqrt(-2 * torch.log(words[0, 0].double().abs() / 2**31))
    angle = words[0, 1].double() / 2**31 * torch.pi
    expected = torch.stack([radius * angle.cos(), radius * angle.sin()])
    assert torch.allclose(box_muller(words)[0].double(), expected, atol=1e-5)
