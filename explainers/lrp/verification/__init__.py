"""Did I port my model correctly, and can its relevance be trusted?

found = verify(model)
assert found.passed, found.failed
"""

from explainers.lrp.verification.accounts import Balance, Layer, Row, Sink, layers
from explainers.lrp.verification.coverage import OperationMet, short_name
from explainers.lrp.verification.findings import FAILED, PASSED, UNCHECKED, WARNING, Finding
from explainers.lrp.verification.verifying import Verification, verify

__all__ = [
    "FAILED",
    "PASSED",
    "UNCHECKED",
    "WARNING",
    "Balance",
    "Finding",
    "Layer",
    "OperationMet",
    "Row",
    "Sink",
    "Verification",
    "layers",
    "short_name",
    "verify",
]
