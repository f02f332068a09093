"""A visitor without a browser: Streamlit's own messages over its websocket, as a browser's.

A session on a real server, at a hundredth of a browser's cost, so that five fit on two cores. What
a browser does with the messages (our viewer's JavaScript) is not seen; the browser tests see it.
"""

import json
import time
from collections.abc import Iterator
from urllib.parse import urlencode

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import connect

LARGEST = 64 * 2**20  # bytes of a message


class Visitor:
    """One session.

    Attributes:
        elements: What the page shows, by its place on it.
    """

    def __init__(self, address: str, patience: float = 120.0):
        """Connect.

        Args:
            address: Of the dashboard: ``http://localhost:8501/``.
            patience: Seconds after which a page counts as stuck.
        """
        self.elements: dict[tuple[int, ...], tuple[Element, str]] = {}
        self._patience = patience
        self._states: dict[str, WidgetState] = {}
        self._query, self._page = "", ""
        self._timers: dict[str, tuple[float, float]] = {}  # fragment: interval, when it is due
        socket = address.replace("http", "ws", 1).rstrip("/") + "/_stcore/stream"
        self._socket = connect(
            socket, subprotocols=["streamlit"], origin=address.rstrip("/"), max_size=LARGEST
        )

    def close(self) -> None:
        """Leave."""
        self._socket.close()

    def visit(self, page: str = "", **query: str | list[str]) -> None:
        """Open a page of the app by its name in the address, and wait until it is done."""
        self._query, self._page = urlencode(query, doseq=True), page
        self._ask()
        self._wait()

    def press(self, label: str) -> None:
        """Click the button with this label."""
        element, fragment = self._widget("button", label)
        self._ask(WidgetState(id=element.button.id, trigger_value=True), fragment)
        self._wait(fragment)

    def choose(self, label: str, option: str) -> None:
        """Choose in the box with this label."""
        element, fragment = self._widget("selectbox", label)
        assert option in element.selectbox.options, f"{option} not in {element.selectbox.options}"
        self._keep(WidgetState(id=element.selectbox.id, string_value=option), fragment)

    def draw(self, region: tuple[float, float, float, float]) -> None:
        """Draw a region on the viewer: start, end (seconds), low, high (hertz)."""
        element, fragment = next(self._of_kind("bidi_component"))
        data = json.loads(element.bidi_component.json)
        view = {
            "identity": data["identity"],
            "cursor": region[0],
            "visible": [0.0, data["seconds"]],
            "region": list(region),
            "sound": data["sounds"][0]["name"],
            "wanted": None,
        }
        state = WidgetState(id=element.bidi_component.id, json_value=json.dumps({"view": view}))
        self._keep(state, fragment)

    @property
    def options(self) -> dict[str, list[str]]:
        """What can be chosen, by the label of the box."""
        boxes = [element.selectbox for element, _ in self._of_kind("selectbox")]
        return {box.label: list(box.options) for box in boxes}

    @property
    def metrics(self) -> dict[str, str]:
        """The large numbers by their names."""
        return {element.metric.label: element.metric.body for element, _ in self._of_kind("metric")}

    @property
    def headings(self) -> list[str]:
        """The page's headings."""
        return [element.heading.body for element, _ in self._of_kind("heading")]

    @property
    def texts(self) -> list[str]:
        """What is written, headings aside."""
        return [element.markdown.body for element, _ in self._of_kind("markdown")]

    @property
    def errors(self) -> list[str]:
        """What went wrong: errors in words, and exceptions, of which there should be none."""
        said = [element.alert.body for element, _ in self._of_kind("alert") if _is_error(element)]
        raised = [element.exception for element, _ in self._of_kind("exception")]
        return [*said, *(f"{one.type}: {one.message}" for one in raised)]

    @property
    def viewer(self) -> dict:
        """What the viewer was given."""
        element, _ = next(self._of_kind("bidi_component"))
        found: dict = json.loads(element.bidi_component.json)
        return found

    def has(self, label: str) -> bool:
        """Whether there is a button with this label that can be pressed."""
        buttons = [element.button for element, _ in self._of_kind("button")]
        return any(button.label == label and not button.disabled for button in buttons)

    def _of_kind(self, kind: str) -> Iterator[tuple[Element, str]]:
        for place in sorted(self.elements):
            element, fragment = self.elements[place]
            if element.WhichOneof("type") == kind:
                yield element, fragment

    def _widget(self, kind: str, label: str) -> tuple[Element, str]:
        for element, fragment in self._of_kind(kind):
            if getattr(element, kind).label == label:
                return element, fragment
        there = [getattr(element, kind).label for element, _ in self._of_kind(kind)]
        raise AssertionError(f"no {kind} '{label}' among {there}; errors: {self.errors}")

    def _keep(self, state: WidgetState, fragment: str) -> None:
        self._states[state.id] = state
        self._ask(None, fragment)
        self._wait(fragment)

    def _ask(self, pressed: WidgetState | None = None, fragment: str = "", timed: bool = False):
        message = BackMsg()
        asked = message.rerun_script
        asked.query_string, asked.page_name = self._query, self._page
        asked.fragment_id, asked.is_auto_rerun = fragment, timed
        asked.widget_states.widgets.extend(self._states.values())
        if pressed is not None:
            asked.widget_states.widgets.append(pressed)
        self._socket.send(message.SerializeToString())

    def _wait(self, fragment: str = "") -> None:
        """Until what was asked is drawn and nothing on the page is waited for."""
        until, begun, finished = time.monotonic() + self._patience, False, False
        while not finished or self._timers:
            assert time.monotonic() < until, f"stuck: {self.headings} {self.texts[-3:]}"
            due = min((due for _, due in self._timers.values()), default=until)
            try:
                data = self._socket.recv(timeout=max(0.01, due - time.monotonic()))
            except TimeoutError:
                self._ask_what_is_due()
                continue
            message = ForwardMsg.FromString(data)
            kind = message.WhichOneof("type")
            if kind == "new_session":
                # A run that a timer asked for earlier may still come before ours.
                runs = message.metadata.run.fragment_ids
                ours = not runs or fragment in runs
                begun, finished = begun or ours, finished and not ours
            if kind == "script_finished":
                early = message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN
                finished = begun and not early
            else:
                self._take(message)

    def _ask_what_is_due(self) -> None:
        for fragment, (interval, due) in list(self._timers.items()):
            if due <= time.monotonic():
                self._timers[fragment] = (interval, time.monotonic() + interval)
                self._ask(None, fragment, timed=True)

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            fragments = set(message.metadata.run.fragment_ids)
            if not fragments:
                self._timers.clear()
            self.elements = {
                place: (element, fragment)
                for place, (element, fragment) in self.elements.items()
                if fragments and fragment not in fragments
            }
        elif kind == "auto_rerun":
            timer = message.auto_rerun
            self._timers[timer.fragment_id] = (timer.interval, time.monotonic() + timer.interval)
        elif kind == "stop_auto_rerun":
            for fragment in message.stop_auto_rerun.fragment_ids:
                self._timers.pop(fragment, None)
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        elif kind == "delta":
            self._draw(tuple(message.metadata.delta_path), message)

    def _draw(self, place: tuple[int, ...], message: ForwardMsg) -> None:
        for path in [path for path in self.elements if path[: len(place)] == place]:
            del self.elements[path]
        if message.delta.WhichOneof("type") == "new_element":
            element = Element()
            element.CopyFrom(message.delta.new_element)
            self.elements[place] = (element, message.delta.fragment_id)


def _is_error(element: Element) -> bool:
    return element.alert.format == Alert.ERROR
