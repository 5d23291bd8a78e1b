"""A real server per test: its own port, its own data folder, ended by pid."""

import contextlib
import hashlib
import http.client
import itertools
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
GUESTS = ROOT / "tests" / "guests"
FUNCTIONS = "/_mayfly/v1/functions"


def pytest_addoption(parser):
    parser.addoption("--mayfly", default=str(ROOT / "build/dev/mayfly"), help="the binary under test")


@pytest.fixture(scope="session")
def binary(pytestconfig):
    return os.path.abspath(pytestconfig.getoption("--mayfly"))


class Body:
    """What a response carries, in `body`."""

    @property
    def text(self):
        return self.body.decode()

    @property
    def json(self):
        return json.loads(self.body)


class Answer(Body):
    """One HTTP response, read whole."""

    def __init__(self, response):
        self.status, self.reason = response.status, response.reason
        self.headers = response.headers
        self.body = response.read()

    @property
    def problem(self):
        """The slug of a problem document's type."""
        assert self.headers["Content-Type"] == "application/problem+json", (self.status, self.body)
        document = self.json
        assert document["status"] == self.status
        return document["type"].rsplit("/", 1)[1]


class Server:
    """`mayfly up` as a process."""

    def __init__(self, binary, data, *options, env=None, cwd=None):
        self.binary, self.data, self.options, self.env, self.cwd = binary, pathlib.Path(data), options, env, cwd
        self.log_path = self.data.parent / (self.data.name + ".log")
        self.process = None

    def start(self, listen="127.0.0.1:0"):
        listening = ["--listen", listen] if listen else []
        arguments = ["up", *listening, "--data", str(self.data), "--log", str(self.log_path), *self.options]
        self.process = subprocess.Popen(
            [self.binary, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.cwd,
            env={**os.environ, **(self.env or {})})
        self.banner = ""
        while "event loops" not in self.banner:
            line = self.process.stdout.readline()
            if not line:
                raise RuntimeError(f"mayfly did not start: {self.process.stderr.read()}")
            self.banner += line
        self.port = int(re.search(r"listens on http://.*?:(\d+)\n", self.banner)[1])
        return self

    def stop(self, sign=signal.SIGTERM):
        """Ends the server; returns its exit code."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(sign)
        code = self.process.wait(timeout=40)
        self.stderr = self.process.stderr.read()
        self.process.stdout.close()
        self.process.stderr.close()
        return code

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def request(self, method, target, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, target, body, headers or {})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, target, **headers):
        return self.request("GET", target, headers=headers)

    def deploy(self, name, module, query=""):
        """PUTs a module: bytes, or the name of a guest of tests/guests."""
        body = module if isinstance(module, bytes) else (GUESTS / f"{module}.wat").read_bytes()
        return self.request("PUT", f"{FUNCTIONS}/{name}{query}", body)

    def show(self, name):
        """A function as the API shows it."""
        answer = self.get(f"{FUNCTIONS}/{name}")
        assert answer.status == 200, answer.text
        return answer.json

    def wait_for_optimised(self, name):
        """Until the optimising compiler is done with it: from then on it takes no memory and no time."""
        until(lambda: self.show(name)["code"] == "optimised", "the optimising compiler")

    def sandboxes(self):
        """How many functions run now."""
        return self.get("/_mayfly/v1/health").json["sandboxes"]["in_use"]

    def command(self, verb, *arguments, env=None):
        """A client verb of the command line, against this server."""
        return subprocess.run([self.binary, verb, *arguments, "--server", self.url], capture_output=True, text=True,
                              timeout=30, env={**os.environ, **(env or {})})

    def raw(self, data, timeout=10):
        """Sends bytes as they are and returns what comes until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as connection:
            connection.sendall(data)
            return read_to_end(connection)

    def log(self):
        """The log as a list of objects; every line must be one."""
        return [json.loads(line) for line in self.log_path.read_text().splitlines()]

    def wait_for_log(self, **wanted):
        """The first log line with these members, waiting for the writer thread."""
        def look():
            return next((line for line in self.log() if wanted.items() <= line.items()), None)

        return until(look, f"a log line with {wanted}")


def until(condition, what, seconds=10):
    """Polls until the condition holds, and returns what it returned."""
    deadline = time.monotonic() + seconds
    while not (held := condition()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.01)
    return held


def numbered(number):
    """A module whose answer is this number: as many versions as a test needs."""
    return (GUESTS / "run.wat").read_text().replace("42", str(number)).encode()


def reader(path, mount=3):
    """A module that answers with the file at a path of a mount, by its descriptor."""
    guest = (GUESTS / "read-file.wat").read_text()
    for before, after in (('"a.txt"', f'"{path}"'), ("$length i32 (i32.const 5)", f"$length i32 (i32.const {len(path)})"),
                          ("$mount i32 (i32.const 3)", f"$mount i32 (i32.const {mount})")):
        assert before in guest
        guest = guest.replace(before, after)
    return guest.encode()


def certificate(folder, name):
    """A certificate that signs itself, and its key."""
    files = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-out", files[0],
                    "-keyout", files[1]], check=True, capture_output=True)
    return files


