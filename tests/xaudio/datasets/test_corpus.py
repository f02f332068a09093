import hashlib
import shutil
from dataclasses import replace

import numpy as np
import pytest

from tests.xaudio.datasets.voices import voice
from xaudio.audio import read_clip, write_audio
from xaudio.datasets.corpus import build_corpus
from xaudio.datasets.corpus_plan import CorpusSettings, plan_corpus
from xaudio.datasets.human_speech import Recording, speech_folder
from xaudio.datasets.manifest import load_manifest
from xaudio.datasets.speech_synthesis import speech_attacks
from xaudio.errors import CorpusError

RATE = 16000


@pytest.fixture(scope="module")
def speech(tmp_path_factory):
    """Six recordings of three speakers, two of them in folders of their own."""
    folder = tmp_path_factory.mktemp("speech")
    for number in range(6):
        speaker = f"speaker{number % 3}"
        (folder / speaker).mkdir(exist_ok=True)
        write_audio(folder / speaker / f"take{number}.wav", voice(2.2, seed=number), RATE)
    return folder


SETTINGS = CorpusSettings(
    utterances=3,
    copies=("world", "lpc"),
    spliced=("world", "lpc"),
    engines=(),
    sentences=0,
    hybrids=1,
    seconds=2.0,
)


@pytest.fixture(scope="module")
def built(speech, tmp_path_factory):
    out = tmp_path_factory.mktemp("corpora") / "corpus"
    return out, build_corpus(out, speech_folder(speech), SETTINGS)


def digests(out):
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((out / "audio").iterdir())
    }


class TestPlan:
    def test_speakers_take_turns(self, speech):
        planned = plan_corpus(speech_folder(speech), SETTINGS)
        humans = [item for item in planned if item.attack == "bonafide"]
        assert {item.speaker for item in humans} == {"speaker0", "speaker1", "speaker2"}

    def test_every_utterance_has_every_copy_and_a_hybrid(self, speech):
        planned = plan_corpus(speech_folder(speech), SETTINGS)
        assert len(planned) == 3 * (1 + 2 + 1)
        assert len({item.clip for item in planned}) == len(planned)

    def test_too_few_recordings_are_refused(self, speech):
        with pytest.raises(CorpusError, match="there are 6 recordings"):
            plan_corpus(speech_folder(speech), CorpusSettings(utterances=7))

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"channel": "phone"}, "no channel"),
            ({"sentences": -1}, "negative"),
            ({"seconds": float("inf")}, "finite"),
            ({"seconds": float("nan")}, "finite"),
            ({"copies": ("lpc",), "hybrids": 1}, "Hybrids"),
        ],
    )
    def test_settings_that_make_no_sense_are_refused(self, wrong, said):
        with pytest.raises(CorpusError, match=said):
            CorpusSettings(**wrong)


