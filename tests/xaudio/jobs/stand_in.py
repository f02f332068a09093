"""The process of a job with a command that costs nothing: it counts in a file until it is told."""

import sys
import time
from pathlib import Path

from xaudio.cli import job_process, main


def count(words):
    """``count FOLDER``: a number a moment, until there is a file named enough; ``refuse``: no."""
    if words[0] == "refuse":
        print("Error: This was refused. Give something else.", file=sys.stderr)
        return 2
    folder = Path(words[1])
    try:
        while not (folder / "enough").exists():
            counted = folder / "count"
            number = int(counted.read_text()) if counted.exists() else 0
            counted.write_text(str(number + 1))
            time.sleep(0.02)
    except KeyboardInterrupt:
        print("Stopped; what was counted stays.", flush=True)
        return 130
    return 0


if __name__ == "__main__":
    main.run = count
    job_process.main(Path(sys.argv[1]))
