import os
import shutil
import sys
import zipfile

import numpy as np
import pytest
import soundfile
import torch
from safetensors.torch import load_file, save_file

from perturbations.errors import UserError
from tests.xaudio.clips import RATE, hybrid
from tests.xaudio.records.conftest import wav
from tests.xaudio.tiny import HighBandDetector
from xaudio.audio import read_clip
from xaudio.classifiers import load_classifier
from xaudio.errors import AudioError, ModelError
from xaudio.explaining import explain, explain_clip, load_method, model_spec
from xaudio.models.lcnn import BUNDLED
from xaudio.records import Case, Given, case_zip, reproduce, write_case


def outcomes(found) -> dict[str, str]:
    return {each.what: each.outcome for each in found.comparisons}


def mattering(found) -> set[str]:
    return {each.what for each in found.comparisons if each.matters}


def test_a_case_comes_out_the_same(written):
    found = reproduce(written)
    assert found.same and not found.differences, found.sentence
    told = outcomes(found)
    assert {"bytes of the clip", "samples the model heard", "weights", "score"} <= set(told)
    assert "relevance, largest difference" in told and "version of torch" in told
    assert any(what.startswith("target after noise 0.50-1.00 s; mute") for what in told)
    assert "the same in all" in found.sentence


@pytest.mark.parametrize("way", ["folder", "file", "renamed", "zip"])
def test_the_record_is_found_as_it_is_given(way, case, folder, tmp_path):
    if way == "zip":
        place = tmp_path / "case.of.mine"
        place.write_bytes(case_zip(case))
    elif way == "renamed":
        place = (folder / "record.json").rename(folder / "other.json")
    else:
        place = folder if way == "folder" else folder / "record.json"
    assert reproduce(place).same


def test_the_record_alone_needs_the_clip(folder, tmp_path):
    alone = shutil.copy(folder / "record.json", tmp_path / "record.json")
    with pytest.raises(AudioError, match="--clip"):
        reproduce(alone)
    found = reproduce(alone, Given(clip=folder / "original.wav"))
    assert found.same
    assert outcomes(found)["file heard.wav"] == "told"
    assert outcomes(found)["relevance, largest difference"] == "same"
    assert "others without one that matters" in found.sentence


def test_one_byte_of_the_clip_is_told(folder):
    data = bytearray((folder / "original.wav").read_bytes())
    data[-1000] ^= 1
    (folder / "original.wav").write_bytes(data)
    found = reproduce(folder)
    assert not found.same
    assert {"bytes of the clip", "file original.wav"} <= mattering(found)
    assert outcomes(found)["samples the model heard"] in ("close", "differs")


def test_another_clip_is_told_with_the_size_of_every_difference(folder, tmp_path):
    soundfile.write(tmp_path / "other.wav", hybrid(1.5)[::-1], RATE)
    found = reproduce(folder, Given(clip=tmp_path / "other.wav"))
    assert {"bytes of the clip", "samples the model heard", "score"} <= mattering(found)
    assert "relevance, largest difference" in mattering(found)
    (samples,) = [each for each in found.comparisons if each.what == "samples the model heard"]
    heard = soundfile.read(folder / "heard.wav", dtype="float32")[0]
    other = read_clip(tmp_path / "other.wav").samples
    assert samples.difference == pytest.approx(np.abs(heard - other).max())
    assert f"difference {samples.difference:.3g}" in samples.sentence
    assert "DIFFERS" in samples.sentence


def test_a_much_longer_clip_is_refused(folder, tmp_path):
    soundfile.write(tmp_path / "long.wav", hybrid(9.0), RATE)
    with pytest.raises(AudioError, match="longer"):
        reproduce(folder, Given(clip=tmp_path / "long.wav"))


def test_other_weights_are_told(folder, tmp_path):
    state = load_file(BUNDLED)
    name = next(name for name, tensor in state.items() if tensor.is_floating_point())
    state[name] = state[name].clone()
    state[name].view(-1)[0] += 0.5
    save_file(state, tmp_path / "other.safetensors", {"shape": "{}"})
    try:
        found = reproduce(folder, Given(weights=tmp_path / "other.safetensors"))
    except ModelError as error:
        pytest.skip(f"the bundled weights are read in another way: {error}")
    assert "weights" in mattering(found)
    assert outcomes(reproduce(folder))["weights"] == "same"


def test_a_fingerprint_that_was_changed_is_told(changed):
    assert mattering(reproduce(changed("model.fingerprint", "0" * 64))) == {"weights"}


def test_another_version_is_told_and_does_not_matter_by_itself(changed):
    found = reproduce(changed("versions.torch", "0.1"))
    assert found.same
    (different,) = found.differences
    assert (different.what, different.outcome) == ("version of torch", "told")
    assert different.recorded == "0.1" and different.found == torch.__version__