class TestBuild:
    def test_the_manifest_tells_what_is_there(self, built):
        out, manifest = built
        assert len(manifest) == 12
        assert load_manifest(out / "manifest.parquet").rows == manifest.rows
        for row in manifest:
            clip = read_clip(row.path)
            assert clip.sample_rate == RATE
            assert np.isclose(clip.seconds, row.seconds, atol=1e-4)
            assert (row.label == "bonafide") == (row.attack is None)
            assert bool(row.segments) == (row.attack or "").endswith("-hybrid")

    def test_protocol_has_the_columns_of_asvspoof(self, built):
        out, manifest = built
        lines = [line.split() for line in (out / "protocol.txt").read_text().splitlines()]
        assert len(lines) == len(manifest)
        for line, row in zip(lines, manifest, strict=True):
            assert line == [row.speaker, row.clip, "-", row.attack or "-", row.label]

    def test_segment_labels_cover_each_clip_without_gap(self, built):
        out, manifest = built
        spans: dict[str, list] = {}
        for line in (out / "segments.rttm").read_text().splitlines():
            fields = line.split()
            assert len(fields) == 10
            spans.setdefault(fields[1], []).append((float(fields[3]), float(fields[4]), fields[7]))
        for row in manifest:
            position = 0.0
            for start, length, _ in spans[row.clip]:
                assert np.isclose(start, position, atol=2e-6)
                position = start + length
            assert np.isclose(position, row.seconds, atol=2e-6)
            spoofed = sum(length for _, length, label in spans[row.clip] if label == "spoof")
            expected = sum(end - start for start, end in row.segments)
            if row.segments:
                assert np.isclose(spoofed, expected, atol=1e-5)

    def test_same_settings_same_bytes_in_another_process(self, built, speech, tmp_path):
        out, _ = built
        again = tmp_path / "again"
        build_corpus(again, speech_folder(speech), SETTINGS, workers=2)
        assert digests(again) == digests(out)

    def test_it_goes_on_after_an_interruption(self, built, speech, tmp_path):
        out, manifest = built
        interrupted = tmp_path / "interrupted"

        class StopError(Exception):
            pass

        def stop_after_one(done, _planned):
            if done > 0:
                raise StopError

        with pytest.raises(StopError):
            build_corpus(interrupted, speech_folder(speech), SETTINGS, progress=stop_after_one)
        assert not (interrupted / "manifest.parquet").exists()
        finished = {
            path.name: path.stat().st_mtime_ns for path in (interrupted / "audio").iterdir()
        }
        assert 0 < len(finished) < len(manifest)
        build_corpus(interrupted, speech_folder(speech), SETTINGS)
        assert digests(interrupted) == digests(out)
        for name, changed in finished.items():
            assert (interrupted / "audio" / name).stat().st_mtime_ns == changed

    def test_another_seed_gives_other_samples(self, built, speech, tmp_path):
        out, _ = built
        other = tmp_path / "other"
        settings = replace(SETTINGS, seed=1)
        build_corpus(other, speech_folder(speech), settings)
        shared = digests(other).keys() & digests(out).keys()
        assert all(digests(other)[name] != digests(out)[name] for name in shared)

    def test_hybrids_are_human_outside_their_stretches(self, speech, tmp_path):
        settings = CorpusSettings(
            utterances=1,
            copies=("world",),
            spliced=("world",),
            engines=(),
            sentences=0,
            seconds=2.0,
            channel="none",
        )
        manifest = build_corpus(tmp_path / "plain", speech_folder(speech), settings)
        human, _, hybrid = (read_clip(row.path).samples for row in manifest)
        inside = np.zeros(len(human), bool)
        for start, end in manifest[2].segments:
            inside[round((start - 0.006) * RATE) : round((end + 0.006) * RATE)] = True
        assert np.array_equal(hybrid[~inside], human[~inside])
        assert not np.allclose(hybrid[inside], human[inside], atol=1e-3)

    def test_another_corpus_is_not_overwritten(self, built, speech):
        out, _ = built
        with pytest.raises(CorpusError, match="other settings"):
            build_corpus(out, speech_folder(speech), CorpusSettings(utterances=2))

    def test_a_folder_with_something_else_in_it_is_left_alone(self, speech, tmp_path):
        (tmp_path / "thesis.txt").write_text("mine")
        with pytest.raises(CorpusError, match="not empty"):
            build_corpus(tmp_path, speech_folder(speech), SETTINGS)
        assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]

    def test_a_broken_recording_is_named(self, tmp_path):
        broken = tmp_path / "broken.wav"
        broken.write_text("not audio")
        recordings = [Recording(broken, "broken", "nobody", "en")]
        settings = CorpusSettings(utterances=1, copies=(), engines=(), sentences=0, hybrids=0)
        with pytest.raises(CorpusError, match=r"broken"):
            build_corpus(tmp_path / "out", recordings, settings)


@pytest.mark.parametrize("name", speech_attacks.names())
def test_engines_speak_the_same_again(name):
    engine = speech_attacks.get(name)()
    if not engine.available():
        pytest.skip(f"{name} is not installed")
    first = engine.speak("The last train.", "en", engine.voices[0], 5)
    again = engine.speak("The last train.", "en", engine.voices[0], 5)
    assert 0.4 < len(first.samples) / first.sample_rate < 4.0
    assert np.abs(first.samples).max() > 0.05
    assert np.array_equal(first.samples, again.samples)


def test_a_missing_engine_is_told_with_its_package(monkeypatch, speech, tmp_path):
    monkeypatch.setattr(speech_attacks.get("flite"), "available", lambda _: False)
    settings = CorpusSettings(utterances=1, engines=("flite",))
    with pytest.raises(CorpusError, match=r"flite.*not installed.*Debian's flite"):
        build_corpus(tmp_path / "out", speech_folder(speech), settings)


