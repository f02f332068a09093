"""The panels of the Run page."""
