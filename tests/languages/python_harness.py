"""Runs an interpreter as the server does, in this process: one image after `prepare`, one after `initialize` for each
function, and a copy of that for each request."""

import ctypes
import struct
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import wasmtime

PAGE = 4096
WASM_PAGE = 65536


@dataclass
class Answer:
    status: int
    headers: list
    body: bytes
    log: str = ""
    dirty: int = 0  # pages of 4 KiB that the request changed

    def header(self, name):
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def text(self):
        return self.body.decode()


class Refused(Exception):
    """`initialize` has ended with a code; the text is what it wrote to standard error."""


class Failed(Exception):
    """`serve` has trapped or ended with a code after it had begun to answer; the text is the log."""


def string(text):
    data = text if isinstance(text, bytes) else text.encode()
    return struct.pack("<I", len(data)) + data


def request_frame(method="GET", url="http://localhost/f", headers=(), body=b"", client="127.0.0.1", function="f"):
    head = b"".join(string(each) for each in (method, url, client, function))
    for name, value in headers:
        head += string(name.encode("latin-1")) + string(value.encode("latin-1"))
    return string(head) + (body if isinstance(body, bytes) else body.encode())


def parse_answer(data):
    if len(data) < 8:
        raise Failed(f"no response: {data!r}")
    size, status = struct.unpack_from("<II", data)
    end, at, strings = 4 + size, 8, []
    while at < end:
        (length,) = struct.unpack_from("<I", data, at)
        strings.append(data[at + 4 : at + 4 + length].decode("latin-1"))
        at += 4 + length
    return Answer(status, list(zip(strings[::2], strings[1::2])), data[end:])


@dataclass
class World:
    """What a call sees: files, arguments, variables, and the network as a function from a request to (code, status, headers, body)."""

    folder: str
    argv: tuple = ()
    env: dict = field(default_factory=dict)
    stdin: bytes = b""
    network: object = None


