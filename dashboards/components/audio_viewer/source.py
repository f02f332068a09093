"""The viewer's own JavaScript and style, as Streamlit takes them: one text each.

The scripts are small modules that import from one another. Streamlit loads a component's script as
one module, so they are joined here, each in a scope of its own; no build step is needed. Comments
and indentation stay behind: the text travels with every message to the browser.
"""

import re
from functools import cache
from pathlib import Path

SCRIPTS = Path(__file__).parent / "scripts"
MAIN = "main.js"
IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./([a-z_]+)\.js";\n', re.MULTILINE)
EXPORT = re.compile(r"^export ((?:async )?(?:function|const|class) (\w+))", re.MULTILINE)
COMMENT = re.compile(r"^ *(?://[^\n]*|/\*\*.*?\*/)\n", re.MULTILINE | re.DOTALL)
INDENTATION = re.compile(r"^ +", re.MULTILINE)


@cache
def script() -> str:
    """All modules as one, the entry last."""
    *needed, main = modules()
    joined = "\n".join([*map(_in_own_scope, needed), _with_imports(main)])
    return INDENTATION.sub("", COMMENT.sub("", joined))


@cache
def style() -> str:
    """The style sheet."""
    return (SCRIPTS / "viewer.css").read_text(encoding="utf-8")


def modules() -> tuple[str, ...]:
    """Names of all modules, each after those it imports from; the last is the entry."""
    return tuple(_with_needed(MAIN, {}))


def _with_needed(name: str, found: dict[str, None]) -> dict[str, None]:
    """What was found already, then what this module needs, then itself."""
    for _, needed in IMPORT.findall(_text(name)):
        if f"{needed}.js" not in found:
            _with_needed(f"{needed}.js", found)
    found[name] = None
    return found


def _in_own_scope(name: str) -> str:
    """A module as an object of what it exports."""
    exported = ", ".join(named for _, named in EXPORT.findall(_text(name)))
    body = EXPORT.sub(r"\1", _with_imports(name))
    return f"const module_{Path(name).stem} = (() => {{\n{body}\nreturn {{ {exported} }};\n}})();"


def _with_imports(name: str) -> str:
    """A module that takes what it imports from the objects of those before it."""
    return IMPORT.sub(r"const \1 = module_\2;\n", _text(name))


def _text(name: str) -> str:
    return (SCRIPTS / name).read_text(encoding="utf-8")
