import pytest

from perturbations.chain import Chain
from perturbations.corruption import corruptions, load_corruption
from perturbations.errors import CorruptionError
from perturbations.suites import load_suite, suite_names
from xaudio.trying import ChosenCorruption, corruptions_on_offer, own_settings, suites_on_offer


def test_every_corruption_and_every_row_of_every_suite_can_be_chosen():
    assert set(corruptions_on_offer()) == set(corruptions.names())
    assert set(suites_on_offer()) == set(suite_names())
    for name in corruptions.names():
        assert ChosenCorruption(name).condition().corruption == load_corruption(name)
    for suite in suite_names():
        rows = {row.name: row for row in load_suite(suite).conditions}
        assert set(corruptions_on_offer(suite)) == set(rows)
        for name, row in rows.items():
            assert ChosenCorruption(name, suite).condition() == row


def test_what_follows_makes_a_chain_in_that_order():
    condition = ChosenCorruption("mp3", then=("echo", "white-noise")).condition()
    assert isinstance(condition.corruption, Chain) and condition.name == "mp3+echo+white-noise"
    assert condition.corruption.step_names() == ("mp3", "echo", "white-noise")
    assert condition.severities == (1, 2, 3, 4, 5)


def test_settings_reach_the_corruption():
    chosen = ChosenCorruption("echo", settings=(("delay_seconds", 0.25),))
    assert chosen.condition().corruption.delay_seconds == 0.25


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        (ChosenCorruption("nothing"), "There is no corruption named 'nothing'"),
        (ChosenCorruption("mp3", "no-suite"), "There is no suite named 'no-suite'"),
        (ChosenCorruption("nothing", "telephony"), "has no condition 'nothing'"),
        (ChosenCorruption("echo", settings=(("delay_seconds", -1.0),)), "must be above 0"),
        (ChosenCorruption("echo", settings=(("nothing", 1),)), "There are: delay_seconds"),
        (ChosenCorruption("gsm", "telephony", then=("echo",)), "has its settings from there"),
        (ChosenCorruption("mp3", then=("nothing",)), "There is no corruption named 'nothing'"),
    ],
)
def test_what_cannot_be_chosen_is_a_sentence(chosen, says):
    with pytest.raises(CorruptionError, match=says):
        chosen.condition()


def test_a_suite_is_named_and_never_a_file(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("summary: x\nconditions: [{corruption: mp3}]\n")
    with pytest.raises(CorruptionError, match="There is no suite named"):
        ChosenCorruption("mp3", str(file)).condition()
    with pytest.raises(CorruptionError, match="There is no suite named"):
        corruptions_on_offer(str(file))


def test_no_setting_that_names_a_file_a_model_or_a_class_can_be_chosen():
    forbidden = {"folder", "weights", "model", "transform", "parameter", "arguments"}
    for name in corruptions.names():
        assert not {setting.name for setting in own_settings(name)} & forbidden
    for name, setting in [
        ("background-noise", "folder"),
        ("impulse-response", "folder"),
        ("encodec", "model"),
        ("neural-codec", "weights"),
        ("audiomentations", "transform"),
    ]:
        with pytest.raises(CorruptionError, match="cannot be chosen here"):
            ChosenCorruption(name, settings=((setting, "/etc"),)).condition()


@pytest.mark.parametrize("name", [name for name in corruptions.names() if own_settings(name)])
def test_every_setting_on_offer_can_be_set_to_what_is_on_offer(name):
    for setting in own_settings(name):
        for value in setting.choices or (setting.default,):
            chosen = ChosenCorruption(name, settings=((setting.name, value),))
            assert getattr(chosen.condition().corruption, setting.name) == value
