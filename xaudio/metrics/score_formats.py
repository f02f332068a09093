"""How score files and their keys are laid out.

Our columns: `clip`, `speaker` (the claimed one), `score` (the detector's), `asv_score` and
`sasv_score` (a speaker verifier's and the whole system's, higher for the claimed speaker), `label`
(`bonafide` or `spoof`) and `asv_label` (`target`, `nontarget` or `spoof`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

NUMBERS = ("score", "asv_score", "sasv_score")
LABELS = {"label": ("bonafide", "spoof"), "asv_label": ("target", "nontarget", "spoof")}


@dataclass(frozen=True)
class ScoreFormat:
    """The layout of a text file with one line per trial; gzipped where its name ends in .gz.

    Attributes:
        columns: Our name of each column that matters, and the file's for it.
        delimiter: What stands between columns. A tab or a blank stands for any white space when a
            file is read.
        header: The file's names in order where it has no line of names; empty where it has one.
        labels: What the file calls our labels, where it does not call them so itself.
    """

    columns: Mapping[str, str]
    delimiter: str = "\t"
    header: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


_DETECTOR = {"clip": "filename", "score": "cm-score"}
_DETECTOR_KEY = {"clip": "filename", "label": "cm-label"}

ASVSPOOF5_SCORES = ScoreFormat(_DETECTOR)
ASVSPOOF5_KEY = ScoreFormat(_DETECTOR_KEY)
SASV_SCORES = ScoreFormat(
    {"speaker": "spk", **_DETECTOR, "asv_score": "asv-score", "sasv_score": "sasv-score"}
)
SASV_KEY = ScoreFormat({"speaker": "spk", **_DETECTOR_KEY, "asv_label": "asv-label"})
# The tool's own page says 3 for spoofs, the file that comes with it says 0.
FUSION_SCORES = ScoreFormat(
    {"asv_score": "asv_score", "score": "cm_score", "asv_label": "sasv_label"},
    delimiter=",",
    labels={"1.0": "target", "2.0": "nontarget", "0.0": "spoof", "3.0": "spoof"},
)
ASVSPOOF2019_ASV_SCORES = ScoreFormat(
    {"asv_label": "key", "asv_score": "score"}, delimiter=" ", header=("attack", "key", "score")
)
PLAIN_SCORES = ScoreFormat(
    {"clip": "clip", "score": "score"}, delimiter=" ", header=("clip", "score")
)
CSV_SCORES = ScoreFormat({"clip": "clip", "score": "score"}, delimiter=",")
