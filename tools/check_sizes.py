"""Fails when a source file is longer than 500 lines: split it by stage."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIMIT = 500


def main() -> int:
    files = [p for pattern in ("src/**/*.cc", "src/**/*.h", "engine/src/**/*.rs") for p in ROOT.glob(pattern)]
    long = [(p, n) for p in files if (n := len(p.read_text().splitlines())) > LIMIT]
    for path, lines in long:
        print(f"{path.relative_to(ROOT)}: {lines} lines, over {LIMIT}")
    return 1 if long else 0


if __name__ == "__main__":
    sys.exit(main())
