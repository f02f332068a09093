"""A page that waits: for tests, with `GATE` in the way of its answer."""

import threading

import streamlit as st

from dashboards.evaluation import page_begins, this_session
from dashboards.panels.waiting import answer_or_progress, answered, ask_again
from xaudio.errors import AudioError

GATES: dict[str, threading.Event] = {}


def page() -> None:
    page_begins()
    name = st.query_params.get("ask", "at once")
    st.caption(this_session().id)
    if st.button("Explain"):
        ask_again(name)
    if name.startswith("side by side"):
        for each in (f"{name} 1", f"{name} 2"):
            got = answer_or_progress(each, f"Finding {each}", work(each))
            st.markdown(f"{each}: {got}")
        return
    try:
        st.markdown(answered(name, "Explaining", work(name), lambda: st.markdown("meanwhile")))
    except AudioError as error:
        st.error(str(error))


def work(name):
    def do(progress):
        if name == "wrong":
            raise AudioError("'x' is silent.")
        gate = GATES.get(name)
        while gate is not None and not gate.wait(0.01):
            progress(0.25)
        return f"the answer to {name}"

    return do
