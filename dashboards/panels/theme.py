"""Colours for the page as the browser shows it."""

import streamlit as st

from xaudio.reports.elements import DARK, LIGHT, Theme


def theme() -> Theme:
    """Dark or light, as the visitor has it."""
    return DARK if st.context.theme.type == "dark" else LIGHT
