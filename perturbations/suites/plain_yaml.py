"""YAML as far as a suite needs it: plain data, every key once, no references."""

from typing import Any

import yaml

from perturbations.errors import CorruptionError

LARGEST_BYTES = 200_000


class PlainLoader(yaml.SafeLoader):
    """Reads plain data and refuses doubled keys, of which the last would silently win.

    References are refused as well: a few lines of them can stand for gigabytes.
    """

    def compose_node(self, parent: Any, index: Any) -> Any:
        """The next node, if it is no reference to another."""
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise yaml.constructor.ConstructorError(
                None, None, "references (&name, *name) are not for suites", event.start_mark
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        """The mapping, if no key stands in it twice."""
        seen = set()
        for key_node, _ in node.value:
            key = str(self.construct_object(key_node, deep=True))
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"'{key}' is given twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def read_yaml(text: bytes, source: str) -> Any:
    """The data in a YAML text.

    Args:
        text: UTF-8, at most 200 kB.
        source: What it is called in messages.

    Raises:
        CorruptionError: It is no plain YAML; tells the line.
    """
    if len(text) > LARGEST_BYTES:
        raise CorruptionError(
            f"'{source}' has {len(text):,} bytes; a suite has at most {LARGEST_BYTES:,}. Is it the "
            "right file?"
        )
    try:
        return yaml.load(text.decode(), PlainLoader)
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise CorruptionError(
            f"'{source}'{line} is not the YAML of a suite: {fault.problem}."
        ) from (fault)
    except RecursionError as fault:
        raise CorruptionError(f"'{source}' is nested too deeply for a suite.") from fault
    except Exception as fault:  # the parser raises what it likes on a stranger's text
        raise CorruptionError(f"'{source}' cannot be read as YAML: {fault}.") from fault


def write_yaml(document: Any) -> str:
    """`document` as YAML, short lists and mappings on one line each."""
    return yaml.safe_dump(
        document, sort_keys=False, default_flow_style=None, allow_unicode=True, width=100
    )