@pytest.mark.parametrize(
    ("path", "value", "what"),
    [
        ("decision.label", "neither", "decision"),
        ("decision.score", 12.0, "score"),
        ("decision.logits.spoof", 12.0, "logit of spoof"),
        ("explanation.value", 12.0, "target"),
        ("explanation.total", 12.0, "relevance in all"),
        ("clip.sha256", "0" * 64, "bytes of the clip"),
        ("answers.0.label_after", "neither", "decision after"),
        ("answers.0.target_after", 12.0, "target after"),
        ("answers.0.seed", 5, "target after"),
        ("answers.0.edits.0.low", 100.0, "target after"),
        ("members.0.sha256", "0" * 64, "file again.py"),
        ("method.settings.composite", "gamma", "relevance"),
        ("explanation.target", "spoof", "target"),
        ("decision.threshold", 1e4, "decision"),
    ],
)
def test_whatever_was_changed_in_the_record_is_told(changed, path, value, what):
    found = reproduce(changed(path, value))
    assert not found.same
    assert any(each.startswith(what) for each in mattering(found)), found.sentence


def test_a_difference_within_the_tolerance_is_told_and_does_not_matter(changed, case):
    score = case.explained.decision.score
    found = reproduce(changed("decision.score", score + 5e-4))
    assert found.same
    (different,) = found.differences
    assert (different.what, different.outcome) == ("score", "close")
    assert different.difference == pytest.approx(5e-4, rel=1e-3)
    assert different.tolerance == pytest.approx(1e-3 * max(1, abs(score)), rel=1e-2)


@pytest.fixture
def gamma(case, tmp_path):
    """A record of gamma's numbers with epsilon's name and settings, complete with its files."""
    other = explain_clip(
        case.explained.clip, load_classifier("lcnn"), load_method("lrp", {"composite": "gamma"}),
        model=model_spec("lcnn"),
    )  # fmt: skip
    write_case(Case(other), tmp_path / "gamma")
    file = tmp_path / "gamma" / "record.json"
    file.write_text(file.read_text().replace('"composite": "gamma"', '"composite": "epsilon"'))
    return tmp_path / "gamma", other


def test_another_relevance_is_told_by_its_size_and_its_cosine(case, gamma):
    place, other = gamma
    found = {each.what: each for each in reproduce(place).comparisons}
    one, two = other.explanation.relevance, case.explained.explanation.relevance
    largest = found["relevance, largest difference"]
    expected = np.abs(one - two).max() / np.abs(one).max()
    assert largest.difference == pytest.approx(expected, rel=1e-3) and largest.matters
    cosine = np.dot(one, two) / np.linalg.norm(one) / np.linalg.norm(two)
    assert found["relevance, cosine"].difference == pytest.approx(1 - cosine, rel=1e-3)
    assert found["relevance, cosine"].matters


def test_a_relevance_that_was_put_in_place_of_the_recorded_one_proves_nothing(gamma, written):
    place, _ = gamma
    shutil.copy(written / "explanation.npz", place / "explanation.npz")
    found = reproduce(place)
    assert {"file explanation.npz", "relevance"} <= mattering(found)


def test_a_relevance_file_of_something_else_is_not_taken_for_the_recorded_one(folder):
    (folder / "explanation.npz").write_bytes(b"PK nothing")
    found = reproduce(folder)
    assert mattering(found) == {"file explanation.npz"}


def test_a_pickle_is_never_read(folder):
    class Bomb:
        def __reduce__(self):
            return (os.mkdir, (str(folder / "exploded"),))

    np.savez(folder / "explanation.npz", header=np.array([Bomb()], dtype=object))
    assert "file explanation.npz" in mattering(reproduce(folder))
    assert not (folder / "exploded").exists()


def test_a_cut_clip_is_made_again_from_what_was_heard(tmp_path):
    file = tmp_path / "long.wav"
    soundfile.write(file, hybrid(3.0), RATE)
    explained = explain(read_clip(file).cut(0.2, 1.7), "lcnn", "input-x-gradient")
    write_case(Case(explained, file.read_bytes()), tmp_path / "case")
    found = reproduce(tmp_path / "case")
    assert found.same and outcomes(found)["bytes of the clip"] == "same"
    assert any("cut 0.200-1.700 s were not made again" in note for note in found.not_made)


def test_samples_in_memory_are_made_again_from_what_was_heard(tmp_path):
    explained = explain((hybrid(1.0), RATE), "lcnn", "input-x-gradient")
    write_case(Case(explained), tmp_path / "case.zip")
    assert reproduce(tmp_path / "case.zip").same


