"""What goes wrong with runs that are started for somebody."""

from perturbations.errors import UserError


class JobError(UserError):
    """A run cannot be started, stopped or gone on with."""
