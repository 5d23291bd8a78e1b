"""What tests of functions from source share."""

import http.client
import io
import os
import pathlib
import subprocess
import zipfile

import pytest
from conftest import FUNCTIONS, ROOT, Answer, Server, until

COMPILE_SECONDS = 400  # of the largest interpreter, on two cores that others use too

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "mayfly" / "test-packages"


def bundle(files):
    """A zip of files by name, text or bytes."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in files.items():
            zipped.writestr(name, content)
    return archive.getvalue()


def files_of(folder):
    """What is in a folder, by relative path: for bundle()."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def debian_package(name):
    """The folder with what a Debian package installs, for libraries that are sources."""
    folder = CACHE / name
    if not folder.exists():
        part = CACHE / f"{name}.{os.getpid()}"
        part.mkdir(parents=True)
        subprocess.run(["apt-get", "download", "-q", "-q", name], cwd=part, check=True, capture_output=True, timeout=120)
        subprocess.run(["dpkg-deb", "-x", *part.glob("*.deb"), part / "x"], check=True, timeout=60)
        (part / "x").rename(folder)
    return folder


class Language:
    """A server, and a language whose functions are deployed to it."""

    def __init__(self, server, name, extension):
        self.server, self.name, self.extension = server, name, extension
        self.count = 0

    def deploy(self, source, query="", **others):
        """PUTs a source, with other files of the bundle: its name, and the answer."""
        name = f"f{self.count}"
        self.count += 1
        body = source.encode() if isinstance(source, str) else source
        separator = "&" if query else "?"
        query = f"{query}{separator}language={self.name}"
        if others:
            body = bundle({f"main{self.extension}": body, **others["files"]})
            query += f"&entrypoint=main{self.extension}"
        return name, self.server.request("PUT", f"{FUNCTIONS}/{name}{query}", body)

    def function(self, source, query="", **others):
        """A function that has been deployed: its name."""
        name, answer = self.deploy(source, query, **others)
        assert answer.status == 201, answer.text
        return name

    def call(self, source, target="", method="GET", body=None, headers=None, **others):
        return self.server.request(method, f"/{self.function(source, **others)}{target}", body, headers)

    def refusal(self, source, **others):
        """What is said of a source that cannot be loaded."""
        _, answer = self.deploy(source, **others)
        assert answer.status == 422 and answer.problem == "bad-source", answer.text
        return answer.json["detail"]

    def failure(self, source, **others):
        """What is said of a request that a function fails."""
        answer = self.call(source, **others)
        assert answer.status == 500, answer.text
        return answer.json["detail"]

    def check_that_nothing_stays(self, source):
        """Of a function that answers with how often it was called, and then with random numbers."""
        name = self.function(source)
        answers = [self.server.get(f"/{name}").json for _ in range(40)]  # the last ones in a sandbox that was put back
        assert {count for count, *_ in answers} == {1}
        assert all(len(numbers) > 0 for _, *numbers in answers)
        for drawn in zip(*(numbers for _, *numbers in answers), strict=True):
            assert len(set(drawn)) == 40, f"random numbers are new in each: {answers}"

    def log_of(self, function):
        return [line["line"] for line in self.server.log() if line.get("function") == function and "line" in line]


def wait_for_interpreter(server, name, extension):
    """Deploys the sample, and waits for the optimising compiler: as long as it works, it delays every other deploy."""
    sample = (ROOT / "languages" / name / f"hello{extension}").read_bytes()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=COMPILE_SECONDS)
    connection.request("PUT", f"{FUNCTIONS}/sample?language={name}", sample)
    answer = Answer(connection.getresponse())
    connection.close()
    assert answer.status == 201, answer.text
    until(lambda: server.show("sample")["code"] == "optimised", "the optimising compiler", COMPILE_SECONDS)
    assert server.get("/sample?name=Ada").body == b"Hello, Ada!\n"


def fixture(name, extension):
    """A fixture for a test file: its tests share a server, so that the interpreter is compiled once."""

    @pytest.fixture(scope="module", name=name)
    def made(binary, tmp_path_factory):
        server = Server(binary, tmp_path_factory.mktemp(name) / "data").start()
        wait_for_interpreter(server, name, extension)
        yield Language(server, name, extension)
        assert server.stop() == 0

    return made
