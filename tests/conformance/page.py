"""docs/conformance.md: a section for each suite, written by the runner that ran it."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
SUITE = "[WebAssembly/wasi-testsuite](https://github.com/WebAssembly/wasi-testsuite) (branch `prod/testsuite-base`"


def write(page, title, lines):
    """Puts these lines under `## title`, in the place of those that are there, or at the end."""
    text = page.read_text() if page.exists() else "# WASI conformance\n"
    section = "\n".join([f"## {title}", "", *lines]) + "\n"
    old = re.compile(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    if old.search(text):
        text = old.sub(lambda _: section + "\n", text)
    else:
        text = f"{text}\n{section}"
    page.write_text(text.rstrip() + "\n")


def suite(commit):
    return f"{SUITE}{', ' + commit if commit else ''})"
