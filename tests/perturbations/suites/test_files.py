"""What people write, and what they are told when it cannot be meant."""

import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perturbations.errors import CorruptionError
from perturbations.suites import Suite, as_yaml, load_suite, suite_names, suite_text
from perturbations.suites.written import from_document

WRITTEN = """
summary: Mine.
conditions:
  - {corruption: white-noise, levels: [20, 10.5], severities: [2]}
  - name: wind
    corruption: background-noise
    level: 5
    settings: {ambience: wind}
  - {name: nothing, chain: []}
  - name: call
    chain:
      - {corruption: low-pass, level: 3400}
      - {corruption: mp3}
      - {corruption: echo, severity: 2, settings: {delay_seconds: 0.2}}
"""


def load(folder: Path, text: str | bytes) -> Suite:
    file = folder / "mine.yaml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_suite(file)


def one(fields: str) -> str:
    """A suite of one condition with these fields."""
    return f"summary: x\nconditions: [{{{fields}}}]"


def test_a_suite_as_people_write_it(tmp_path):
    suite = load(tmp_path, WRITTEN)
    noise, wind, nothing, call = suite.conditions
    assert (suite.name, suite.summary) == ("mine", "Mine.")
    assert (noise.name, noise.corruption.levels, noise.severities) == (
        "white-noise",
        (20.0, 10.5),
        (2,),
    )
    assert (wind.corruption.levels, wind.corruption.ambience) == ((5.0,), "wind")
    assert nothing.corruption.steps == ()
    assert [step.severity for step in call.corruption.steps] == [1, None, 2]
    assert call.corruption.steps[2].corruption.delay_seconds == 0.2
    assert call.severities == (1, 2, 3, 4, 5)
    assert call.corruption.name == "call"
    assert load(tmp_path, as_yaml(suite)) == suite


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "at the top: it takes fields with their values; None was given"),
        ("- a", "at the top: it takes fields with their values"),
        ("summary: x", "the field 'conditions' is missing"),
        ("summary: x\nconditions: []", "'conditions' takes at least one"),
        ("summary: 3\nconditions: [{corruption: mp3}]", "'summary' takes words; 3 was given"),
        ("summary: x\nconditions: [7]", "condition 1: it takes fields with their values; 7"),
        ("summary: x\nname: y\nconditions: [{corruption: mp3}]", "are: summary, conditions."),
        (one("corruption: mp4"), r"condition 1 \('mp4'\): .*Did you mean 'mp3'"),
        (one("name: a"), r"condition 1 \('a'\): Give a 'corruption', or a 'chain'"),
        (one("corruption: mp3, kbps: 8"), "no field 'kbps'. There are: name, corruption, level"),
        (one("corruption: mp3, levels: 8"), r"'levels' takes a list, in \[brackets\]; 8 was"),
        (one("corruption: mp3, levels: []"), "'levels' takes at least one"),
        (one("corruption: mp3, levels: [yes]"), "'levels' takes a number; True was given"),
        (one("corruption: mp3, levels: [1e1]"), "'levels' takes a number; '1e1' was given"),
        (one("corruption: mp3, levels: [.nan]"), "'levels' takes a finite number"),
        (one("corruption: mp3, levels: [9]"), r"condition 1 \('mp3'\): 'mp3' was given .*128"),
        (one("corruption: mp3, level: 8, levels: [8]"), "'level' or 'levels', not both"),
        (one("corruption: mp3, severities: [0]"), "one or more of 1, 2, 3, 4, 5"),
        (one("corruption: mp3, severities: [1.5]"), "'severities' takes a whole number"),
        (one("corruption: mp3, settings: {levels: 3}"), "beside 'settings', not in it"),
        (one("corruption: echo, settings: {delay: 1}"), "no setting 'delay'.*delay_seconds"),
        (one("corruption: echo, settings: {delay_seconds: x}"), "a finite number; 'x' was given"),
        (one("corruption: echo, settings: {delay_seconds: [1]}"), "takes a number, a word, or"),
        (one("corruption: mp3, name: ../mp3"), "the name is '../mp3'"),
        (one("corruption: mp3, name: ' '"), "begins with a letter"),
        (one("corruption: mp3},{corruption: mp3"), "two conditions named 'mp3'"),
        (one("chain: [{corruption: mp3}]"), "A chain needs a 'name'"),
        (one("name: a, level: 1, chain: []"), "'level' belongs into its steps"),
        (one("name: a, chain: [{corruption: mp3, lvl: 1}]"), "step 1: there is no field 'lvl'"),
        (one("name: a, chain: [{}]"), "step 1: the field 'corruption' is missing"),
        (one("name: a, chain: [{corruption: mp3, severity: 7}]"), "Step 1: .* severity 7"),
        (one("name: a, chain: [{corruption: mp3, severity: 1, level: 8}]"), "Step 1: .*not both"),
        (
            one("name: a, chain: [{corruption: mp3}, {corruption: echo, levels: [1, 2]}]"),
            "2 and 5 severities",
        ),
        ("summary: x\nsummary: y\nconditions: []", "line 2 .*'summary' is given twice"),
        (one("corruption: mp3, corruption: aac"), "'corruption' is given twice"),
        ("summary: &a x\nconditions: [{corruption: *a}]", "references"),
        ("summary: !!python/object/apply:os.system [exit]", "line 1"),
        ("a: b: c", "line 1"),
        ("summary: !!bool foo", "cannot be read as YAML"),
        ("summary: " + "9" * 5000, "cannot be read as YAML"),
        (b"summary: \xff", "cannot be read as YAML"),
        (b"\x00", "cannot be read as YAML"),
        ("[" * 5000, "nested too deeply"),
        ("# " + 300_000 * "x", "at most 200,000"),
    ],
)
def test_what_cannot_be_meant_is_told(tmp_path, text, told):
    with pytest.raises(CorruptionError, match=r"mine\.yaml|'mine'") as raised:
        load(tmp_path, text)
    assert re.search(told, str(raised.value), re.IGNORECASE)
    assert len(str(raised.value)) < 800


