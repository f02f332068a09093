"""How fast the corruptions are: `python -m tests.benchmarks.corruption_speed`.

Three tables. Seconds of audio per second of one core for every corruption, and for the deepfake-16
suite as a whole. The time of audiomentations over ours for every transform that both have, one clip
on one thread. And the same for a batch of 32 clips on two threads, where theirs takes one clip
after the other. Ours and theirs take turns within one run; figures are medians.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from perturbations.corruption import Key, corruptions, load_corruption
from perturbations.suites import load_suite
from tests.benchmarks.signals import voice
from xaudio.audio import write_audio

SECONDS, RATE, CLIPS = 4.0, 16_000, 32
NEED_WEIGHTS = ("encodec", "dac", "mimi")
SLOW_BY_NATURE = ("time-stretch", "pitch-shift", "neural-codec")


def pairs(folder):
    """What both have, set to the same strength: ours, and audiomentations' at its narrowest."""
    import audiomentations as theirs

    def ours(name, level, **settings):
        return load_corruption(name, levels=(level,), **settings)

    noises, rooms = folder / "noises", folder / "rooms"
    yield "white noise", ours("white-noise", 20.0), theirs.AddGaussianSNR(20, 20, p=1)
    yield "pink noise", ours("pink-noise", 20.0), theirs.AddColorNoise(20, 20, -3.01, -3.01, p=1)
    yield "brown noise", ours("brown-noise", 20.0), theirs.AddColorNoise(20, 20, -6.02, -6.02, p=1)
    recorded = theirs.AddBackgroundNoise(noises, 20, 20, p=1)
    yield "recorded noise", ours("background-noise", 20.0, folder=noises), recorded
    yield "low-pass", ours("low-pass", 2400.0), theirs.LowPassFilter(2400, 2400, 30, 30, p=1)
    yield "high-pass", ours("high-pass", 2400.0), theirs.HighPassFilter(2400, 2400, 30, 30, p=1)
    band = theirs.BandPassFilter(1850, 1850, 1.6, 1.6, 30, 30, p=1)
    yield "band-pass", load_corruption("band-pass"), band
    stop = theirs.BandStopFilter(1850, 1850, 0.54, 0.54, 30, 30, p=1)
    yield "band-stop", load_corruption("band-stop"), stop
    yield "low shelf", load_corruption("low-shelf"), theirs.LowShelfFilter(100, 100, 18, 18, p=1)
    high = theirs.HighShelfFilter(3000, 3000, 18, 18, p=1)
    yield "high shelf", load_corruption("high-shelf"), high
    tanh = theirs.TanhDistortion(0.5, 0.5, p=1)
    yield "soft clipping", load_corruption("soft-clipping"), tanh
    yield "clipping", load_corruption("clipping"), theirs.ClippingDistortion(10, 10, p=1)
    yield "bit depth", ours("bit-depth", 8.0), theirs.BitCrush(8, 8, p=1)
    yield "gain", load_corruption("gain"), theirs.Gain(-12, -12, p=1)
    yield "fade", load_corruption("fade"), theirs.GainTransition(-24, -24, 1.0, 1.0, p=1)
    yield "pitch shift", ours("pitch-shift", 2.0), theirs.PitchShift(2, 2, p=1)
    stretched = theirs.TimeStretch(1.3, 1.3, leave_length_unchanged=False, p=1)
    yield "time stretch", ours("time-stretch", 1.3), stretched
    shift = theirs.Shift(0.1, 0.1, "seconds", rollover=False, p=1)
    yield "shift in time", load_corruption("time-shift"), shift
    yield "trimming", load_corruption("silence-trimming"), theirs.Trim(30, p=1)
    yield "padding", load_corruption("silence-padding"), theirs.Padding("silence", 0.2, 0.2, p=1)
    yield "MP3, 24 kbit/s", ours("mp3", 24.0), theirs.Mp3Compression(24, 24, p=1)
    responses = load_corruption("impulse-response", folder=rooms)
    yield "impulse response", responses, theirs.ApplyImpulseResponse(rooms, p=1)
    simulated = theirs.RoomSimulator(
        calculation_mode="rt60", min_target_rt60=0.4, max_target_rt60=0.4,
        use_ray_tracing=False, leave_length_unchanged=True, p=1,
    )  # fmt: skip
    yield "room", load_corruption("room"), simulated


BATCHED = (
    "white noise", "pink noise", "brown noise", "low-pass", "high-pass", "band-pass",
    "impulse response",
)  # fmt: skip


