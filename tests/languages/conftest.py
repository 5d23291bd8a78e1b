"""What the tests of languages share: wasmtime's Python package, installed once in the user's cache folder, and the
languages that scripts/languages_setup.sh has built."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

WASMTIME = "50.0.1"
HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mayfly"


def make_once(folder, *command, **options):
    """Runs a command that fills a folder, unless that is there; `{}` in it is the folder."""
    if not folder.exists():
        making = folder.with_name(f"{folder.name}.{os.getpid()}")
        making.mkdir(parents=True)
        subprocess.run([word.replace("{}", str(making)) for word in command], check=True, timeout=300, cwd=making, **options)
        making.rename(folder)
    return folder


pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", "{}", f"wasmtime=={WASMTIME}")
sys.path.insert(0, str(make_once(CACHE / f"test-wasmtime-{WASMTIME}", *pip)))


@pytest.fixture(scope="session")
def languages():
    """The folder that has a folder for each language."""
    made = subprocess.run([ROOT / "scripts/languages_setup.sh"], check=True, timeout=600, stdout=subprocess.PIPE, text=True)
    return Path(made.stdout.strip())
