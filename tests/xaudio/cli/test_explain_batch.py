import json
from pathlib import Path

from xaudio.cli.main import run

DETECTOR = "tests.xaudio.tiny:high_band_detector"
WORDS = ["explain-batch", "clips", "--model", DETECTOR, "--method", "input-x-gradient"]


def prepared():
    clips = Path("clips")
    clips.mkdir()
    (clips / "voice.wav").write_bytes(Path("voice.wav").read_bytes())
    (clips / "broken.wav").write_text("This is no recording.\n" * 50)


def test_a_batch_is_estimated_done_and_gone_on_with(capsys, place):
    prepared()
    assert run([*WORDS, "--dry-run", "--json"]) == 0
    expected = json.loads(capsys.readouterr().out)
    assert (expected["clips"], expected["waiting"]) == (2, 2) and expected["wall_seconds"] > 0
    assert not Path("explanations").exists()

    assert run([*WORDS, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    rows = {row["clip"]: row for row in found["rows"]}
    assert rows["voice.wav"]["decision"] == "spoof" and "broken.wav" in rows["broken.wav"]["error"]
    assert Path(found["page"]).is_file()
    assert Path("explanations/explained/voice-input-x-gradient/report.html").is_file()

    Path("clips/broken.wav").write_bytes(Path("voice.wav").read_bytes())
    assert run(WORDS) == 0
    assert "2 explanations, 0 failed" in capsys.readouterr().out


def test_a_folder_without_clips_is_a_sentence(capsys, place):
    Path("clips").mkdir()
    assert run(WORDS) == 2
    assert "holds no recording" in capsys.readouterr().err