def require_ptrace():
    probe = subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True, text=True, timeout=30)
    if probe.returncode != 0:
        assert "ptrace" in probe.stderr.lower(), probe.stderr
        pytest.skip(f"ptrace is impossible here: {probe.stderr.strip()}")


@contextlib.contextmanager
def meddling(server, fault, threads=("deploy-", "store-")):
    """While it lasts, these threads, unless told those that deploy, suffer a fault of `strace -e inject=`."""
    require_ptrace()
    tasks = pathlib.Path(f"/proc/{server.process.pid}/task").iterdir()
    workers = [task.name for task in tasks if (task / "comm").read_text().startswith(threads)]
    attach = itertools.chain.from_iterable(("-p", worker) for worker in workers)
    with subprocess.Popen(["strace", "-o", os.devnull, "-e", f"inject={fault}", *attach], text=True,
                          stderr=subprocess.PIPE) as tracer:
        try:
            for _ in workers:
                line = tracer.stderr.readline()
                if "not permitted" in line:
                    pytest.skip(f"ptrace cannot attach here: {line}")
                assert "attached" in line, line
            yield
        finally:
            tracer.terminate()


class Wire:
    """A connection that sends bytes as they are and reads one response after another."""

    def __init__(self, server, timeout=10, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.connect(("127.0.0.1", server.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def read(self, method="GET"):
        """The next response, which answers `method`."""
        head = iter(lambda: self.file.readline().decode("latin-1"), "\r\n")
        response = WireResponse(next(head), list(itertools.takewhile(bool, head)))
        if method == "HEAD" or response.status < 200 or response.status in (204, 304):
            return response
        if response.fields("Transfer-Encoding") == ["chunked"]:
            while size := int(self.file.readline(), 16):
                response.chunks.append(self.file.read(size))
                assert self.file.readline() == b"\r\n"
            assert self.file.readline() == b"\r\n"
            response.body = b"".join(response.chunks)
        elif length := response.fields("Content-Length"):
            response.body = self.file.read(int(length[0]))
        else:
            response.body = self.file.read()
        return response

    def at_end(self):
        """Whether the server closed the connection, without another byte."""
        return self.file.read(1) == b""


class WireResponse(Body):
    """A response as it came: the status line and the header lines in order, the body with its chunks undone."""

    def __init__(self, status_line, lines):
        assert status_line.startswith("HTTP/1.1 "), status_line
        self.status, self.reason = int(status_line[9:12]), status_line[13:-2]
        self.lines = [line.removesuffix("\r\n") for line in lines]
        self.chunks, self.body = [], b""

    def fields(self, name):
        pairs = [line.split(": ", 1) for line in self.lines]
        return [value for key, value in pairs if key.lower() == name.lower()]


def read_to_end(connection):
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received


def resident_bytes(server):
    with open(f"/proc/{server.process.pid}/statm") as statm:
        return int(statm.read().split()[1]) * 4096


def send_until_held(connection, most):
    """Sends until nothing more has been taken for half a second, or `most` bytes; returns how many there were."""
    connection.setblocking(False)
    sent, idle = 0, 0
    while idle < 50 and sent < most:
        try:
            sent += connection.send(b"x" * min(65536, most - sent))
            idle = 0
        except BlockingIOError:
            idle += 1
            time.sleep(0.01)
    return sent


def read_and_watch(response, server):
    """Reads a body to its end. Returns its SHA-256, and the most bytes that were resident in the server meanwhile."""
    came, most = hashlib.sha256(), 0
    while part := response.read(4 << 20):
        came.update(part)
        most = max(most, resident_bytes(server))
    return came.digest(), most


class Upload:
    """A request whose body is sent in parts."""

    def __init__(self, server, target, headers=("Transfer-Encoding: chunked",)):
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        lines = [f"POST {target} HTTP/1.1", "Host: localhost", *headers]
        self.socket.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
        self.received = b""

    def send(self, chunk):
        self.socket.sendall(b"%x\r\n%s\r\n" % (len(chunk), chunk))

    def receive_until(self, end):
        while end not in self.received:
            more = self.socket.recv(65536)
            assert more, self.received
            self.received += more
        return self.received

    def is_cut_off(self):
        """Whether the connection ends without the last chunk."""
        with contextlib.suppress(ConnectionResetError):
            self.received += read_to_end(self.socket)
        return b"\r\n0\r\n" not in self.received

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


@pytest.fixture
def make_server(binary, tmp_path):
    """Starts servers that end with the test."""
    servers = []

    def make(*options, data="data", env=None, cwd=None, listen="127.0.0.1:0"):
        server = Server(binary, tmp_path / data, *options, env=env, cwd=cwd)
        servers.append(server)
        return server.start(listen)

    yield make
    for server in servers:
        if server.process.poll() is None:
            server.stop(signal.SIGKILL)


@pytest.fixture
def server(make_server):
    return make_server()


@pytest.fixture(scope="module")
def survivor(binary, tmp_path_factory):
    """One server for all tests of a file: whatever kills it fails those that follow."""
    server = Server(binary, tmp_path_factory.mktemp("survivor") / "data").start()
    yield server
    assert server.stop() == 0