def test_a_model_object_must_be_given_again(tmp_path):
    explained = explain((hybrid(1.0), RATE), HighBandDetector(), "input-x-gradient")
    write_case(Case(explained), tmp_path / "case")
    with pytest.raises(ModelError, match="--model"):
        reproduce(tmp_path / "case")
    assert reproduce(tmp_path / "case", Given(model=load_classifier(HighBandDetector()))).same
    assert reproduce(tmp_path / "case", Given(model="tests.xaudio.tiny:high_band_detector")).same


@pytest.mark.parametrize("name", ["evil:factory", "evil.onnx", "evil.pt2", "hf:evil", "evil.pkl"])
def test_no_model_that_a_record_names_is_ever_loaded(changed, monkeypatch, name):
    folder = changed("model.name", name)
    (folder / "evil.py").write_text("import pathlib; pathlib.Path('imported').touch()")
    monkeypatch.chdir(folder)
    with pytest.raises(ModelError, match="not loaded because a record names it"):
        reproduce(folder)
    assert "evil" not in sys.modules and not (folder / "imported").exists()


def test_no_weights_that_a_record_names_are_opened(changed):
    with pytest.raises(ModelError, match="not opened because a record names it"):
        reproduce(changed("model.weights", "record.json"))


@pytest.mark.parametrize("value", ["/etc/passwd", "../x.csv", "words.csv", "words:words.csv"])
def test_no_file_that_a_setting_names_is_opened(changed, folder, monkeypatch, value):
    changed("method.name", "words")
    changed("method.settings", {"alignment": value})
    monkeypatch.chdir(folder)
    (folder / "words.csv").write_text("word,start,end\na,0.0,0.5\n")
    with pytest.raises(ModelError, match="--setting alignment"):
        reproduce(folder)


def test_a_setting_may_be_given_again(changed, folder, tmp_path):
    (tmp_path / "words.csv").write_text("word,start,end\na,0.0,0.5\nb,0.6,1.0\n")
    changed("method.name", "words")
    changed("method.settings", {"alignment": "/somewhere/words.csv"})
    found = reproduce(folder, Given(settings={"alignment": str(tmp_path / "words.csv")}))
    assert "relevance, largest difference" in mattering(found)


@pytest.mark.parametrize("name", ["../secret.wav", "/etc/hostname", "sub/secret.wav", ".."])
def test_no_path_that_a_record_lists_is_followed(changed, folder, name):
    (folder.parent / "secret.wav").write_bytes(wav())
    (folder / "sub").mkdir()
    (folder / "sub" / "secret.wav").write_bytes(wav())
    found = reproduce(changed("members.0.name", name))
    assert outcomes(found)[f"file {name}"] == "told"


@pytest.mark.skipif(sys.platform == "win32", reason="links of Unix")
def test_no_link_and_no_pipe_is_followed(folder, tmp_path):
    (folder / "original.wav").replace(tmp_path / "elsewhere.wav")
    (folder / "original.wav").symlink_to(tmp_path / "elsewhere.wav")
    (folder / "heard.wav").unlink()
    os.mkfifo(folder / "heard.wav")
    with pytest.raises(AudioError, match="--clip"):
        reproduce(folder)


def test_files_that_grew_or_shrank_are_told(folder):
    with (folder / "labels.txt").open("ab") as file:
        file.write(b"more")
    (folder / "labels.csv").write_bytes(b"")
    assert mattering(reproduce(folder)) == {"file labels.txt", "file labels.csv"}


def test_an_archive_that_unpacks_to_more_than_it_lists_is_cut_off(case, tmp_path, folder):
    place = tmp_path / "bomb.zip"
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in folder.iterdir():
            data = bytes(50_000_000) if file.name == "relevant.wav" else file.read_bytes()
            archive.writestr(file.name, data)
    assert mattering(reproduce(place)) == {"file relevant.wav"}


def test_a_damaged_archive_is_refused_in_a_sentence(case, tmp_path):
    data = case_zip(case)
    random = np.random.default_rng(0)
    for number in range(30):
        spoilt = bytearray(data)
        if number % 3 == 0:
            spoilt = spoilt[: random.integers(2, len(data))]
        else:
            for place in random.integers(2, len(data), 200):
                spoilt[place] = random.integers(256)
        (tmp_path / "case.zip").write_bytes(spoilt)
        try:
            found = reproduce(tmp_path / "case.zip")
        except UserError as error:
            assert str(error).endswith((".", "…")) and len(str(error)) < 600
        else:
            assert found.differences


def test_methods_and_settings_of_a_record_that_do_not_exist_are_refused(changed):
    with pytest.raises(UserError, match="no setting"):
        reproduce(changed("method.settings", {"nonsense": 1}))
    with pytest.raises(UserError, match="no method"):
        reproduce(changed("method.name", "os.system"))


def test_progress_can_stop_it(written):
    class StoppedError(BaseException):
        pass

    def stop(share):
        raise StoppedError

    with pytest.raises(StoppedError):
        reproduce(written, progress=stop)
