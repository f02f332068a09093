"""Case records: all that a decision and its explanation were made from, and making them again.

record = write_case(Case(explained, original=data), "case.zip")
found = reproduce("case.zip")
found.same, [each.sentence for each in found.differences]
"""

from xaudio.records.case import Case
from xaudio.records.gathering import case_record
from xaudio.records.given import Given
from xaudio.records.record import CaseRecord, read_record
from xaudio.records.reproducing import reproduce
from xaudio.records.reproduction import Comparison, Reproduction
from xaudio.records.writing import case_zip, write_case

__all__ = [
    "Case",
    "CaseRecord",
    "Comparison",
    "Given",
    "Reproduction",
    "case_record",
    "case_zip",
    "read_record",
    "reproduce",
    "write_case",
]
