"""Make the pictures of the README from a finished demonstration: `make pictures`."""

import argparse
from pathlib import Path

from xaudio.audio import read_clip
from xaudio.classifiers import load_classifier
from xaudio.datasets.manifest import load_manifest
from xaudio.explaining import explain_clip, load_method
from xaudio.reports.elements import Stretch

PICTURES = Path(__file__).parent / "pictures"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("demo", type=Path, nargs="?", default=Path("demo"))
    parser.add_argument("--clip", help="Which hybrid; the one scored most surely if absent.")
    arguments = parser.parse_args()
    manifest = load_manifest(arguments.demo / "corpus" / "manifest.parquet")
    hybrids = [row for row in manifest if row.segments]
    if arguments.clip:
        hybrids = [row for row in hybrids if row.clip == arguments.clip]
    classifier = load_classifier("lcnn")
    scores = [float(classifier.score(read_clip(row.path).waveform).detach()) for row in hybrids]
    row = hybrids[scores.index(min(scores))]
    explained = explain_clip(read_clip(row.path), classifier, load_method("lrp-stft", {}))
    stretches = [Stretch(start, end, "synthetic") for start, end in row.segments]
    PICTURES.mkdir(exist_ok=True)
    (PICTURES / "hybrid.png").write_bytes(explained.picture(stretches=stretches))
    print(f"{PICTURES / 'hybrid.png'}: {row.clip}")


if __name__ == "__main__":
    main()
