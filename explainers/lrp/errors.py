"""What relevance by operation refuses to do."""

from explainers.errors import ExplanationError


class UnknownOperation(ExplanationError):  # noqa: N818 - named as people speak of it
    """An operation on the relevance path has no rule, so no relevance can be given past it."""
