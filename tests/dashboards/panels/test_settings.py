"""A method's settings as a page offers them."""

from dataclasses import fields

import pytest

from dashboards.panels.choose.settings import LEFT_OUT, Setting, settings_of
from explainers.explainer import explainers


@pytest.mark.parametrize("method", explainers.names())
def test_every_setting_a_page_may_change_is_offered_with_its_default_and_meaning(method):
    offered = {setting.name: setting for setting in settings_of(method)}
    assert set(offered) == {field.name for field in fields(explainers.get(method))} - LEFT_OUT
    for field in fields(explainers.get(method)):
        if field.name not in LEFT_OUT:
            setting = offered[field.name]
            assert setting.default == field.default and setting.told
            assert not setting.options or setting.default in setting.options


@pytest.mark.parametrize("method", explainers.names())
def test_every_option_is_one_the_method_takes(method):
    for setting in settings_of(method):
        for option in setting.options:
            explainers.get(method)(**{setting.name: option})


def test_no_setting_can_name_a_file():
    names = {setting.name for method in explainers.names() for setting in settings_of(method)}
    assert "alignment" not in names
    for method in explainers.names():
        for setting in settings_of(method):
            if setting.name == "segments":
                assert setting.read("words:/etc/passwd") is None
                assert setting.read("masks:/etc/passwd") is None


@pytest.mark.parametrize(
    ("default", "text", "value"),
    [
        (32, "64", 64),
        (32, "6.5", None),
        (32, "true", None),
        (0.1, "1", 1.0),
        (0.1, "NaNs", None),
        (False, "true", True),
        (False, "1", None),
        ("a", "anything", "anything"),
    ],
)
def test_an_address_is_read_by_the_kind_of_the_default(default, text, value):
    found = Setting("name", default, (), "").read(text)
    assert found == value and type(found) is type(value)
