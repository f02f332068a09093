import numpy as np
import pytest

from perturbations.certificates import quality
from perturbations.certificates.quality import pesq_score, stoi_score
from tests.perturbations.signals import speech_like

CLIP = speech_like(1, 3.0)[0].double().numpy()
NOISY = CLIP + 0.05 * np.random.default_rng(0).standard_normal(len(CLIP))


@pytest.fixture
def pesq():
    return pytest.importorskip("pesq", reason="pesq is not installed: pip install xaudio[quality]")


@pytest.fixture
def pystoi():
    return pytest.importorskip("pystoi", reason="pystoi is not installed (xaudio[quality])")


def test_pesq_of_a_clip_with_itself_is_its_ceiling(pesq):
    """P.862.2 maps the raw score 4.5 to 4.644."""
    assert pesq_score(CLIP, CLIP, 16_000) == pytest.approx(4.644, abs=1e-3)
    assert 1 < pesq_score(CLIP, NOISY, 16_000) < 2.5


def test_pesq_is_the_packages_own_at_16_khz(pesq):
    direct = pesq.pesq(16_000, CLIP.astype("f4"), NOISY.astype("f4"), "wb")
    assert pesq_score(CLIP, NOISY, 16_000) == pytest.approx(direct)


def test_where_pesq_has_nothing_to_say(pesq):
    assert pesq_score(CLIP, CLIP, 8_000) is None
    assert pesq_score(np.zeros(16_000), CLIP[:16_000], 16_000) is None
    assert pesq_score(CLIP[:100], CLIP[:100], 16_000) is None
    long = np.tile(CLIP, 8)
    assert pesq_score(long, long, 16_000) is None


def test_stoi_of_a_clip_with_itself_is_one(pystoi):
    assert stoi_score(CLIP, CLIP, 16_000) == pytest.approx(1, abs=1e-6)
    assert 0.3 < stoi_score(CLIP, NOISY, 16_000) < 0.99


def test_where_stoi_has_nothing_to_say(pystoi):
    assert stoi_score(CLIP, CLIP, 8_000) is None
    assert stoi_score(CLIP[:3000], CLIP[:3000], 16_000) is None
    assert stoi_score(np.zeros(16_000), np.zeros(16_000), 16_000) is None


def test_without_the_packages_there_are_none(monkeypatch):
    monkeypatch.setattr(quality, "find_spec", lambda name: None)
    assert pesq_score(CLIP, CLIP, 16_000) is None
    assert stoi_score(CLIP, CLIP, 16_000) is None
