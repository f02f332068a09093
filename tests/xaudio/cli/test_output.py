import json
from types import SimpleNamespace

import pytest

from perturbations.errors import UserError
from xaudio.cli.output import folder_names, parse_settings, print_json, print_table


def test_json_has_no_word_for_nan(capsys):
    print_json({"a": float("nan"), "b": [float("inf"), 1.5, "ü"]})
    written = capsys.readouterr().out
    assert json.loads(written) == {"a": None, "b": [None, 1.5, "ü"]}


def test_settings_are_numbers_where_they_can_be():
    given = ["steps=8", "window=0.2", "fill=zeros", "noise-level=1e-3", "layer=a=b", "on=true"]
    assert parse_settings(given) == {
        "steps": 8,
        "window": 0.2,
        "fill": "zeros",
        "noise_level": 0.001,
        "layer": "a=b",
        "on": True,
    }


@pytest.mark.parametrize("given", ["steps", "=3", ""])
def test_a_setting_without_name_or_value_is_refused(given):
    with pytest.raises(UserError, match="name=value"):
        parse_settings([given])


def test_names_shared_by_two_clips_are_told_apart():
    clips = [SimpleNamespace(name="a.wav", digest=letter * 64) for letter in "xy"]
    assert folder_names([*clips, SimpleNamespace(name="b.wav", digest="z")]) == [
        "a-xxxxxxxx",
        "a-yyyyyyyy",
        "b",
    ]


def test_markup_in_a_cell_is_text(capsys):
    print_table(["clip"], [["[red]a.wav[/red]"]])
    assert "[red]a.wav[/red]" in capsys.readouterr().out


def test_a_setting_that_is_text_stays_as_typed():
    defaults = {"layer": "", "window": 0.1}
    found = parse_settings(["layer=03", "window=3"], defaults)
    assert found == {"layer": "03", "window": 3}
    assert parse_settings(["layer=true"], defaults) == {"layer": "true"}
