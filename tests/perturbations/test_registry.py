import sys
from collections import OrderedDict
from importlib.metadata import EntryPoint, EntryPoints

import pytest

from perturbations import registry
from perturbations.errors import CorruptionError
from perturbations.registry import Registry


def fresh(**changes):
    settings = {"kind": "noise", "group": "tests.noises", "builtin": (), "error": CorruptionError}
    return Registry(**{**settings, **changes})


def test_what_is_registered_is_found_by_name():
    noises = fresh()

    @noises.register("hum")
    class Hum:
        pass

    assert noises.get("hum") is Hum
    assert noises.names() == ("hum",)


def test_an_unknown_name_is_answered_with_the_known_ones_and_the_nearest():
    noises = fresh()
    noises.register("white-noise")(type("White", (), {}))
    noises.register("hum")(type("Hum", (), {}))
    with pytest.raises(CorruptionError, match=r"no noise named 'white-nose'.*mean 'white-noise'"):
        noises.get("white-nose")
    with pytest.raises(CorruptionError, match="There are: hum, white-noise"):
        noises.get("quark")


def test_a_name_taken_twice_is_refused_and_a_module_read_twice_is_not():
    noises = fresh()
    noises.register("hum")(type("Hum", (), {}))
    noises.register("hum")(type("Hum", (), {}))
    with pytest.raises(CorruptionError, match="already a noise named 'hum'"):
        noises.register("hum")(type("Buzz", (), {}))


def test_built_in_modules_are_imported_on_the_first_look_only(tmp_path, monkeypatch):
    (tmp_path / "late_noises.py").write_text("LOADED = True\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    noises = fresh(builtin=("late_noises",))
    assert "late_noises" not in sys.modules
    assert noises.names() == ()
    assert "late_noises" in sys.modules


def test_other_packages_join_by_entry_point_and_do_not_displace_ours(monkeypatch):
    points = EntryPoints(
        [
            EntryPoint("ordered", "collections:OrderedDict", "tests.noises"),
            EntryPoint("hum", "collections:Counter", "tests.noises"),
        ]
    )
    monkeypatch.setattr(registry, "entry_points", lambda group: points.select(group=group))
    noises = fresh()
    ours = noises.register("hum")(type("Hum", (), {}))
    with pytest.warns(UserWarning, match="noise 'hum' of the plug-in 'collections:Counter' is lef"):
        assert noises.names() == ("hum", "ordered")
    assert noises.get("ordered").__name__ == "OrderedDict"
    assert noises.get("hum") is ours


@pytest.mark.parametrize("value", ["no_such_module:Hum", "collections:Hum"])
def test_a_broken_plug_in_is_left_out_with_one_warning(monkeypatch, value):
    points = EntryPoints(
        [
            EntryPoint("broken", value, "tests.noises"),
            EntryPoint("ordered", "collections:OrderedDict", "tests.noises"),
        ]
    )
    monkeypatch.setattr(registry, "entry_points", lambda group: points.select(group=group))
    noises = fresh()
    with pytest.warns(UserWarning, match="'broken'.*cannot be loaded") as warned:
        assert noises.names() == ("ordered",)
        assert noises.get("ordered").__name__ == "OrderedDict"
    assert len(warned) == 1


def test_a_plug_in_that_was_imported_before_is_no_second_one(monkeypatch, recwarn):
    points = EntryPoints([EntryPoint("ordered", "collections:OrderedDict", "tests.noises")] * 2)
    monkeypatch.setattr(registry, "entry_points", lambda group: points.select(group=group))
    noises = fresh()
    noises.register("ordered")(OrderedDict)
    assert noises.get("ordered") is OrderedDict
    assert not recwarn.list