PLAIN = CorpusSettings(
    utterances=2, copies=(), engines=(), sentences=0, hybrids=0, seconds=2.0, channel="none"
)


def two_takes(folder, seed):
    folder.mkdir()
    for number in range(2):
        write_audio(folder / f"take{number}.wav", voice(1.5, seed=seed + number), RATE)
    return speech_folder(folder)


class TestWhoseFolder:
    def test_other_sounds_of_the_same_names_are_refused(self, tmp_path):
        build_corpus(tmp_path / "out", two_takes(tmp_path / "one", 0), PLAIN)
        before = digests(tmp_path / "out")
        with pytest.raises(CorpusError, match="other recordings"):
            build_corpus(tmp_path / "out", two_takes(tmp_path / "other", 7), PLAIN)
        assert digests(tmp_path / "out") == before

    @pytest.mark.parametrize("change", [{"speaker": "someone"}, {"language": "fr"}])
    def test_other_speakers_and_languages_are_refused(self, tmp_path, change):
        recordings = two_takes(tmp_path / "one", 0)
        build_corpus(tmp_path / "out", recordings, PLAIN)
        with pytest.raises(CorpusError, match="other recordings"):
            build_corpus(tmp_path / "out", [replace(one, **change) for one in recordings], PLAIN)

    def test_the_same_speech_in_another_place_is_the_same(self, tmp_path):
        build_corpus(tmp_path / "out", two_takes(tmp_path / "one", 0), PLAIN)
        shutil.copytree(tmp_path / "one", tmp_path / "moved")
        assert len(build_corpus(tmp_path / "out", speech_folder(tmp_path / "moved"), PLAIN)) == 2

    def test_a_damaged_mark_is_told(self, tmp_path):
        recordings = two_takes(tmp_path / "one", 0)
        build_corpus(tmp_path / "out", recordings, PLAIN)
        (tmp_path / "out" / "corpus.json").write_text("[")
        with pytest.raises(CorpusError, match="damaged"):
            build_corpus(tmp_path / "out", recordings, PLAIN)

    def test_a_deleted_sound_is_made_again(self, tmp_path):
        recordings = two_takes(tmp_path / "one", 0)
        build_corpus(tmp_path / "out", recordings, PLAIN)
        before = digests(tmp_path / "out")
        (tmp_path / "out" / "audio" / "take0.flac").unlink()
        build_corpus(tmp_path / "out", recordings, PLAIN)
        assert digests(tmp_path / "out") == before


class TestUnusableRecordings:
    def test_one_too_short_for_hybrids_is_named_and_can_be_mended(self, tmp_path):
        settings = replace(PLAIN, copies=("world",), spliced=("world",), hybrids=1)
        two_takes(tmp_path / "speech", 0)
        write_audio(tmp_path / "speech" / "take1.wav", voice(0.7), RATE)
        with pytest.raises(CorpusError, match=r"'take1'.*0\.70 s is too short"):
            build_corpus(tmp_path / "out", speech_folder(tmp_path / "speech"), settings)
        assert not (tmp_path / "out").exists()
        write_audio(tmp_path / "speech" / "take1.wav", voice(1.4), RATE)
        manifest = build_corpus(tmp_path / "out", speech_folder(tmp_path / "speech"), settings)
        assert len(manifest) == 6

    def test_a_broken_one_can_be_taken_away(self, tmp_path):
        two_takes(tmp_path / "speech", 0)
        broken = tmp_path / "speech" / "broken.wav"
        broken.write_text("not audio")
        settings = replace(PLAIN, utterances=3)
        with pytest.raises(CorpusError, match="The recording 'broken' cannot be used"):
            build_corpus(tmp_path / "out", speech_folder(tmp_path / "speech"), settings)
        broken.unlink()
        assert len(build_corpus(tmp_path / "out", speech_folder(tmp_path / "speech"), PLAIN)) == 2

    def test_clips_of_one_name_are_told_before_any_is_made(self, tmp_path):
        (tmp_path / "speech").mkdir()
        for name in ("a.wav", "a.world.wav"):
            write_audio(tmp_path / "speech" / name, voice(1.5), RATE)
        settings = replace(PLAIN, copies=("world",))
        with pytest.raises(CorpusError, match=r"2 clips would be named 'a\.world'"):
            build_corpus(tmp_path / "out", speech_folder(tmp_path / "speech"), settings)
        assert not (tmp_path / "out").exists()
