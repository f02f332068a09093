"""Codecs beside a subprocess, pydub and audiomentations: `python -m tests.benchmarks.codec_speed`.

Seconds of audio per second are of processor time. Ratios are given twice: by the clock, and by
processor time with that of child processes, for which waiting for a disk or for other work on the
machine does not count. ffmpeg is looked for in the environment variable FFMPEG, then on the PATH;
lameenc and pydub are timed where they can be imported.
"""

import os
import resource
import shutil
import subprocess
import tempfile
import time
import warnings
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import soundfile
import torch

from perturbations.corruption import Key, load_corruption
from tests.benchmarks.signals import voice

SECONDS, RATE, RUNS, SEVERITY, MP3_KBPS = 4.0, 16_000, 9, 3, 24

FFMPEG_SETTINGS = {
    "aac": ("m4a", 16_000, "-c:a aac -b:a 32k -aac_coder fast"),
    "amr-nb": ("amr", 8_000, "-c:a libopencore_amrnb -b:a 7.4k"),
    "g711-a": ("wav", 8_000, "-c:a pcm_alaw"),
    "g711-mu": ("wav", 8_000, "-c:a pcm_mulaw"),
    "g722": ("wav", 16_000, "-c:a g722"),
    "g723-1": ("wav", 8_000, "-c:a g723_1 -b:a 6.3k"),
    "g726": ("wav", 8_000, "-c:a g726 -b:a 32k"),
    "gsm": None,  # this ffmpeg decodes it only
    "ima-adpcm": ("wav", 16_000, "-c:a adpcm_ima_wav"),
    "mp3": ("mp3", 16_000, "-c:a libmp3lame -b:a 24k -compression_level 7"),
    "opus": ("ogg", 16_000, "-c:a libopus -b:a 12k -vbr off -compression_level 1"),
    "vorbis": ("ogg", 16_000, "-c:a libvorbis -q:a 2"),
}


def ffmpeg_program():
    """Where ffmpeg is, or None."""
    return os.environ.get("FFMPEG") or shutil.which("ffmpeg")


def through_processes(program, samples, extension, rate, options):
    """As scripts do: a file for ffmpeg to encode, a file for it to decode, a file to read."""
    with tempfile.TemporaryDirectory() as folder:
        given, coded, back = (Path(folder) / each for each in ("a.wav", f"b.{extension}", "c.wav"))
        soundfile.write(given, samples, RATE)
        quiet = [program, "-v", "error", "-threads", "1", "-y", "-i"]
        encode = [*quiet, given, "-ar", str(rate), "-ac", "1", *options.split(), coded]
        subprocess.run(encode, check=True)
        subprocess.run([*quiet, coded, "-ar", str(RATE), back], check=True)
        return soundfile.read(back, dtype="float32")[0]


def processor_seconds():
    """Of this process and of the children it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def medians(*functions):
    """Median (clock, processor) seconds of each, taken in turns; the first turn does not count."""
    taken = [[] for _ in functions]
    for _ in range(RUNS + 1):
        for times, function in zip(taken, functions, strict=True):
            started = np.array([time.perf_counter(), processor_seconds()])
            function()
            times.append([time.perf_counter(), processor_seconds()] - started)
    return [np.median(times[1:], axis=0) for times in taken]


def ratios(ours, theirs):
    return " | ".join(f"{ratio:.2f}" for ratio in theirs / ours)


def corrupted(corruption, severity, clip):
    return lambda: corruption.apply(clip, RATE, severity, [Key("clip")])


def codec_row(name, program, samples):
    """One codec: its speed at severity 3, one encoding of it, and the same by ffmpeg."""
    clip = torch.from_numpy(samples)[None]
    corruption = load_corruption(name)
    severity = 1 if corruption.quantity == "passes" else SEVERITY
    settings = FFMPEG_SETTINGS[name]
    functions = [corrupted(corruption, SEVERITY, clip), corrupted(corruption, severity, clip)]
    if program and settings:
        functions.append(lambda: through_processes(program, samples, *settings))
    third, once, *other = medians(*functions)
    beside = f"{1000 * other[0][0]:.0f} | {ratios(once, other[0])}" if other else "- | - | -"
    return f"| {name} | {SECONDS / third[1]:,.0f} | {1000 * once[0]:.2f} | {beside} |"


def mp3_row(backend, samples):
    """Ours beside one way of audiomentations' to the same bit rate."""
    from audiomentations import Mp3Compression

    late = backend == "lameenc"  # which cannot put it back in place
    theirs = Mp3Compression(MP3_KBPS, MP3_KBPS, backend=backend, preserve_delay=late, p=1.0)
    ours = load_corruption("mp3", levels=[MP3_KBPS])
    clip = torch.from_numpy(samples)[None]
    mine, other = medians(corrupted(ours, 1, clip), lambda: theirs(samples, RATE))
    times = f"{1000 * mine[0]:.2f} | {1000 * other[0]:.2f}"
    return f"| {backend} | {times} | {ratios(mine, other)} |"


def main():
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    samples, program = np.ascontiguousarray(voice(SECONDS, RATE)), ffmpeg_program()
    if program is None:
        print("There is no ffmpeg here: set FFMPEG or put it on the PATH for the comparison.\n")
    else:
        os.environ["PATH"] = f"{Path(program).parent}{os.pathsep}{os.environ['PATH']}"
    print(
        f"{SECONDS:g} s at {RATE} Hz; severity {SEVERITY} is three passes where that is counted.\n"
    )
    print("| codec | s/s, severity 3 | one encoding, ms | two processes, ms | clock | processor |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in FFMPEG_SETTINGS:
        print(codec_row(name, program, samples), flush=True)
    print(f"\n| Mp3Compression, {MP3_KBPS} kbit/s | ours, ms | its, ms | clock | processor |")
    print("| --- | --- | --- | --- | --- |")
    packages = {"fast-mp3-augment": "fast_mp3_augment", "lameenc": "lameenc", "pydub": "pydub"}
    for backend, package in packages.items():
        if find_spec(package) and (backend != "pydub" or shutil.which("ffmpeg")):
            print(mp3_row(backend, samples), flush=True)


if __name__ == "__main__":
    main()
