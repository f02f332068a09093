import pytest
import torch

from perturbations.chain import Chain
from perturbations.contract import check_corruption
from perturbations.corruption import corruptions, load_corruption
from perturbations.errors import CorruptionError
from perturbations.suites import Condition, Suite, as_yaml, load_suite, suite_names, suite_text
from tests.perturbations.signals import keys, speech_like

RATE = 16_000
SUITES = {
    "asvspoof2021-df",
    "asvspoof2021-la",
    "codecs",
    "deepfake-16",
    "deepfake-extended",
    "deepfake-published",
    "hsad",
    "neural",
    "rawboost",
    "rooms",
    "shortcuts",
    "social-media",
    "srb",
    "telephony",
}
DEEPFAKE_16 = [
    "white-noise",
    "background-noise",
    "pink-noise",
    "low-pass",
    "high-pass",
    "smoothing",
    "echo",
    "pitch-shift",
    "time-stretch",
    "quantisation",
    "fade",
    "clipping",
    "mp3",
    "aac",
    "opus",
    "neural-codec",
]


def levels(suite, name):
    return {each.name: each for each in load_suite(suite).conditions}[name].corruption.levels


def test_all_suites_are_there():
    assert set(suite_names()) == SUITES


@pytest.mark.parametrize("name", sorted(SUITES))
def test_a_suite_loads_and_comes_back_from_its_own_yaml(name, tmp_path):
    suite = load_suite(name)
    assert suite.name == name
    assert suite.summary.endswith(".") and "\n" not in suite.summary
    written = tmp_path / f"{name}.yaml"
    written.write_text(as_yaml(suite), encoding="utf-8")
    assert load_suite(written) == suite
    assert as_yaml(load_suite(str(written))) == as_yaml(suite)


@pytest.mark.parametrize("name", sorted(SUITES))
def test_a_suite_explains_its_format_at_its_head(name):
    head = suite_text(name).split("summary:")[0]
    assert "How to read this file" in head
    assert all(f"#   {field} " in head for field in ("corruption", "levels", "chain", "name"))


@pytest.mark.parametrize("name", sorted(SUITES))
def test_defaults_that_a_suite_leaves_out_are_the_corruptions_own(name):
    for condition in load_suite(name).conditions:
        assert condition.severities[-1] <= len(condition.corruption.levels)
        if condition.name in corruptions.names():
            assert type(condition.corruption) is corruptions.get(condition.name)


def test_the_sixteen():
    suite = load_suite("deepfake-16")
    assert [condition.name for condition in suite.conditions] == DEEPFAKE_16
    assert all(condition.severities == (1, 2, 3, 4, 5) for condition in suite.conditions)
    extended = load_suite("deepfake-extended").conditions
    assert extended[:16] == suite.conditions
    assert len(extended) == 30


def test_the_published_levels_are_exact():
    published = {
        "white-noise": {5, 10, 20, 30, 40},
        "background-noise": {5, 10, 20, 30, 40},
        "smoothing": {count / RATE for count in (6, 10, 14, 18, 22, 26)},
        "echo": {0.1, 0.3, 0.5, 0.7, 0.9},
        "high-pass": {share * 8000 for share in (0.1, 0.2, 0.3, 0.4, 0.5)},
        "low-pass": {share * 8000 for share in (0.1, 0.2, 0.3, 0.4, 0.5)},
        "pitch-shift": {-2, -1, -0.5, 0.5, 1, 2},
        "time-stretch": {0.7, 0.9, 1.1, 1.3, 1.5},
        "quantisation": {4, 16, 64, 256, 1024},
        "opus": {6, 8, 16, 31},
        "mp3": {8, 16, 24, 32, 40},
        "encodec": {1.5, 3, 6, 12, 24},
    }
    conditions = load_suite("deepfake-published").conditions
    assert {each.name: pytest.approx(sorted(published[each.name])) for each in conditions} == {
        each.name: sorted(each.corruption.levels) for each in conditions
    }
    assert len(conditions) == len(published)


def test_the_table_of_speech_robust_bench():
    table = {
        "gnoise": (30, 20, 10, 0),
        "speedup": (1.25, 1.5, 1.75, 2),
        "slowdown": (0.875, 0.75, 0.625, 0.5),
        "tempo_up": (1.25, 1.5, 1.75, 2),
        "tempo_down": (0.875, 0.75, 0.625, 0.5),
        "pitch_up": (3, 6, 9, 12),
        "pitch_down": (-3, -6, -9, -12),
        "resample": (0.75, 0.5, 0.25, 0.125),
        "lowpass": (4000, 2833, 1666, 500),
        "highpass": (500, 1333, 2166, 3000),
        "treble": (10, 23, 36, 50),
        "bass": (20, 30, 40, 50),
    }
    for name, row in table.items():
        assert levels("srb", name) == row
    factors = [10 ** (gain / 20) for gain in levels("srb", "gain")]
    assert factors == pytest.approx([10, 20, 30, 40], rel=1e-3)


@pytest.mark.parametrize("task", ["la", "df"])
def test_conditions_of_asvspoof(task):
    conditions = load_suite(f"asvspoof2021-{task}").conditions
    numbers = range(1, len(conditions) + 1)
    assert [each.name.split("-")[0] for each in conditions] == [f"C{number}" for number in numbers]
    assert len(conditions) == {"la": 7, "df": 9}[task]
    clips = speech_like(2, 0.8)
    heard = [each.corruption.apply(clips, RATE, 1, keys(2)).waveform for each in conditions]
    assert torch.equal(heard[0], clips)
    apart = [float((one - other).abs().max()) for one in heard for other in heard]
    assert sum(each < 1e-6 for each in apart) == len(conditions)
    narrow = [number for number, each in enumerate(heard, 1) if above(each, 4100) < 1e-4]
    assert narrow == ([2, 3, 5, 6] if task == "la" else [])


def above(clips, hertz):
    """Share of the energy above a frequency."""
    power = torch.fft.rfft(clips).abs().square().sum(0)
    return float(power[round(hertz * clips.shape[1] / RATE) :].sum() / power.sum())


@pytest.mark.parametrize("suite", ["telephony", "social-media", "shortcuts", "asvspoof2021-df"])
def test_chains_keep_the_promises_of_corruptions(suite):
    chains = [
        condition.corruption
        for condition in load_suite(suite).conditions
        if isinstance(condition.corruption, Chain) and condition.corruption.steps
    ]
    assert chains
    for chain in chains:
        check_corruption(chain, speech_like(2, 0.6))


def test_a_condition_takes_severities_that_there_are():
    mp3 = load_corruption("mp3")
    assert Condition("few", mp3, (5, 1)).severities == (5, 1)
    for wrong in ((), (0,), (6,), (1, 1)):
        with pytest.raises(CorruptionError, match="one or more of 1, 2, 3, 4, 5"):
            Condition("none", mp3, wrong)


def test_a_suite_has_conditions_of_different_names():
    one = Condition("mp3", load_corruption("mp3"), (1,))
    with pytest.raises(CorruptionError, match="two conditions named 'mp3'"):
        Suite("twice", "Twice.", (one, one))
    with pytest.raises(CorruptionError, match="no condition"):
        Suite("empty", "Empty.", ())


def test_what_is_not_registered_cannot_be_written():
    class Mine(type(load_corruption("mp3"))):
        name = "mine"

    with pytest.raises(CorruptionError, match="'mine' is not registered"):
        as_yaml(Suite("own", "Own.", (Condition("own", Mine(), (1,)),)))
