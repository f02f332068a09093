"""Sweeps and batches of explanations as processes of their own: start, watch, cancel, go on.

The parts are imported where they are needed, so that the process that does a job begins at once.
"""
