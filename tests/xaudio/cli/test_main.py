import json
import signal
import subprocess
import sys
import types
from pathlib import Path

import pytest
import typer

from perturbations.errors import UserError
from xaudio.cli.main import COMMANDS, run

ROOT = str(Path(__file__).parents[3])
ENVIRONMENT = {"PYTHONPATH": ROOT, "OMP_NUM_THREADS": "1", "PATH": ""}


@pytest.fixture
def command(monkeypatch):
    """Put a function in the place of the command 'doctor'."""

    def stand_in(function):
        app = typer.Typer()
        app.command()(function)
        monkeypatch.setitem(sys.modules, "xaudio.cli.doctor", types.SimpleNamespace(app=app))

    return stand_in


def test_help_names_every_command_and_imports_nothing_heavy():
    code = (
        "import sys\nfrom xaudio.cli.main import run\nrun(['--help'])\n"
        "heavy = {'torch', 'numpy', 'scipy', 'librosa', 'matplotlib', 'pyarrow', 'soundfile'}\n"
        "print(heavy & set(sys.modules))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=ENVIRONMENT
    ).stdout
    assert all(name in shown for name in COMMANDS)
    assert shown.splitlines()[-1] == "set()"


def test_importing_xaudio_imports_nothing_heavy():
    code = "import sys, xaudio; dir(xaudio); print({'torch', 'numpy'} & set(sys.modules))"
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=ENVIRONMENT
    ).stdout
    assert shown.strip() == "set()"


def test_no_arguments_show_the_help(capsys):
    assert run([]) == 0
    assert "explain" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["doctor", "--nonsense"],
        ["explain"],
        ["corrupt", "a.wav"],
        ["dashboard", "--port", "x"],
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(capsys, arguments):
    assert run(arguments) == 2
    written = capsys.readouterr()
    assert written.err.startswith("Error: ")
    assert written.err.count("\n") == 1
    assert written.out == ""


def test_wrong_usage_in_json_is_one_document(capsys):
    assert run(["doctor", "--nonsense", "--json"]) == 2
    assert "--nonsense" in json.loads(capsys.readouterr().out)["error"]


def test_a_users_error_is_its_own_sentence(capsys, command):
    def fail() -> None:
        raise UserError("This was given;\n   that was expected.")

    command(fail)
    assert run(["doctor"]) == 2
    assert capsys.readouterr().err == "Error: This was given; that was expected.\n"


def test_a_fault_of_ours_is_not_passed_off_as_the_users(command):
    def fail() -> None:
        raise RuntimeError("a bug")

    command(fail)
    with pytest.raises(RuntimeError):
        run(["doctor"])


def test_a_place_that_cannot_be_written_is_one_line(capsys, command, tmp_path):
    def fail() -> None:
        (tmp_path / "no" / "such" / "folder").write_text("")

    command(fail)
    assert run(["doctor"]) == 2
    assert "such" in capsys.readouterr().err


def test_an_exit_code_is_handed_on(command):
    def leave() -> None:
        raise typer.Exit(7)

    command(leave)
    assert run(["doctor"]) == 7


def test_control_c_exits_130_without_a_traceback(tmp_path):
    code = (
        "import sys, types, typer\n"
        "from xaudio.cli import main\n"
        "app = typer.Typer()\n"
        "@app.command()\n"
        "def wait():\n"
        "    import time\n"
        "    print('waiting', flush=True)\n"
        "    time.sleep(60)\n"
        "sys.modules['xaudio.cli.doctor'] = types.SimpleNamespace(app=app)\n"
        "sys.argv = ['xaudio', 'doctor']\n"
        "main.main()\n"
    )
    waiting = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )
    assert waiting.stdout.readline() == "waiting\n"
    waiting.send_signal(signal.SIGINT)
    _, errors = waiting.communicate(timeout=30)
    assert waiting.returncode == 130
    assert "Traceback" not in errors


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_json(capsys, name):
    assert run([name, "--help"]) == 0
    shown = capsys.readouterr().out
    assert "--json" in shown or "Commands" in shown
