"""What holds with or without Ray."""

import os
import subprocess
import sys
import tempfile

import pytest

import xaudio.sweeps.ray_session as session
from tests.xaudio.sweeps.small import loudness, small_manifest
from xaudio.errors import SweepError
from xaudio.sweeps import sweep
from xaudio.sweeps.ray_cluster import RayCluster
from xaudio.sweeps.ray_witness import MOST_ATTEMPTS, Witness


def test_without_ray_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(SweepError, match=r"pip install 'xaudio\[ray\]'"):
        sweep(
            small_manifest(tmp_path / "audio"),
            [loudness()],
            [],
            out=tmp_path / "out",
            executor=RayCluster(),
        )


def test_nothing_to_do_needs_no_ray(tmp_path, monkeypatch):
    manifest = small_manifest(tmp_path / "audio")
    sweep(manifest, [loudness()], [], out=tmp_path / "out")
    monkeypatch.setitem(sys.modules, "ray", None)
    sweep(manifest, [loudness()], [], out=tmp_path / "out", executor=RayCluster())


def test_importing_the_executor_does_not_import_ray():
    code = "import sys, xaudio.sweeps.ray_cluster; assert 'ray' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_folders_of_dead_processes_are_cleared_away_and_no_others(tmp_path, monkeypatch):
    monkeypatch.setattr(session, "_place", lambda: tmp_path)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    names = [
        f"xaudio-ray-{dead.pid}-abc",
        f"xaudio-ray-{os.getpid()}-abc",
        "xaudio-ray-1-abc",
        "xaudio-ray-of-somebody",
        "another",
    ]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "spilled").write_text("x")
    session._remove_abandoned()
    assert sorted(folder.name for folder in tmp_path.iterdir()) == sorted(names[1:])


def test_sockets_get_a_short_path(monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", "/var/folders/of/somebody/with/a/long/name")
    assert str(session._place()) == "/tmp"
    monkeypatch.setattr(tempfile, "tempdir", "/scratch")
    assert str(session._place()) == "/scratch"


def test_a_witness_lets_work_be_tried_again_until_it_is_done_or_hopeless():
    witness = Witness()
    assert [witness.wanted("hopeless") for _ in range(4)] == [True] * MOST_ATTEMPTS + [False] * 2
    assert witness.wanted("done")
    witness.finish("done")
    assert not witness.wanted("done")
    assert witness.wanted("other")
