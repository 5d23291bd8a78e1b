"""Compiles modules of Python into what CPython imports from its own memory.

    freeze.py OUT_FOLDER FOLDER...

Writes library.bin, the marshalled code of all modules that are below the folders, and library.c, the table of them. Run by
the Python whose bytecode it shall be. Docstrings and asserts stay behind.
"""

import marshal
import sys
from pathlib import Path

# No use without threads, processes, a terminal, shared libraries or a disk to install things to; or tests.
WITHOUT = {
    "__phello__", "antigravity", "curses", "ctypes", "dbm", "distutils", "ensurepip", "idlelib", "lib2to3", "msilib",
    "pydoc_data", "site-packages", "sqlite3", "test", "tests", "this", "tkinter", "turtle", "turtledemo", "venv",
}  # fmt: skip
# CPython has these in a faster form already.
FROZEN = {
    "__hello__", "_collections_abc", "_sitebuiltins", "abc", "codecs", "genericpath", "importlib._bootstrap",
    "importlib._bootstrap_external", "importlib.machinery", "importlib.util", "io", "ntpath", "os", "posixpath", "runpy",
    "site", "stat", "zipimport",
}  # fmt: skip


def modules(folder):
    """(name, is it a package, path) of everything below a folder, in order."""
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if package else parts)
        if WITHOUT.isdisjoint(parts) and name not in FROZEN:
            yield name, package, path


def main(out, *folders):
    library = bytearray()
    rows = []
    for folder in folders:
        for name, package, path in modules(Path(folder)):
            code = marshal.dumps(compile(path.read_bytes(), f"<frozen {name}>", "exec", dont_inherit=True, optimize=2))
            rows.append(f'  {{"{name}", library + {len(library)}, {len(code)}, {str(package).lower()}, NULL}},')
            library += code
    Path(out, "library.bin").write_bytes(library)
    Path(out, "library.c").write_text(
        "#include <Python.h>\n\n"
        'static const unsigned char library[] = {\n#embed "library.bin"\n};\n\n'
        "const struct _frozen mayfly_library[] = {\n" + "\n".join(rows) + "\n  {NULL, NULL, 0, false, NULL},\n};\n"
    )
    print(f"{len(rows)} modules, {len(library)} bytes", file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
