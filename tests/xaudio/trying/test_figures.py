import pytest

import xaudio
from perturbations.corruption import load_corruption
from tests.xaudio.clips import RATE, hybrid
from xaudio.audio import clip_from_samples
from xaudio.trying import ChosenCorruption, certificate_figures

CLIP = clip_from_samples(0.5 * hybrid(), RATE, "voice")


@pytest.mark.parametrize("name", ["white-noise", "mp3", "speed", "packet-loss", "room"])
def test_the_corruptions_own_figure_comes_first_and_what_is_none_is_left_out(name):
    made = xaudio.corrupt(CLIP, name, 3)
    certificate = made.certificate(CLIP)
    primary = load_corruption(name).primary
    first, *others = certificate_figures(certificate, primary)
    assert first.is_primary and not any(each.is_primary for each in others)
    assert "–" not in [each.value for each in (first, *others)]
    known = [value for value in certificate.as_dict().values() if value is not None]
    facts = [fact for fact in certificate.facts if fact not in certificate.as_dict()]
    assert len(others) + 1 == len(known) - 1 + len(facts)


def test_units_are_told():
    figures = certificate_figures(
        xaudio.corrupt(CLIP, "white-noise", 3).certificate(CLIP), "snr_db"
    )
    assert figures[0].name == "SNR" and figures[0].value.endswith("dB")
    assert abs(float(figures[0].value.split("\xa0")[0]) - 20) < 1


def test_a_chain_tells_the_facts_of_its_steps():
    corruption = ChosenCorruption("packet-loss", then=("mp3",)).condition().corruption
    made = xaudio.corrupt(CLIP, "packet-loss", 3)
    assert "lost" in " ".join(each.name for each in certificate_figures(made.certificate(CLIP)))
    assert corruption.primary == "log_spectral_distance_db"
