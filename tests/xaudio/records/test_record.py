import json
from dataclasses import asdict, replace

import pytest

from perturbations.errors import UserError
from tests.xaudio.records.conftest import wav
from xaudio.errors import AudioError, ModelError
from xaudio.records import Case, case_record, read_record
from xaudio.records.record import RecordedVerdict


def test_a_record_is_read_as_it_was_written(case):
    verdict = RecordedVerdict("inconclusive", "So it is.", {"llr": [1.0, 2]}, "0" * 64)
    record = case_record(replace(case, verdict=verdict), {"heard.wav": b"sound"})
    assert read_record(record.to_json()) == record
    assert record.member("heard.wav").bytes == 5
    assert record.member("other") is None


def test_the_record_says_what_it_was_made_from(case):
    record = case_record(case)
    explained = case.explained
    assert record.clip.sha256 == explained.clip.digest
    assert record.clip.decode_chain[0].startswith("soundfile: WAV")
    assert record.model.name == "lcnn" and len(record.model.fingerprint) == 64
    assert record.method.settings["composite"] == "epsilon" == record.method.chosen["composite"]
    assert record.decision.logits == explained.decision.logits
    assert record.explanation.total == explained.explanation.total
    assert record.explanation.strongest[0].start == explained.strongest(1)[0].start
    assert record.answers[0].edits[1].high == 8000
    assert record.answers[0].target_after == case.asked[0].target_after
    assert record.command.startswith("xaudio explain original.wav --model lcnn --method lrp")
    assert 'xaudio.explain("original.wav", "lcnn", "lrp"' in record.python
    assert record.made.endswith("+00:00")


def test_bytes_that_are_not_the_clips_are_refused(case):
    with pytest.raises(AudioError, match="not those that were explained"):
        Case(case.explained, wav()[:-2])


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a.FLAC", "original.flac"),
        ("../../x.wav", "original.wav"),
        ("no suffix", "original"),
        ("a.w/v", "original"),
        ("a.<b>", "original"),
        ("a.averylongone", "original"),
        ("x.g722", "original.g722"),
    ],
)
def test_only_a_plain_suffix_of_a_name_is_kept(case, name, kept):
    named = replace(case.explained, clip=replace(case.explained.clip, name=name))
    assert Case(named, case.original).original_name == kept


def entries(value, path=()):
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in pairs:
            yield from entries(inner, (*path, key))
    yield path


def test_a_record_that_was_spoilt_anywhere_is_refused_or_read_but_never_breaks(case):
    plain = json.loads(case_record(case, {"heard.wav": b""}).to_json())
    refused = 0
    for path in entries(plain):
        for value in (None, "x", -1e308, [], {"x": 1}, True, 2**70):
            spoilt = json.loads(json.dumps(plain))
            inner = spoilt
            for step in path[:-1]:
                inner = inner[step]
            if path:
                inner[path[-1]] = value
            else:
                spoilt = value
            try:
                read_record(json.dumps(spoilt).encode())
            except UserError:
                refused += 1
    assert refused > 300


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[" * 100_000,
        b"\xff\xfe",
        b'{"format": "other"}',
        b"NaN",
        b" " * 8_000_001,
    ],
)
def test_what_is_no_record_is_refused_in_one_sentence(data):
    with pytest.raises(ModelError) as told:
        read_record(data)
    assert len(str(told.value)) < 400


@pytest.mark.parametrize("text", [b"NaN", b"Infinity", b"1e999"])
def test_numbers_that_are_none_are_refused(case, text):
    data = case_record(case).to_json()
    score = str(case.explained.decision.score).encode()
    assert score in data
    with pytest.raises(ModelError):
        read_record(data.replace(score, text))


def test_another_version_and_unknown_entries_are_refused(case):
    plain = asdict(case_record(case))
    with pytest.raises(ModelError, match="version"):
        read_record(json.dumps({**plain, "version": 2}).encode())
    with pytest.raises(ModelError, match="more"):
        read_record(json.dumps({**plain, "more": 2}).encode())
