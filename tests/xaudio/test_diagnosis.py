import shutil
import types
from pathlib import Path

import pytest

from xaudio import diagnosis
from xaudio.diagnosis import (
    OUR_PACKAGES,
    codec_fault,
    codec_names,
    diagnose,
    packages_in_the_way,
)


def test_codecs_are_tried_not_looked_up(monkeypatch):
    assert {"mp3", "opus", "aac", "g722", "gsm"} <= set(codec_names())
    assert codec_fault("gsm") is None
    monkeypatch.setattr("soundfile.write", broken)
    monkeypatch.setattr("soundfile.SoundFile", broken)
    assert "no such subtype" in codec_fault("gsm")


def broken(*arguments, **settings):
    raise RuntimeError("no such subtype")


def test_our_own_packages_are_not_in_the_way():
    assert packages_in_the_way() == {}


@pytest.mark.parametrize("name", OUR_PACKAGES)
def test_another_distribution_of_the_same_name_is_found(monkeypatch, name):
    monkeypatch.setattr(diagnosis, "packages_distributions", lambda: {name: ["xaudio", "other"]})
    assert packages_in_the_way() == {name: "also installed by other"}


def test_a_folder_that_is_imported_instead_of_ours_is_found(monkeypatch, tmp_path):
    stranger = tmp_path / "dashboards"

    def find(name: str) -> types.SimpleNamespace:
        ours = Path(diagnosis.__file__).parents[1] / name
        folder = stranger if name == "dashboards" else ours
        return types.SimpleNamespace(submodule_search_locations=[str(folder)])

    monkeypatch.setattr(diagnosis, "find_spec", find)
    assert list(packages_in_the_way()) == ["dashboards"]
    assert str(stranger) in packages_in_the_way()["dashboards"]


def test_a_missing_synthesiser_is_named_with_what_it_costs(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    missing = {finding.name: finding for finding in diagnose() if not finding.good}
    assert "espeak-ng" in missing
    assert "espeak-ng" in missing["espeak-ng"].cost


def test_what_is_good_costs_nothing():
    for finding in diagnose():
        assert bool(finding.cost) != finding.good


def test_a_missing_extra_is_named_with_what_it_costs(monkeypatch):
    monkeypatch.setattr(diagnosis, "find_spec", lambda name: None)
    ray = next(finding for finding in diagnosis._optional_packages() if finding.name == "ray")
    assert not ray.good
    assert "xaudio[ray]" in ray.cost
