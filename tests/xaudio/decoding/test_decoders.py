import io
import os
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.xaudio.clips import BAD_CLIPS, RATE, hybrid, write_good
from xaudio.audio import clip_from_bytes
from xaudio.decoding import Decoders, Limits, decode
from xaudio.errors import AudioError

MISBEHAVING = Path(__file__).with_name("decoder_that.py")


@pytest.fixture(scope="module")
def decoders():
    made = Decoders()
    made.warm()
    yield made
    made.close()


def decoder_that(deed):
    return Decoders(ready=0, command=(sys.executable, str(MISBEHAVING), deed))


def sound_file(kind="WAV", channels=1, seconds=1.0, rate=RATE, **more):
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (int(seconds * rate), channels))
    soundfile.write(buffer, noise, rate, format=kind, **more)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("kind", "channels", "rate"),
    [("WAV", 1, 16000), ("FLAC", 2, 44100), ("OGG", 1, 8000), ("MP3", 2, 22050)],
)
def test_samples_rate_digest_and_chain_are_those_of_reading_it_here(decoders, kind, channels, rate):
    data = sound_file(kind, channels, rate=rate)
    there, here = decoders.decode(data, "clip"), clip_from_bytes(data, "clip")
    np.testing.assert_array_equal(there.samples, here.samples)
    assert (there.sample_rate, there.chain) == (here.sample_rate, here.decode_chain)
    assert there.digest == here.digest == sha256(data).hexdigest()


def test_what_only_ffmpeg_knows_is_decoded_too(decoders):
    av = pytest.importorskip("av")
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(
            hybrid().astype(np.float32)[None], format="fltp", layout="mono"
        )
        frame.sample_rate = RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    data = buffer.getvalue()
    there, here = decoders.decode(data, "clip.m4a"), clip_from_bytes(data, "clip.m4a")
    np.testing.assert_array_equal(there.samples, here.samples)
    assert there.chain == here.decode_chain and "FFmpeg" in there.chain[0]


def test_raw_g722_is_known_by_its_name(decoders):
    data = bytes(range(256)) * 40
    there, here = decoders.decode(data, "call.g722"), clip_from_bytes(data, "call.g722")
    np.testing.assert_array_equal(there.samples, here.samples)


@pytest.mark.parametrize("name", ["empty", "truncated", "text"])
def test_bad_files_are_the_same_sentence_as_elsewhere(decoders, tmp_path, name):
    path = tmp_path / "clip.wav"
    BAD_CLIPS[name](path)
    data = path.read_bytes()
    with pytest.raises(AudioError) as here:
        clip_from_bytes(data, "clip.wav")
    with pytest.raises(AudioError) as there:
        decoders.decode(data, "clip.wav")
    assert str(there.value) == str(here.value)


def test_decoding_stops_where_it_gets_too_long(decoders):
    with pytest.raises(AudioError, match="lasts longer than 2 s"):
        decoders.decode(sound_file(seconds=3.0), "clip.wav", Limits(sound=2.0))
    assert len(decoders.decode(sound_file(seconds=2.0), "clip.wav", Limits(sound=2.0)).samples)
    with pytest.raises(AudioError, match="lasts longer than 2 s"):
        decode(sound_file(seconds=3.0), "clip.wav", most_seconds=2.0)


@pytest.mark.parametrize(
    ("deed", "limits", "said"),
    [
        ("hangs", Limits(patience=0.5), "not decoded after 0.5 s"),
        ("crashes", Limits(), "ended the decoder .SIGSEGV"),
        ("eats-memory", Limits(memory=64 * 2**20), "more than 64 MiB of memory"),
        ("spins", Limits(processor=1), "more than 1 s of processor time"),
        ("never-ends", Limits(sound=30.0), "lasts longer than 30 s"),
        ("sends-too-much-at-once", Limits(), "ended the decoder"),
        ("says-a-mad-rate", Limits(), "sample rate of 0 Hz"),
        ("sends-a-pickle", Limits(), "ended the decoder"),
        ("opens-a-file", Limits(), "ended the decoder .exit code 1"),
    ],
)
def test_a_decoder_that_misbehaves_is_a_sentence_and_is_gone(deed, limits, said):
    started = time.monotonic()
    with pytest.raises(AudioError, match=rf"'clip\.wav'.*{said}"):
        decoder_that(deed).decode(sound_file(), "clip.wav", limits)
    assert time.monotonic() - started < 20
    assert not children_running(str(MISBEHAVING))


