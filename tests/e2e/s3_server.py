"""A real S3 server for the tests of --store: versitygw over a folder, on loopback, ended by pid."""

import hashlib
import pathlib
import signal
import socket
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEY, SECRET = "test-key", "test-secret"


def built():
    """The binary, built when it is not there yet."""
    made = subprocess.run([ROOT / "scripts/s3_setup.sh"], capture_output=True, text=True, timeout=900)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


class S3Server:
    """Buckets are the folders of `buckets`; older versions are kept where a bucket is versioned. With a certificate,
    (file, key) for `localhost`, it speaks TLS."""

    def __init__(self, folder, certificate=None):
        self.certificate = certificate
        self.buckets, self.older = folder / "buckets", folder / "older"
        for made in (self.buckets, self.older):
            made.mkdir(parents=True)
        self.port = free_port()
        self.process = None

    def start(self):
        tls = ["--cert", self.certificate[0], "--key", self.certificate[1]] if self.certificate else []
        self.process = subprocess.Popen(
            [built(), *tls, "--access", KEY, "--secret", SECRET, "--port", f"127.0.0.1:{self.port}", "--quiet", "--keep-alive",
             "posix", "--versioning-dir", self.older, self.buckets],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not answers(self.port):
            assert self.process.poll() is None and time.monotonic() < deadline, "the S3 server did not start"
            time.sleep(0.02)
        return self

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(timeout=20)

    @property
    def url(self):
        return f"https://localhost:{self.port}" if self.certificate else f"http://127.0.0.1:{self.port}"

    def environment(self, **other):
        """For a mayfly that uses it."""
        return {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "us-east-1",
                "AWS_ENDPOINT_URL": self.url, "AWS_SESSION_TOKEN": "", "AWS_ENDPOINT_URL_S3": "", **other}

    def request(self, method, target, body=b""):
        """What another tool does: signed by curl. Returns the answer's body."""
        trusted = ["--cacert", self.certificate[0]] if self.certificate else []
        made = subprocess.run(
            ["curl", "-sSf", *trusted, "--max-time", "20", "--path-as-is", "-X", method, "--aws-sigv4", "aws:amz:us-east-1:s3",
             "--user", f"{KEY}:{SECRET}", "--data-binary", "@-", "-H", "Content-Type: application/octet-stream",
             "-H", f"x-amz-content-sha256: {hash_of(body)}", self.url + target], input=body, capture_output=True)
        assert made.returncode == 0, (method, target, made.stderr)
        return made.stdout

    def make_bucket(self, name, versioned=False):
        self.request("PUT", f"/{name}")
        if versioned:
            self.request("PUT", f"/{name}?versioning=", b'<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/'
                         b'2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>')


def hash_of(body):
    return hashlib.sha256(body).hexdigest()


class Proxy:
    """Between mayfly and an S3 server: cuts a connection once `cut_after` bytes of it went to the server; one that
    `is_silent` takes what comes, and passes nothing on.
    """

    def __init__(self, target):
        self.target, self.cut_after, self.cuts, self.is_silent = target, None, 0, False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def close(self):
        self.listener.close()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            threading.Thread(target=self.move, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self.move, args=(server, client, False), daemon=True).start()

    def move(self, source, sink, may_cut):
        moved = 0
        try:
            while data := source.recv(16384):
                moved += len(data)
                if may_cut and self.cut_after is not None and moved > self.cut_after:
                    self.cuts += 1
                    break
                if not self.is_silent:
                    sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
