import re

import numpy as np
import pytest
from matplotlib import colormaps

from dashboards.components.audio_viewer import source


def test_every_module_comes_after_those_it_needs_and_once():
    found = source.modules()
    assert found[-1] == "main.js" and len(set(found)) == len(found)
    assert set(found) == {path.name for path in source.SCRIPTS.glob("*.js")}
    for place, name in enumerate(found):
        needed = source.IMPORT.findall((source.SCRIPTS / name).read_text(encoding="utf-8"))
        assert all(f"{module}.js" in found[:place] for _, module in needed)


def test_what_a_module_imports_is_exported_where_it_says():
    for name in source.modules():
        text = (source.SCRIPTS / name).read_text(encoding="utf-8")
        for names, module in source.IMPORT.findall(text):
            other = (source.SCRIPTS / f"{module}.js").read_text(encoding="utf-8")
            exported = {exported for _, exported in source.EXPORT.findall(other)}
            wanted = {part.strip() for part in names.strip("{}").split(",") if part.strip()}
            assert wanted <= exported, (name, module)
            for one in wanted:  # and used, at least once beside the import
                assert len(re.findall(rf"\b{one}\b", text)) > 1, (name, one)


def test_the_joined_script_is_one_module():
    joined = source.script()
    assert "\nimport " not in joined
    assert re.findall(r"^export .*", joined, re.MULTILINE) == [
        "export default function (component) {"
    ]


def test_files_are_short_and_the_script_is_small():
    for path in source.SCRIPTS.iterdir():
        assert len(path.read_text(encoding="utf-8").splitlines()) < 400
    assert len(source.script().encode()) < 90_000


@pytest.mark.parametrize("name", ["magma", "viridis"])
def test_colours_are_those_of_matplotlib(name):
    text = (source.SCRIPTS / "colours.js").read_text(encoding="utf-8")
    block = text[text.index(f"{name}: stopsOf(") :]
    stops = re.findall(r"[0-9a-f]{6}", "".join(re.findall(r'"([0-9a-f]+)"', block))[: 6 * 33])
    painted = colormaps[name](np.linspace(0, 1, len(stops)), bytes=True)[:, :3]
    assert stops == ["{:02x}{:02x}{:02x}".format(*colour) for colour in painted]
