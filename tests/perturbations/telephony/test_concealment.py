import numpy as np
import pytest

from perturbations.errors import CorruptionError
from perturbations.telephony.concealment import (
    conceal,
    concealment,
    extrapolate,
    fade_out,
    pitch_period,
    repeat,
    silence,
)

RATE = 16_000
PACKET = 320


def noise(count, seed=1):
    return np.random.default_rng(seed).uniform(-1, 1, count).astype(np.float32)


def voice(period, count):
    """Periodic, rich in harmonics, with a period of a whole number of samples."""
    cycle = noise(period, 2)
    return np.resize(cycle - cycle.mean(), count)


def test_silence_is_nothing_between_hard_edges():
    sent = noise(2000)
    heard = sent.copy()
    silence(heard, 600, 900, RATE)
    assert not heard[600:900].any()
    assert (np.delete(heard, np.s_[600:900]) == np.delete(sent, np.s_[600:900])).all()


def test_repeat_plays_the_last_packet_as_it_fades():
    sent = noise(4000)
    heard = sent.copy()
    repeat(heard, 1000, 1000 + 4 * PACKET, RATE)
    gap = np.arange(4 * PACKET)
    milliseconds = 1000 * gap / RATE
    fade = np.interp(milliseconds, [0, 10, 60, 80], [1, 1, 0, 0])
    expected = sent[1000 - PACKET + gap % PACKET] * fade
    assert heard[1000 : 1000 + 4 * PACKET] == pytest.approx(expected, abs=1e-6)
    assert (np.delete(heard, 1000 + gap) == np.delete(sent, 1000 + gap)).all()


@pytest.mark.parametrize("period", [80, 97, 160, 239, 240])
def test_the_period_is_found(period):
    for spoken in (voice(period, 2000), voice(period, 2000) + 0.05 * noise(2000)):
        assert pitch_period(spoken, RATE) % period == 0


def test_the_period_of_a_fading_voice_is_no_longer():
    time = np.arange(2000)
    fading = (np.exp(-time / 160) * np.sin(2 * np.pi * time / 130)).astype(np.float32)
    assert pitch_period(fading, RATE) == pytest.approx(130, abs=1)


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
@pytest.mark.parametrize("packets", [1, 2])
def test_a_steady_voice_goes_on_as_if_nothing_were_lost(rate, packets):
    packet = round(0.02 * rate)
    sent = voice(round(0.0083 * rate), 20 * packet)
    heard = sent.copy()
    start, stop = 10 * packet, (10 + packets) * packet
    heard[start:stop] = 7
    extrapolate(heard, start, stop, rate)
    expected = sent.copy()
    expected[start:stop] *= fade_out(stop - start, rate)
    assert heard[:stop] == pytest.approx(expected[:stop], abs=1e-5)
    after = slice(stop, stop + round(0.01 * rate))
    assert (np.abs(heard[after]) <= np.abs(sent[after]) + 1e-6).all()
    assert (heard[after.stop :] == sent[after.stop :]).all()


