import json

import pytest

from tests.xaudio.sweeps.small import loudness
from tests.xaudio.verdicts.scored import calibration
from xaudio.errors import ModelError
from xaudio.verdicts.calibrate import identity
from xaudio.verdicts.calibration import load_calibration
from xaudio.verdicts.rule import WantedFalseAcceptance


@pytest.mark.parametrize("rule", [None, WantedFalseAcceptance(0.05)])
def test_it_loads_back_equal(tmp_path, rule):
    made = calibration(rule)
    file = made.save(tmp_path / "new" / "calibration.json")
    assert load_calibration(file) == made
    assert list(file.parent.iterdir()) == [file]


def test_people_can_read_it(tmp_path):
    text = calibration().save(tmp_path / "calibration.json").read_text()
    document = json.loads(text)
    assert text.count("\n") > 50
    assert max(map(len, text.splitlines())) < 100
    assert document["format"] == 1
    assert document["rule"]["kind"] == "least cost"
    assert set(document["validated"][0]["ranges"]["snr_db"]) == {
        "low",
        "high",
        "margin_below",
        "margin_above",
    }


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda document: document.pop("map"), "map: Field required"),
        (lambda document: document.update(format=2), "format"),
        (lambda document: document.update(slope=3), "does not know"),
        (lambda document: document["map"].update(slope="steep"), "map.slope"),
        (lambda document: document["map"].update(slope=-1.0), "wrong way"),
        (lambda document: document["map"].update(slope=None), "map.slope"),
        (lambda document: document.update(spoof_prior=1.0), "prior"),
        (lambda document: document.update(validated=[]), "no condition"),
        (lambda document: document["validated"][0]["ranges"].update(colour=0), "ranges.colour"),
        (lambda document: document["uncertainty"].update(degrees_of_freedom=0), "two speakers"),
    ],
)
def test_a_file_that_is_not_as_it_should_be_is_refused_by_name(tmp_path, change, part):
    file = calibration().save(tmp_path / "calibration.json")
    document = json.loads(file.read_text())
    change(document)
    file.write_text(json.dumps(document))
    with pytest.raises(ModelError, match=part):
        load_calibration(file)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"null"])
def test_what_is_no_calibration_is_refused(tmp_path, content):
    file = tmp_path / "calibration.json"
    file.write_bytes(content)
    with pytest.raises(ModelError, match="no calibration of format 1"):
        load_calibration(file)
    with pytest.raises(ModelError, match="There is no calibration"):
        load_calibration(tmp_path / "other.json")
    with pytest.raises(ModelError, match="cannot be read"):
        load_calibration(tmp_path)


def test_other_weights_are_refused_and_the_same_are_not():
    known = identity(loudness(threshold=0.02))
    known.check(loudness(name="renamed", threshold=0.02))
    with pytest.raises(ModelError, match="belongs to 'loudness' with the weights"):
        known.check(loudness(threshold=0.03))


def test_a_disk_that_refuses_leaves_nothing_behind(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(ModelError, match="cannot be written"):
        calibration().save(tmp_path / "taken" / "calibration.json")
    assert [file.name for file in tmp_path.iterdir()] == ["taken"]
