"""Corruptions from and for other packages.

`from_audiomentations` makes any transform of audiomentations a corruption, `to_audiomentations` any
corruption a transform, `to_torch` any corruption a module to train with. Each is imported by its
own name, since the packages they are for take a while to load.
"""
