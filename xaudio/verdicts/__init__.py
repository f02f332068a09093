"""Verdicts: a calibrated answer about a recording, or none where nothing was validated.

```
calibration = calibrate(manifest, classifier)
calibration.save("calibration.json")
verdict = judge(read_clip("voice.ogg"), classifier, load_calibration("calibration.json"))
print(statement(verdict, calibration))
"""

from xaudio.verdicts.calibrate import calibrate
from xaudio.verdicts.calibration import Calibration, load_calibration
from xaudio.verdicts.conditions import Conditions, measure_conditions
from xaudio.verdicts.rule import LeastCost, WantedFalseAcceptance
from xaudio.verdicts.validation import outcomes, validate
from xaudio.verdicts.verdict import Verdict, judge
from xaudio.verdicts.wording import statement

__all__ = [
    "Calibration",
    "Conditions",
    "LeastCost",
    "Verdict",
    "WantedFalseAcceptance",
    "calibrate",
    "judge",
    "load_calibration",
    "measure_conditions",
    "outcomes",
    "statement",
    "validate",
]
