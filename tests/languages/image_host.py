"""Runs a language's module with an image as the server does (languages/README.md), in wasmtime's Python package: for
tests of the module alone. `Image` is a function after `initialize`; each `serve` starts from its memory, or goes on
from the last request's with reuse=True."""

import ctypes
import os
import struct
import time
from dataclasses import dataclass, field
from pathlib import Path

import wasmtime

PAGE = 4096
EBADF, EINVAL, ENOENT = 8, 28, 44


class Exit(Exception):
    def __init__(self, code):
        super().__init__(f"proc_exit({code})")
        self.code = code


class InitializeFailed(Exception):
    """`initialize` ended with an exit code; `log` is its standard error."""

    def __init__(self, code, log):
        super().__init__(log)
        self.code = code
        self.log = log


@dataclass
class Response:
    status: int
    fields: list = field(default_factory=list)
    body: bytes = b""
    log: str = ""
    writes: list = field(default_factory=list)

    def header(self, name):
        values = [value for key, value in self.fields if key.lower() == name.lower()]
        return ", ".join(values) if values else None

    @property
    def text(self):
        return self.body.decode()


@dataclass
class Upstream:
    """What the outgoing request of a function gets."""

    status: int = 200
    headers: dict = field(default_factory=dict)
    body: bytes = b""
    code: int = 0


class Modules:
    """Compiles a module once for a whole run."""

    config = wasmtime.Config()
    config.max_wasm_stack = 1536 << 10  # the server's
    engine = wasmtime.Engine(config)
    compiled = {}

    @classmethod
    def get(cls, path):
        if path not in cls.compiled:
            cls.compiled[path] = wasmtime.Module.from_file(cls.engine, str(path))
        return cls.compiled[path]


