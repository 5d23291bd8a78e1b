"""What sysconfig knows of how this Python was built: nothing is built against it."""

build_time_vars = {"EXT_SUFFIX": ".wasm", "Py_DEBUG": 0, "Py_ENABLE_SHARED": 0, "TZPATH": "/usr/share/zoneinfo"}
