"""``xaudio doctor``: is this machine ready, and what does it cost where it is not?"""

from dataclasses import asdict

import typer

from xaudio.cli.output import Json, print_json, print_table

app = typer.Typer(add_completion=False)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Check this machine: versions, devices, codecs, synthesisers, packages in the way."""
    from xaudio.diagnosis import diagnose

    findings = diagnose()
    if as_json:
        print_json([asdict(finding) for finding in findings])
        return
    print_table(
        ["", "", "", "found", "what that costs"],
        [
            [finding.area, finding.name, "✓" if finding.good else "✗", finding.detail, finding.cost]
            for finding in findings
        ],
    )
    gaps = sum(not finding.good for finding in findings)
    typer.echo(f"{gaps} of {len(findings)} missing." if gaps else "Nothing is missing.")
