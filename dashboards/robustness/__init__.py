"""The panels of the Robustness page."""