def by_the_book(samples, start, stop, rate):
    """G.711 Appendix I sample by sample, in the words of the recommendation."""

    def milliseconds(count):
        return round(count * rate / 1000)

    def faded(step, length, out, into):
        return out + (into - out) * (step + 1) / (length + 1)

    sent = [float(each) for each in samples]
    last = [0.0] * rate + sent[:start]
    likeness = {}
    for lag in range(milliseconds(15), milliseconds(5) - 1, -1):
        pairs = [(last[-n], last[-n - lag]) for n in range(1, milliseconds(20) + 1)]
        energy = sum(other * other for _, other in pairs)
        likeness[lag] = sum(one * other for one, other in pairs) / energy**0.5
    period = max(likeness, key=likeness.get)
    quarter = period // 4

    def circle(periods):
        length = periods * period
        made = last[-length:]
        for step in range(quarter):
            before = last[len(last) - length - quarter + step]
            made[length - quarter + step] = faded(step, quarter, made[-quarter + step], before)
        return made

    def going_on(step):
        played = [circle(1)[step % period]]
        for periods, begin in ((2, milliseconds(10)), (3, milliseconds(20))):
            if step >= begin:
                place = (begin % period + step - begin) % (periods * period)
                into = circle(periods)[place]
                late = step - begin
                played.append(faded(late, quarter, played[-1], into) if late < quarter else into)
        seconds = step / rate
        return played[-1] * min(1.0, max(0.0, (0.06 - seconds) / 0.05))

    heard = list(sent)
    for step in range(quarter):
        heard[start - quarter + step] = circle(1)[period - quarter + step]
    for step in range(stop - start):
        heard[start + step] = going_on(step)
    lost_after_ten = (stop - start) / rate - 0.01
    overlap = min(quarter + round(0.4 * lost_after_ten * rate), milliseconds(10))
    for step in range(overlap):
        out = going_on(stop - start + step)
        heard[stop + step] = faded(step, overlap, out, sent[stop + step])
    return np.array(heard)


@pytest.mark.parametrize(("lost", "seed"), [(160, 1), (320, 2), (960, 3)])
def test_as_the_recommendation_reads(lost, seed):
    rate = 8000
    time = np.arange(3000) / rate
    phase = 2 * np.pi * (140 * time + 60 * time**2)
    swelling = 0.2 + 0.5 * time
    spoken = swelling * (np.sin(phase) + 0.6 * np.sin(3 * phase + 1)) + 0.05 * noise(3000, seed)
    sent = spoken.astype(np.float32)
    heard = sent.copy()
    extrapolate(heard, 1500, 1500 + lost, rate)
    assert heard == pytest.approx(by_the_book(sent, 1500, 1500 + lost, rate), abs=1e-5)


def test_a_wandering_voice_has_no_joints():
    time = np.arange(8000) / RATE
    phase = 2 * np.pi * (120 * time + 40 * time**2)
    sent = (0.4 * np.sin(phase) + 0.2 * np.sin(2 * phase + 1)).astype(np.float32)
    steepest = np.abs(np.diff(sent)).max()
    for start in range(3000, 3400, 50):
        cut, bridged = sent.copy(), sent.copy()
        silence(cut, start, start + 3 * PACKET, RATE)
        extrapolate(bridged, start, start + 3 * PACKET, RATE)
        assert np.abs(np.diff(bridged)).max() < 1.3 * steepest
        kept = [np.square(each - sent)[start : start + PACKET // 2] for each in (bridged, cut)]
        assert kept[0].mean() < 0.1 * kept[1].mean()


def test_long_gaps_end_in_silence():
    heard = voice(100, 8000)
    extrapolate(heard, 2000, 2000 + 10 * PACKET, RATE)
    assert not heard[2000 + 960 : 2000 + 10 * PACKET].any()
    assert heard[2000:2900].any()


@pytest.mark.parametrize("word", ["silence", "repeat", "extrapolate"])
@pytest.mark.parametrize("rate", [4_000, 16_000, 192_000])
def test_gaps_at_the_edges_of_a_clip(word, rate):
    packet = round(0.02 * rate)
    for count in (2, 3, packet + 1, 5 * packet):
        for start, stop in ((0, min(packet, count)), (0, count), (max(0, count - packet), count)):
            heard = noise(count)
            conceal(heard, start, stop, rate, word)
            assert np.isfinite(heard).all()
            assert len(heard) == count
            if start == 0:
                assert not heard[start : min(stop, count - packet // 2)].any()


def test_silence_before_the_gap_stays_silent():
    heard = np.zeros(3000, dtype=np.float32)
    heard[2000:] = 0.5
    extrapolate(heard, 1000, 1000 + PACKET, RATE)
    assert not heard[:2000].any()


def test_an_unknown_word_is_answered_with_those_there_are():
    with pytest.raises(CorruptionError, match="extrapolate, repeat, silence"):
        concealment("magic")
