import os
import subprocess
import sys
import tempfile

from dashboards.evaluation import temporary


def test_folders_of_dead_processes_are_removed_and_no_others(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    names = [f"xaudio-pages-{dead.pid}-a", f"xaudio-pages-{os.getpid()}-b", "xaudio-pages-x", "c"]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "clip.wav").write_text("x")
    made = temporary.temporary_folder()
    assert made.parent == tmp_path and made.stat().st_mode & 0o777 == 0o700
    assert sorted(folder.name for folder in tmp_path.iterdir()) == sorted([*names[1:], made.name])
