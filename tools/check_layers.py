"""Fails when a folder of src/ includes a folder it may not, or Wasmtime is seen outside src/sandbox/.

The order is that of src/CMakeLists.txt: a folder may include only folders above it.
"""

import pathlib
import re
import sys

SRC = pathlib.Path(__file__).resolve().parent.parent / "src"


def main() -> int:
    order = re.findall(r"^add_subdirectory\((\w+)\)", (SRC / "CMakeLists.txt").read_text(), re.M)
    rank = {folder: i for i, folder in enumerate(order)}
    unlisted = {p.name for p in SRC.iterdir() if p.is_dir()} - rank.keys()
    errors = [f"src/{folder} is not listed in src/CMakeLists.txt" for folder in sorted(unlisted)]

    for path in sorted(SRC.glob("*/**/*.*")):
        if path.suffix not in (".h", ".cc"):
            continue
        folder = path.relative_to(SRC).parts[0]
        for line, text in enumerate(path.read_text().splitlines(), 1):
            where = f"{path.relative_to(SRC.parent)}:{line}"
            ours = re.match(r'#include "([a-z_]+)/', text)
            if ours and rank.get(ours[1], len(rank)) > rank[folder]:
                errors.append(f"{where}: {folder} may not include {ours[1]}, which comes after it")
            if re.match(r"#include <(wasm|wasmtime|mayfly_engine)", text) and folder != "sandbox":
                errors.append(f"{where}: only src/sandbox may see the engine")
    print("\n".join(errors), end="\n" if errors else "")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
