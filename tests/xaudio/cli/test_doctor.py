import json

from xaudio.cli.main import run


def test_doctor_tells_what_it_looked_at(capsys):
    assert run(["doctor", "--json"]) == 0
    findings = json.loads(capsys.readouterr().out)
    areas = {finding["area"] for finding in findings}
    assert areas == {"versions", "devices", "codecs", "synthesisers", "extras", "packages"}
    assert all(finding["good"] or finding["cost"] for finding in findings)


def test_people_get_a_table(capsys):
    assert run(["doctor"]) == 0
    shown = capsys.readouterr().out
    assert "torch" in shown
    assert "missing." in shown
