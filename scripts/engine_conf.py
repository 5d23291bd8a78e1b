"""Fills wasmtime/conf.h.in: engine_conf.py CARGO_TOML CONF_H_IN > conf.h

A feature macro is defined when engine/Cargo.toml turns that feature of wasmtime-c-api-impl on.
"""

import re
import sys

cargo_toml, template = (open(path, encoding="utf-8").read() for path in sys.argv[1:])
c_api = re.search(r'package = "wasmtime-c-api-impl".*?features = \[(.*?)\]', cargo_toml, re.S)
features = {name.upper().replace("-", "_") for name in re.findall(r'"([a-z0-9-]+)"', c_api.group(1))}


def define(match):
    name = match.group(1)
    on = name.removeprefix("WASMTIME_FEATURE_") in features
    return f"#define {name}" if on else f"/* #undef {name} */"


print(re.sub(r"#cmakedefine (\w+)", define, template), end="")