def recordings(folder):
    """A noise and an impulse response on disk, for what needs files."""
    draws = np.random.default_rng(0)
    noise = 0.1 * draws.standard_normal(20 * RATE).astype(np.float32)
    response = draws.standard_normal(RATE // 2) * np.exp(-np.arange(RATE // 2) / 1600)
    response[0] = 5.0
    for name, samples in (("noises", noise), ("rooms", response.astype(np.float32) / 8)):
        (folder / name).mkdir()
        write_audio(folder / name / "one.wav", samples, RATE)


def taking_turns(measures, rounds):
    """Median seconds of each; they take turns of five calls, so that drift hits all alike.

    Five, as a loader makes one batch after another: a turn of one call would time how fast caches
    fill again after the other's.
    """
    found = [[] for _ in measures]
    for measured in range(rounds + 1):
        for taken, measure in zip(found, measures, strict=True):
            for _ in range(5):
                started = time.perf_counter()
                measure()
                if measured > 0:
                    taken.append(time.perf_counter() - started)
    return [statistics.median(taken) for taken in found]


def against_audiomentations(folder, rounds):
    """One clip, one thread; the ratio is theirs over ours, above 1 where ours is faster."""
    torch.set_num_threads(1)
    clip = voice(SECONDS, RATE)
    waveform, ratios = torch.from_numpy(clip)[None], []
    print("| transform, one clip of 4 s | ours, ms | audiomentations, ms | theirs / ours |")
    print("| --- | --- | --- | --- |")
    for name, corruption, transform in pairs(folder):
        middle = corruption.severities[len(corruption.severities) // 2]
        ours, theirs = taking_turns(
            (
                lambda c=corruption, s=middle: c.apply(waveform, RATE, s, [Key("clip")]),
                lambda t=transform: t(samples=clip, sample_rate=RATE),
            ),
            rounds,
        )
        ratios.append(theirs / ours)
        print(f"| {name} | {1e3 * ours:.3f} | {1e3 * theirs:.3f} | {theirs / ours:.2f} |")
    print(f"| median | | | {statistics.median(ratios):.2f} |\n")


def batched(folder, rounds):
    """A batch of 32 clips on two threads against one clip after the other on one thread."""
    torch.set_num_threads(2)
    clips = [np.roll(voice(SECONDS, RATE), 100 * number) for number in range(CLIPS)]
    waveform = torch.from_numpy(np.stack(clips))
    keys = [Key(f"clip-{number}") for number in range(CLIPS)]
    print("| transform, 32 clips, 2 threads | ours, ms | audiomentations, ms | theirs / ours |")
    print("| --- | --- | --- | --- |")
    for name, corruption, transform in pairs(folder):
        if name not in BATCHED:
            continue
        middle = corruption.severities[len(corruption.severities) // 2]
        ours, theirs = taking_turns(
            (
                lambda c=corruption, s=middle: c.apply(waveform, RATE, s, keys),
                lambda t=transform: [t(samples=clip, sample_rate=RATE) for clip in clips],
            ),
            rounds,
        )
        print(f"| {name} | {1e3 * ours:.1f} | {1e3 * theirs:.1f} | {theirs / ours:.2f} |")
    print()


def seconds_taken(corruption, severity, waveform, rounds):
    """Median processor seconds for one clip, caches warm."""
    taken = []
    for number in range(rounds + 1):
        started = time.process_time()
        corruption.apply(waveform, RATE, severity, [Key("clip", number)])
        taken.append(time.process_time() - started)
    return statistics.median(taken[1:])


def audio_per_second(rounds):
    """Seconds of audio per second of one core, every corruption at severities 1, 3 and 5."""
    torch.set_num_threads(1)
    waveform = torch.from_numpy(voice(SECONDS, RATE))[None]
    print(f"| corruption, {SECONDS:g} s at {RATE} Hz | severity 1 | 3 | 5 |")
    print("| --- | --- | --- | --- |")
    for name in sorted(set(corruptions.names()) - set(NEED_WEIGHTS)):
        corruption = load_corruption(name)
        rates = [
            SECONDS / seconds_taken(corruption, severity, waveform, rounds)
            for severity in (1, 3, 5)
        ]
        print(f"| {name} | " + " | ".join(f"{rate:,.0f}" for rate in rates) + " |")
    print()


def suite_per_second(rounds):
    """Seconds of audio the deepfake-16 suite produces in a second at severity 3."""
    torch.set_num_threads(1)
    waveform = torch.from_numpy(voice(SECONDS, RATE))[None]
    taken = {
        condition.name: seconds_taken(condition.corruption, 3, waveform, rounds)
        for condition in load_suite("deepfake-16").conditions
        if condition.corruption.name not in SLOW_BY_NATURE
    }
    total = SECONDS * len(taken) / sum(taken.values())
    print(f"deepfake-16, severity 3, {len(taken)} corruptions: {total:,.0f} s of audio per second")
    for name, seconds in sorted(taken.items(), key=lambda item: -item[1]):
        print(f"  {name}: {SECONDS / seconds:,.0f} s/s, {seconds / sum(taken.values()):.0%}")


def print_tables(rounds=15):
    """All of it."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        recordings(folder)
        against_audiomentations(folder, rounds)
        batched(folder, max(5, rounds // 3))
    audio_per_second(max(5, rounds // 3))
    suite_per_second(rounds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    print_tables(parser.parse_args().rounds)
