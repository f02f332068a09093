"""The real browser that tests look with: Debian's chromium, without a screen."""

from pathlib import Path

import pytest

CHROMIUM = Path("/usr/bin/chromium")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync"]
QUIET += ["--autoplay-policy=no-user-gesture-required"]
PICTURES = Path(__file__).resolve().parents[2] / "artefacts"

IN_A_BROWSER = [
    pytest.mark.skipif(
        not CHROMIUM.is_file(), reason="chromium is missing: sudo apt-get install chromium"
    ),
    pytest.mark.slow,
]
