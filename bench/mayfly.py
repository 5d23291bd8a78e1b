"""The server under test, on one core with one loop, with a data folder of its own."""

import contextlib
import json
import pathlib
import shutil
import sys
import tempfile
import time

import processes
from wire import Connection

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
GUESTS = ROOT / "tests" / "guests"

RUN = EXAMPLES / "answer/answer.wasm"
WAT_HELLO = EXAMPLES / "hello-wat/hello-wat.wasm"
C_HELLO = EXAMPLES / "hello-c/hello-c.wasm"
GO_HELLO = EXAMPLES / "hello-go/hello-go.wasm"
HTTP_HELLO = GUESTS / "components/http-hello-c.wasm"
EXEC_HELLO = GUESTS / "components/exec-hello-c.wasm"
HTTP3_HELLO = GUESTS / "components/http3-hello.wasm"
COMPILING = 900  # seconds: the largest interpreter, optimised, on a core


class Mayfly(contextlib.AbstractContextManager):
    def __init__(self, options, core, *more, env=None):
        self.binary, self.core, self.threads, self.more, self.env = options.mayfly, core, 1, more, env
        if pathlib.Path(options.interpreters).is_dir():
            self.more += ("--languages", options.interpreters)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mayfly-bench-"))
        self.start()

    def start(self):
        self.port = processes.free_port()
        command = [self.binary, "up", "--listen", f"127.0.0.1:{self.port}", "--data", str(self.folder / "data"),
                   "--log", str(self.folder / "log"), "--threads", str(self.threads), *self.more]
        self.process = processes.Process(command, self.port, self.core, env=self.env)
        self.process.wait_until_listening()

    def restart(self):
        self.process.stop()
        self.start()

    def connect(self):
        return Connection(self.port)

    def deploy(self, functions, query=""):
        """{name: path or bytes of a module or source} goes live."""
        with self.connect() as connection:
            for name, module in functions.items():
                connection.deploy(name, module if isinstance(module, bytes) else module.read_bytes(), query)

    def wait_until_optimised(self, name):
        """Returns when the code of a function, or of its interpreter, is the one that it keeps."""
        started, told = time.monotonic(), False
        with self.connect() as connection:
            while json.loads(connection.get(f"/_mayfly/v1/functions/{name}")[0])["code"] != "optimised":
                if time.monotonic() - started > COMPILING:
                    raise RuntimeError(f"{name} has no optimised code after {COMPILING} s")
                if not told:
                    print(f"waiting for the optimised code of {name}", file=sys.stderr, flush=True)
                    told = True
                time.sleep(0.1)

    def url(self, name=""):
        return f"http://127.0.0.1:{self.port}/{name}"

    def __exit__(self, *_):
        self.process.stop()
        shutil.rmtree(self.folder)
