"""``python -m xaudio``: the command line, for when its script is not on the path."""

from xaudio.cli.main import main

main()
