import numpy as np
import pytest

from perturbations.errors import CorruptionError
from perturbations.telephony.gilbert import check_losses, lost_packets, runs, with_one_heard

CHANNELS = [(0.01, 2.0), (0.05, 4.0), (0.1, 2.0), (0.3, 10.0), (0.3, 1.5), (0.5, 2.0)]


def draws(count, seed=0):
    return np.random.default_rng(seed).random(count)


def walked(draws, share, mean_burst):
    """The channel step by step, as its definition reads."""
    recover = 1 / mean_burst
    fail = share * recover / (1 - share)
    bad = draws[0] < share
    states = [bad]
    for draw in draws[1:]:
        bad = draw < (1 - recover if bad else fail)
        states.append(bad)
    return np.array(states)


@pytest.mark.parametrize(("share", "mean_burst"), CHANNELS)
def test_as_walked_step_by_step(share, mean_burst):
    for seed in range(300):
        drawn = draws(20, seed)
        assert (lost_packets(drawn, share, mean_burst) == walked(drawn, share, mean_burst)).all()


@pytest.mark.parametrize(("share", "mean_burst"), CHANNELS)
def test_shares_and_bursts_are_those_of_the_closed_form(share, mean_burst):
    count = 400_000
    lost = lost_packets(draws(count, 5), share, mean_burst)
    recover = 1 / mean_burst
    fail = share * recover / (1 - share)
    assert fail / (fail + recover) == pytest.approx(share)
    # The states are correlated over 1 / (p + q) packets: so many fewer are independent.
    memory = 2 / (fail + recover) - 1
    error = (share * (1 - share) * memory / count) ** 0.5
    assert lost.mean() == pytest.approx(share, abs=4 * error)
    lengths = np.array([after - first for first, after in runs(lost)])
    spread = (mean_burst * (mean_burst - 1)) ** 0.5
    assert lengths.mean() == pytest.approx(mean_burst, abs=4 * spread / len(lengths) ** 0.5)
    for length in (1, 2, 3):
        expected = recover * (1 - recover) ** (length - 1)
        error = (expected * (1 - expected) / len(lengths)) ** 0.5
        assert (lengths == length).mean() == pytest.approx(expected, abs=4 * error + 1e-9)


def test_independent_losses_are_the_shortest_bursts():
    drawn = draws(10_000)
    assert (lost_packets(drawn, 0.2, 1 / 0.8) == (drawn < 0.2)).all()


def test_a_higher_share_loses_the_same_packets_and_more():
    for seed in range(200):
        drawn = draws(60, seed)
        sounding = draws(60, seed + 1000) < 0.7
        fewer = np.zeros(60, dtype=bool)
        for share in (0.01, 0.03, 0.1, 0.2, 0.3, 0.5):
            lost = lost_packets(drawn, share, 2.0)
            more = with_one_heard(lost, drawn, sounding)
            assert (more & sounding).any()
            assert (more & ~lost).sum() <= 1
            assert not (fewer & ~more).any()
            fewer = more


def test_silence_loses_a_packet_too():
    drawn, none = draws(50), np.zeros(50, dtype=bool)
    assert with_one_heard(none, drawn, none).nonzero()[0] == drawn.argmin()


def test_impossible_channels_are_refused():
    check_losses("packet-loss", (1.0, 30.0), 1 / 0.7)
    with pytest.raises(CorruptionError, match="above 0 and below 100"):
        check_losses("packet-loss", (1.0, 100.0), 2.0)
    with pytest.raises(CorruptionError, match=r"independent losses of 60 % make bursts of 2\.5"):
        check_losses("packet-loss", (1.0, 60.0), 2.0)
    with pytest.raises(CorruptionError, match="nan packets"):
        check_losses("packet-loss", (1.0,), float("nan"))