class Instance:
    def __init__(self, interpreter, image, world):
        self.interpreter = interpreter
        self.world = world
        self.scratch = tempfile.TemporaryDirectory()
        self.store = wasmtime.Store(interpreter.engine)
        self._wasi()
        linker = wasmtime.Linker(interpreter.engine)
        linker.define_wasi()
        _define_http(linker, self.store, world)
        self.instance = linker.instantiate(self.store, interpreter.module)
        self.memory = self.instance.exports(self.store)["memory"]
        if image is None:
            self.call("_initialize", missing_ok=True)
        else:
            self.memory.grow(self.store, (len(image) - self.memory.data_len(self.store)) // WASM_PAGE)
            ctypes.memmove(self._address(), image, len(image))

    def _wasi(self):
        wasi = wasmtime.WasiConfig()
        wasi.argv = self.world.argv
        wasi.env = list(self.world.env.items())
        wasi.preopen_dir(self.world.folder, "/", fs_mutable=False)
        for name, data in (("in", self.world.stdin), ("out", b""), ("log", b"")):
            self.path(name).write_bytes(data)
        wasi.stdin_file = str(self.path("in"))
        wasi.stdout_file = str(self.path("out"))
        wasi.stderr_file = str(self.path("log"))
        self.store.set_wasi(wasi)

    def path(self, name):
        return Path(self.scratch.name, name)

    def _address(self):
        return ctypes.addressof(self.memory.data_ptr(self.store).contents)

    def call(self, name, missing_ok=False):
        function = self.instance.exports(self.store).get(name)
        if function is None and missing_ok:
            return
        function(self.store)

    def image(self):
        return ctypes.string_at(self._address(), self.memory.data_len(self.store))

    def log(self):
        return self.path("log").read_text(errors="replace")


class Interpreter:
    """A module with `initialize` and `serve`, and its memory after `prepare`."""

    def __init__(self, path, fuel_free_stack=1536 << 10):
        config = wasmtime.Config()
        config.max_wasm_stack = fuel_free_stack  # as the server has it
        config.cache = True
        self.engine = wasmtime.Engine(config)
        self.module = wasmtime.Module.from_file(self.engine, str(path))
        with tempfile.TemporaryDirectory() as empty:
            instance = Instance(self, None, World(empty))
            try:
                instance.call("prepare", missing_ok=True)
            except wasmtime.WasmtimeError as error:
                raise Failed(instance.log()) from error
            self.base = instance.image()

    def load(self, folder, file="main.py", name="f", network=None):
        """The function whose files are in a folder. Refused when it does not load."""
        return Function(self, World(str(folder), (name, f"/{file}"), network=network))


class Function:
    def __init__(self, interpreter, world):
        self.interpreter = interpreter
        self.world = world
        instance = Instance(interpreter, interpreter.base, world)
        try:
            instance.call("initialize")
        except wasmtime.ExitTrap as error:
            raise Refused(instance.log()) from error
        except wasmtime.WasmtimeError as error:
            raise Failed(f"{error}\n{instance.log()}") from error
        self.log = instance.log()
        self.image = instance.image()

    def serve(self, times=1, env=None, **request):
        """The answer to a request in a fresh copy; with `times` that of the last of some in one."""
        world = World(self.world.folder, self.world.argv, env or {}, request_frame(**request), self.world.network)
        instance = Instance(self.interpreter, self.image, world)
        for _ in range(times):
            instance._wasi()
            try:
                instance.call("serve")
            except wasmtime.WasmtimeError as error:
                raise Failed(f"{instance.path('out').read_bytes()!r}\n{error}\n{instance.log()}") from error
        answer = parse_answer(instance.path("out").read_bytes())
        answer.log = instance.log()
        answer.dirty = changed_pages(self.image, instance.image())
        return answer


def changed_pages(before, after):
    before = before.ljust(len(after), b"\0")
    return sum(before[at : at + PAGE] != after[at : at + PAGE] for at in range(0, len(after), PAGE))


def _define_http(linker, store, world):
    """The module wasi_experimental_http, answered by `world.network`."""
    i32 = wasmtime.ValType.i32()
    open_responses = {}

    def memory(caller):
        return caller.get("memory")

    def text(caller, at, size):
        return bytes(memory(caller).read(caller, at, at + size)).decode()

    def put(caller, at, data):
        memory(caller).write(caller, data, at)

    def req(caller, url, url_size, method, method_size, headers, headers_size, body, body_size, status_at, handle_at):
        lines = text(caller, headers, headers_size).splitlines()
        fields = dict(line.split(":", 1) for line in lines)
        content = bytes(memory(caller).read(caller, body, body + body_size))
        code, status, answer_headers, answer_body = world.network(
            text(caller, method, method_size), text(caller, url, url_size), fields, content
        )
        if code == 0:
            handle = len(open_responses) + 1
            open_responses[handle] = [answer_headers, answer_body]
            put(caller, status_at, struct.pack("<H", status))
            put(caller, handle_at, struct.pack("<I", handle))
        return code

    def give(caller, data, at, room, size_at):
        if len(data) > room:
            return 4
        put(caller, at, data)
        put(caller, size_at, struct.pack("<I", len(data)))
        return 0

    def headers_get_all(caller, handle, at, room, size_at):
        lines = "".join(f"{name}:{value}\r\n" for name, value in open_responses[handle][0].items())
        return give(caller, lines.encode(), at, room, size_at)

    def body_read(caller, handle, at, room, size_at):
        body = open_responses[handle][1]
        part, open_responses[handle][1] = body[:room], body[room:]
        return give(caller, part, at, room, size_at)

    def close(caller, handle):
        return 0 if open_responses.pop(handle, None) else 1

    for name, function, parameters in (
        ("req", req, 10),
        ("headers_get_all", headers_get_all, 4),
        ("body_read", body_read, 4),
        ("close", close, 1),
    ):
        kind = wasmtime.FuncType([i32] * parameters, [i32])
        linker.define_func("wasi_experimental_http", name, kind, function, access_caller=True)
