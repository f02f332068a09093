"""The commands that list what there is."""

import json

import pytest

from xaudio.cli.main import run


def listed(capsys, command: str) -> list[dict]:
    assert run([command, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_methods_come_with_settings_that_work(capsys):
    from explainers.explainer import load_explainer

    rows = {row["name"]: row for row in listed(capsys, "methods")}
    assert {"saliency", "integrated-gradients", "occlusion", "grad-cam"} <= rows.keys()
    assert rows["saliency"]["needs_gradients"]
    assert not rows["occlusion"]["needs_gradients"]
    for row in rows.values():
        assert load_explainer(row["name"], **row["settings"])


def test_models_come_with_a_line_each(capsys):
    rows = {row["name"]: row["summary"] for row in listed(capsys, "models")}
    assert {"lcnn", "aasist", "aasist-l"} <= rows.keys()
    assert all(rows.values())


def test_corruptions_come_with_five_levels(capsys):
    rows = {row["name"]: row for row in listed(capsys, "corruptions")}
    assert {"white-noise", "mp3", "opus", "time-stretch"} <= rows.keys()
    assert all(len(row["levels"]) == 5 for row in rows.values())


def test_settings_are_listed_by_the_names_that_are_typed(capsys):
    from perturbations.corruption import load_corruption

    for row in listed(capsys, "corruptions"):
        given = {name: value for name, value in row["settings"].items() if value is not None}
        assert load_corruption(row["name"], **given).levels == tuple(row["levels"])
    assert run(["corruptions"]) == 0
    assert "folder=\n" in capsys.readouterr().out.replace(" ", "")


def test_parts_are_written_as_they_are_read(capsys):
    from explainers.segmentation import parse_segmenter

    rows = {row["name"]: row for row in listed(capsys, "parts")}
    assert {"windows", "words", "bands", "nmf"} <= rows.keys()
    assert {name for name, row in rows.items() if row["kind"] == "fill"} >= {"zeros", "reversed"}
    assert parse_segmenter("windows:0.2").name == "windows"
    assert all(row["summary"] and row["written"].startswith(name) for name, row in rows.items())


@pytest.mark.parametrize("command", ["methods", "models", "corruptions", "parts"])
def test_people_see_every_name_whole(capsys, command):
    names = [row["name"] for row in listed(capsys, command)]
    assert run([command]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in names)