def children_running(word):
    found = subprocess.run(
        ["ps", "--ppid", str(os.getpid()), "-o", "stat=,args="], capture_output=True, text=True
    )
    lines = found.stdout.splitlines()
    return [line for line in lines if word in line and not line.startswith("Z")]


def test_a_file_is_read_block_by_block_in_bounded_memory(decoders, tmp_path):
    path = tmp_path / "long.wav"
    soundfile.write(path, np.tile(hybrid(), 60), RATE)
    with path.open("rb") as file:
        blocks = [(len(block), rate) for block, rate in decoders.blocks(file, "long.wav", LONG)]
    assert {rate for _, rate in blocks} == {RATE}
    assert sum(length for length, _ in blocks) == 60 * 2 * RATE
    assert max(length for length, _ in blocks) <= 1 << 16


LONG = Limits(sound=3600.0)


def test_whoever_stops_taking_blocks_leaves_no_process(decoders, tmp_path):
    path = tmp_path / "long.wav"
    soundfile.write(path, np.tile(hybrid(), 60), RATE)
    with path.open("rb") as file:
        blocks = decoders.blocks(file, "long.wav", LONG)
        next(blocks)
        running = len(children_running("xaudio.decoding.child"))
        blocks.close()
    assert len(children_running("xaudio.decoding.child")) <= max(1, running)


def test_a_ready_decoder_answers_in_less_than_a_third_of_a_second(decoders):
    data, taken = sound_file(seconds=4.0), []
    for _ in range(3):
        time.sleep(0.8)  # the next one gets ready
        started = time.perf_counter()
        decoders.decode(data, "clip.wav")
        taken.append(time.perf_counter() - started)
    print(f"decode of 4 s: {min(taken):.3f} to {max(taken):.3f} s")
    assert min(taken) < 0.3


def test_a_child_inherits_nothing_of_ours(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("not for decoders")
    tell = tmp_path / "tell.py"
    tell.write_text(
        "import os, sys, json, socket\n"
        "from multiprocessing.connection import Connection\n"
        "channel = socket.socket(fileno=int(sys.argv[1]))\n"
        "socket.recv_fds(channel, 65536, 1)\n"
        "files = [os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd')\n"
        "         if os.path.exists(f'/proc/self/fd/{n}')]\n"
        "told = json.dumps([files, sorted(os.environ)])\n"
        "Connection(channel.detach()).send_bytes(b'r' + json.dumps(told).encode())\n"
    )
    os.environ["A_TOKEN_OF_OURS"] = "x"
    try:
        with secret.open("rb") as kept:
            os.set_inheritable(kept.fileno(), True)
            with pytest.raises(AudioError) as told:
                Decoders(0, (sys.executable, str(tell))).decode(b"data", "clip.wav")
    finally:
        del os.environ["A_TOKEN_OF_OURS"]
    assert "recording" in str(told.value)  # the one file it was handed
    assert "secret.txt" not in str(told.value) and "A_TOKEN_OF_OURS" not in str(told.value)


def test_decoders_end_with_the_process_that_asked():
    code = (
        "import os, time\n"
        "from xaudio.decoding import Decoders\n"
        "made = Decoders(); made.warm(); time.sleep(1)\n"
        "print(made._waiting[0].process.pid, flush=True); os._exit(1)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    child = int(ended.stdout)
    for _ in range(100):
        try:
            state = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return
        if state == "Z":
            return
        time.sleep(0.1)
    pytest.fail("the decoder outlived the process that asked for it")


def test_it_needs_no_torch():
    code = "import sys, xaudio.decoding.child; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_name_is_a_name_and_no_path(decoders, tmp_path):
    good = write_good(tmp_path / "good.wav").read_bytes()
    made = decoders.decode(good, "../../etc/passwd")
    assert made.sample_rate == RATE