class Image:
    def __init__(self, module, folder, entry="/main.js", name="function", environment=None, upstream=None):
        self.module = Modules.get(module)
        self.folder = Path(folder)
        self.arguments = [name.encode(), entry.encode()]
        self.name = name
        self.environment = dict(environment or {})
        self.upstream = upstream or (lambda url, method, headers, body: Upstream(code=7))
        self.sleeps = []
        self.opened_while_serving = []
        self.serving = False
        self._start()
        self.kept = bytes(self._memory())

    # --- The life of a function ---------------------------------------------------------------------------------

    def _start(self):
        self.files = {}
        self.input, self.output, self.error, self.writes = b"", bytearray(), bytearray(), []
        self.responses = {}
        self.store = wasmtime.Store(Modules.engine)
        linker = wasmtime.Linker(Modules.engine)
        for item in self.module.imports:
            prefix = "_gate_" if item.module == "wasi_experimental_http" else "_"
            linker.define_func(item.module, item.name, item.type, getattr(self, prefix + item.name))
        self.instance = linker.instantiate(self.store, self.module)
        exports = self.instance.exports(self.store)
        self.memory = exports["memory"]
        try:
            for name in ("_initialize", "prepare"):
                if name in exports:
                    exports[name](self.store)
            self.files = {3: self.folder}
            began = time.perf_counter()
            exports["initialize"](self.store)
        except wasmtime.WasmtimeError as error:
            raise InitializeFailed(self._exit_code(error), self.error.decode()) from None
        except Exit as error:
            raise InitializeFailed(error.code, self.error.decode()) from None
        self.initialize_seconds = time.perf_counter() - began
        self.log = self.error.decode()
        self.serve_export = exports["serve"]

    @staticmethod
    def _exit_code(error):
        cause = error.__cause__ or error.__context__
        if isinstance(cause, Exit):
            return cause.code
        raise error

    def _memory(self):
        start = ctypes.addressof(self.memory.data_ptr(self.store).contents)
        return (ctypes.c_ubyte * self.memory.data_len(self.store)).from_address(start)

    def restore(self):
        memory = self._memory()
        ctypes.memmove(memory, self.kept, len(self.kept))
        ctypes.memset(ctypes.addressof(memory) + len(self.kept), 0, len(memory) - len(self.kept))

    def dirty_pages(self):
        memory = bytes(self._memory())
        kept = self.kept.ljust(len(memory), b"\0")
        return [at // PAGE for at in range(0, len(memory), PAGE) if memory[at : at + PAGE] != kept[at : at + PAGE]]

    def serve(self, method="GET", url="http://localhost/", headers=(), body=b"", client="127.0.0.1", reuse=False):
        if not reuse:
            self.restore()
        fields = [method, url, client, self.name]
        for key, value in dict(headers).items() if isinstance(headers, dict) else headers:
            fields += [key, value]
        head = b"".join(struct.pack("<I", len(text.encode())) + text.encode() for text in fields)
        self.input = struct.pack("<I", len(head)) + head + (body.encode() if isinstance(body, str) else body)
        self.output, self.error, self.writes, self.sleeps = bytearray(), bytearray(), [], []
        self.serving = True
        exit_code = None
        try:
            self.serve_export(self.store)
        except Exit as error:
            exit_code = error.code
        except wasmtime.WasmtimeError as error:
            exit_code = self._exit_code(error)
        finally:
            self.serving = False
        response = self._read_response()
        if exit_code is not None:
            response.log += f"[proc_exit({exit_code})]"
            self._start()  # its stack was not unwound
        return response

    def _read_response(self):
        data = bytes(self.output)
        assert len(data) >= 8, f"no response: {self.error.decode()}"
        size = struct.unpack_from("<I", data)[0]
        head, body = data[4 : 4 + size], data[4 + size :]
        status, at, strings = struct.unpack_from("<I", head)[0], 4, []
        while at < len(head):
            length = struct.unpack_from("<I", head, at)[0]
            strings.append(head[at + 4 : at + 4 + length].decode())
            at += 4 + length
        fields = list(zip(strings[::2], strings[1::2], strict=True))
        return Response(status, fields, body, self.error.decode(), list(self.writes))

    # --- Memory -------------------------------------------------------------------------------------------------

    def _get(self, at, size):
        return bytes(self.memory.read(self.store, at, at + size))

    def _put(self, at, data):
        self.memory.write(self.store, data, at)

    def _put32(self, at, number):
        self._put(at, struct.pack("<I", number & 0xFFFFFFFF))

    def _vectors(self, at, count):
        numbers = struct.unpack(f"<{2 * count}I", self._get(at, 8 * count))
        return list(zip(numbers[::2], numbers[1::2], strict=True))

    # --- WASI preview 1 -----------------------------------------------------------------------------------------

    def _put_strings(self, pointers, texts, strings):
        for string in strings:
            self._put32(pointers, texts)
            self._put(texts, string + b"\0")
            pointers += 4
            texts += len(string) + 1
        return 0

    def _put_sizes(self, count, size, strings):
        self._put32(count, len(strings))
        self._put32(size, sum(len(string) + 1 for string in strings))
        return 0

    def _variables(self):
        return [f"{key}={value}".encode() for key, value in self.environment.items()]

    def _args_get(self, pointers, texts):
        return self._put_strings(pointers, texts, self.arguments)

    def _args_sizes_get(self, count, size):
        return self._put_sizes(count, size, self.arguments)

    def _environ_get(self, pointers, texts):
        return self._put_strings(pointers, texts, self._variables())

    def _environ_sizes_get(self, count, size):
        return self._put_sizes(count, size, self._variables())

    def _clock_time_get(self, clock, _precision, into):
        now = time.time_ns() if clock == 0 else time.monotonic_ns() + int(sum(self.sleeps) * 1e6)
        self._put(into, struct.pack("<Q", now))
        return 0

    def _random_get(self, at, size):
        self._put(at, os.urandom(size))
        return 0

    def _proc_exit(self, code):
        raise Exit(code)

    def _poll_oneoff(self, subscriptions, events, count, into):
        user, tag, clock, timeout = struct.unpack("<QB7xI4xQ", self._get(subscriptions, 32))
        assert (tag, count) == (0, 1), "only one clock is waited for"
        self.sleeps.append(timeout / 1e6)  # time goes by without waiting
        self._put(events, struct.pack("<QHB21x", user, 0, tag))
        self._put32(into, 1)
        return 0

    def _path(self, fd, at, size):
        return self.files[fd] / self._get(at, size).decode()

    def _filestat(self, into, path):
        kind = 3 if path.is_dir() else 4
        size = 0 if path.is_dir() else path.stat().st_size
        self._put(into, struct.pack("<QQB7xQQQQQ", 0, 0, kind, 1, size, 0, 0, 0))
        return 0

    def _fd_filestat_get(self, fd, into):
        file = self.files.get(fd)
        if file is None:
            return EBADF
        return self._filestat(into, file if isinstance(file, Path) else Path(file.name))

    def _path_filestat_get(self, fd, _flags, at, size, into):
        path = self._path(fd, at, size)
        return self._filestat(into, path) if path.exists() else ENOENT

    def _path_open(self, fd, _dirflags, at, size, _oflags, _rights, _inheriting, _fdflags, into):
        path = self._path(fd, at, size)
        if self.serving:
            self.opened_while_serving.append(str(path))
        if not path.exists():
            return ENOENT
        new = max(self.files) + 1  # the root is open, always
        self.files[new] = path if path.is_dir() else path.open("rb")
        self._put32(into, new)
        return 0

    def _fd_close(self, fd):
        file = self.files.pop(fd, None)
        if file is None:
            return EBADF
        if not isinstance(file, Path):
            file.close()
        return 0

    def _fd_fdstat_get(self, fd, into):
        kind = 3 if isinstance(self.files.get(fd), Path) else 4
        if fd > 2 and fd not in self.files:
            return EBADF
        self._put(into, struct.pack("<BxHxxxxQQ", kind, 0, 2**64 - 1, 2**64 - 1))
        return 0

    def _fd_prestat_get(self, fd, into):
        if fd != 3 or fd not in self.files:
            return EBADF
        self._put(into, struct.pack("<II", 0, 1))
        return 0

    def _fd_prestat_dir_name(self, _fd, at, _size):
        self._put(at, b"/")
        return 0

    def _fd_read(self, fd, vectors, count, into):
        done = 0
        for at, size in self._vectors(vectors, count):
            if fd == 0:
                part, self.input = self.input[:size], self.input[size:]
            elif fd in self.files:
                part = self.files[fd].read(size)
            else:
                return EBADF
            self._put(at, part)
            done += len(part)
        self._put32(into, done)
        return 0

    def _fd_write(self, fd, vectors, count, into):
        data = b"".join(self._get(at, size) for at, size in self._vectors(vectors, count))
        if fd == 1:
            self.output += data
            self.writes.append(data)
        elif fd == 2:
            self.error += data
        else:
            return EBADF
        self._put32(into, len(data))
        return 0

    def _fd_seek(self, fd, offset, whence, into):
        file = self.files.get(fd)
        if file is None or isinstance(file, Path):
            return EINVAL
        self._put(into, struct.pack("<Q", file.seek(offset, whence)))
        return 0

    # --- Outgoing HTTP ------------------------------------------------------------------------------------------

    def _gate_req(self, url, url_size, method, method_size, headers, headers_size, body, body_size, status, handle):
        answer = self.upstream(
            self._get(url, url_size).decode(),
            self._get(method, method_size).decode(),
            self._get(headers, headers_size).decode(),
            self._get(body, body_size),
        )
        if answer.code != 0:
            return answer.code
        number = len(self.responses) + 1
        self.responses[number] = [answer, 0]
        self._put(status, struct.pack("<H", answer.status))
        self._put32(handle, number)
        return 0

    def _gate_headers_get_all(self, handle, into, room, size):
        if handle not in self.responses:
            return 1
        lines = "".join(f"{key}:{value}\n" for key, value in self.responses[handle][0].headers.items()).encode()
        if len(lines) > room:
            return 4
        self._put(into, lines)
        self._put32(size, len(lines))
        return 0

    def _gate_body_read(self, handle, into, room, size):
        if handle not in self.responses:
            return 1
        answer, at = self.responses[handle]
        part = answer.body[at : at + room]
        self.responses[handle][1] += len(part)
        self._put(into, part)
        self._put32(size, len(part))
        return 0

    def _gate_close(self, handle):
        return 0 if self.responses.pop(handle, None) else 1