def test_references_cannot_grow(tmp_path):
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    for letter, before in zip("bcdefghi", "abcdefgh", strict=True):
        bomb += f"{letter}: &{letter} [{', '.join([f'*{before}'] * 10)}]\n"
    with pytest.raises(CorruptionError, match="references"):
        load(tmp_path, bomb)


@pytest.mark.parametrize(
    ("suite", "told"),
    [
        ("deepfake-61", "Did you mean 'deepfake-16'"),
        ("", "There are: .*srb.*path of a .yaml file"),
        ("missing.yaml", "No such file"),
        ("nul\0.yaml", "cannot be read"),
        ("mine.txt", "There is no suite named"),
    ],
)
def test_suites_that_are_not_there(suite, told):
    with pytest.raises(CorruptionError, match=told):
        load_suite(suite)


def test_a_folder_is_no_suite(tmp_path):
    folder = tmp_path / "folder.yaml"
    folder.mkdir()
    with pytest.raises(CorruptionError, match="cannot be read"):
        load_suite(folder)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
NAMES = st.sampled_from(["mp3", "echo", "packet-loss", "background-noise", "mp4", ""])
FIELDS = {
    "corruption": NAMES | PLAIN,
    "level": st.floats(-50, 50) | PLAIN,
    "levels": st.lists(st.floats(-50, 50) | st.integers(), max_size=6) | PLAIN,
    "settings": st.dictionaries(
        st.sampled_from(["ambience", "delay_seconds", "folder", "levels", "concealment"]), PLAIN
    )
    | PLAIN,
}
STEPS = st.fixed_dictionaries({}, optional={**FIELDS, "severity": st.integers(-2, 7) | PLAIN})
ROWS = st.fixed_dictionaries(
    {},
    optional={
        **FIELDS,
        "name": st.sampled_from(["a", "b"]) | PLAIN,
        "severities": st.lists(st.integers(-1, 7), max_size=5) | PLAIN,
        "chain": st.lists(STEPS | PLAIN, max_size=3) | PLAIN,
        "else": PLAIN,
    },
)
DOCUMENTS = PLAIN | st.fixed_dictionaries(
    {"summary": st.just("x") | PLAIN, "conditions": st.lists(ROWS | PLAIN, max_size=2) | PLAIN}
)


@settings(max_examples=400, deadline=None)
@given(DOCUMENTS)
def test_any_document_is_a_suite_or_an_error_that_tells(document):
    try:
        suite = from_document(document, "mine", "mine.yaml")
    except CorruptionError as error:
        assert "mine" in str(error) and len(str(error)) < 2000
    else:
        assert isinstance(suite, Suite)


@pytest.mark.parametrize("name", suite_names())
def test_damaged_files_are_suites_or_errors(name, tmp_path):
    text, chance = suite_text(name), random.Random(name)
    for _ in range(8):
        body = list(text[text.index("summary:") :])
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(body))
            body[place] = chance.choice(["", "\n", " ", ":", "{", "]", "&", "!", "-", "\t", "0"])
        try:
            load(tmp_path, "".join(body))
        except CorruptionError as error:
            assert "mine" in str(error)
