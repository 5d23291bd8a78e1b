"""`mayfly up --store s3://BUCKET/PREFIX`: functions and files are kept in a bucket of a real S3 server."""

import concurrent.futures
import io
import os
import subprocess
import zipfile

import pytest

from conftest import FUNCTIONS, GUESTS, certificate, numbered, until
from s3_server import Proxy, S3Server
from test_seed_003 import ECHO, exec_, saying, upload, uploaded

STORE = "s3://kept/some/prefix"
PREFIX = "kept/some/prefix"


@pytest.fixture
def s3(tmp_path):
    server = S3Server(tmp_path / "s3").start()
    server.make_bucket("kept")
    yield server
    server.stop()


@pytest.fixture
def server(make_server, s3):
    return make_server("--store", STORE, env=s3.environment())


def deployed(server, number, name="hello"):
    answer = server.deploy(name, numbered(number))
    assert answer.status in (200, 201), answer.text
    return answer.json["version"]


def objects(s3, path):
    """The names of what the bucket has below a path."""
    return sorted(each.name for each in (s3.buckets / path).iterdir()) if (s3.buckets / path).exists() else []


def start_fails(binary, tmp_path, store, env):
    """What a server says that does not start."""
    made = subprocess.run([binary, "up", "--listen", "127.0.0.1:0", "--data", tmp_path / "failing", "--store", store],
                          capture_output=True, text=True, timeout=60, env={**os.environ, **env})
    assert made.returncode == 1 and "listens on" not in made.stdout
    return made.stderr


def test_over_tls(make_server, binary, tmp_path):
    trusted = certificate(tmp_path, "localhost")
    s3 = S3Server(tmp_path / "s3", trusted).start()
    try:
        s3.make_bucket("kept")
        server = make_server("--store", STORE, env=s3.environment(AWS_CA_BUNDLE=str(trusted[0])))
        deployed(server, 1)
        server.stop()
        server.start()
        assert server.get("/hello").text == "1"
        said = start_fails(binary, tmp_path, STORE, s3.environment(AWS_CA_BUNDLE="", SSL_CERT_FILE=""))
        assert "certificate" in said
    finally:
        s3.stop()


# --- Functions -------------------------------------------------------------------------------------------------------


def test_deploy_restart_roll_back_remove(server, s3):
    one, two = deployed(server, 1), deployed(server, 2)
    assert server.get("/hello").text == "2"
    assert objects(s3, f"{PREFIX}/functions") == ["hello.json"] and len(objects(s3, f"{PREFIX}/blobs")) == 2
    assert server.request("POST", f"{FUNCTIONS}/hello/rollback").json["version"] == one
    assert server.get("/hello").text == "1"
    assert server.stop() == 0

    server.start()
    assert server.get("/hello").text == "1"
    assert [version["version"] for version in server.show("hello")["versions"]] == [two, one]
    assert server.request("POST", f"{FUNCTIONS}/hello/rollback?version={two}").status == 200
    assert server.get("/hello").text == "2"
    assert server.request("DELETE", f"{FUNCTIONS}/hello").status == 200
    assert server.get("/hello").problem == "unknown-function"
    assert objects(s3, f"{PREFIX}/functions") == []
    server.stop()
    server.start()
    assert server.get("/hello").problem == "unknown-function"


def test_another_node_has_what_the_bucket_has(server, s3, make_server):
    deployed(server, 7)
    other = make_server("--store", STORE, data="other", env=s3.environment())
    assert other.get("/hello").text == "7"
    apart = make_server("--store", "s3://kept/elsewhere", data="apart", env=s3.environment())
    assert apart.get("/hello").problem == "unknown-function"


def test_two_nodes_that_deploy_one_function_lose_no_version(server, s3, make_server):
    other = make_server("--store", STORE, data="other", env=s3.environment())
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        made = [pool.submit(deployed, (server, other)[number % 2], number) for number in range(10)]
        digests = {done.result() for done in made}
    server.stop()
    server.start()
    assert {version["version"] for version in server.show("hello")["versions"]} == digests and len(digests) == 10


def test_a_bundle_is_kept_there_too(server):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("read.wat", (GUESTS / "read-file.wat").read_text())
        archive.writestr("a.txt", "from the bucket")
    assert server.deploy("bundle", packed.getvalue()).status == 201
    server.stop()
    server.start()
    assert server.get("/bundle").text == "from the bucket"


# --- Starts that fail ------------------------------------------------------------------------------------------------


def test_wrong_keys_and_buckets_end_the_start(binary, tmp_path, s3):
    env = s3.environment
    said = start_fails(binary, tmp_path, STORE, env(AWS_SECRET_ACCESS_KEY="guess"))
    assert "SignatureDoesNotMatch" in said and "AWS_SECRET_ACCESS_KEY" in said
    for store in (STORE, "s3://"):
        said = start_fails(binary, tmp_path, store, env(AWS_ACCESS_KEY_ID="nobody"))
        assert "the store says" in said and "AWS_ACCESS_KEY_ID" in said
    said = start_fails(binary, tmp_path, "s3://nowhere", env())
    assert "NoSuchBucket" in said and "s3://nowhere" in said
    assert "AWS_ACCESS_KEY_ID" in start_fails(binary, tmp_path, STORE, env(AWS_ACCESS_KEY_ID=""))
    assert "http://" in start_fails(binary, tmp_path, STORE, env(AWS_ENDPOINT_URL="127.0.0.1:9000"))
    assert "s3://BUCKET" in start_fails(binary, tmp_path, "gs://bucket", env())
    s3.stop()
    said = start_fails(binary, tmp_path, STORE, env())
    assert "connect to server" in said and s3.url in said, "a bucket that was never seen"


# --- A store in trouble ----------------------------------------------------------------------------------------------


def test_a_bucket_that_is_away_and_comes_back(server, s3):
    deployed(server, 1)
    deployed(server, 2)
    assert server.get("/hello").text == "2"
    s3.stop()
    assert server.get("/hello").text == "2"
    refused = server.deploy("hello", numbered(3))
    assert (refused.status, refused.problem) == (503, "store-away") and "connect to server" in refused.json["detail"]
    assert int(refused.headers["Retry-After"]) > 0
    assert server.request("DELETE", f"{FUNCTIONS}/hello").problem == "store-away"
    assert server.request("POST", f"{FUNCTIONS}/hello/rollback").problem == "store-away"
    assert len(server.show("hello")["versions"]) == 2, "as it was when the bucket was last there"

    assert server.stop() == 0
    server.start()
    assert server.get("/hello").text == "2", "from the cache, after a restart"
    assert server.deploy("new", numbered(3)).problem == "store-away"

    s3.start()
    deployed(server, 3)
    assert server.get("/hello").text == "3"
    server.stop()
    server.start()
    assert server.get("/hello").text == "3" and len(server.show("hello")["versions"]) == 3


def test_a_function_that_was_never_called_here_needs_the_bucket(server, s3, make_server):
    deployed(server, 5)
    other = make_server("--store", STORE, data="other", env=s3.environment())
    s3.stop()
    assert other.get("/hello").problem == "store-away"
    s3.start()
    assert other.get("/hello").text == "5"


def test_a_server_that_dies_in_the_middle_of_an_upload(make_server, s3):
    proxy = Proxy(s3.port)
    server = make_server("--store", STORE, env=s3.environment(AWS_ENDPOINT_URL=proxy.url))
    deployed(server, 1)
    large = (GUESTS / "run.wat").read_bytes() + b"\n;;" + b"x" * 2_000_000
    proxy.cut_after = 500_000
    refused = server.deploy("hello", large)
    assert (refused.status, refused.problem) == (503, "store-away") and proxy.cuts > 0
    assert server.get("/hello").text == "1" and len(server.show("hello")["versions"]) == 1
    proxy.cut_after = None
    assert server.deploy("hello", large).status == 200
    assert server.get("/hello").text == "42"
    proxy.close()


def test_objects_that_were_damaged_are_refused_and_mended(server, s3, make_server):
    deployed(server, 1)
    [blob] = (s3.buckets / PREFIX / "blobs").iterdir()
    whole = blob.read_bytes()
    for damaged in (whole[:-1], whole[:-1] + b" ", b""):
        with open(blob, "r+b") as file:  # in place: its attributes stay
            file.truncate(0)
            file.write(damaged)
        other = make_server("--store", STORE, data=f"other-{len(damaged)}-{damaged[-1:].hex()}", env=s3.environment())
        refused = other.get("/hello")
        assert (refused.status, refused.problem) == (502, "store-damaged")
        assert "SHA-256" in refused.json["detail"]
        deployed(other, 1)
        assert other.get("/hello").text == "1"
        assert blob.read_bytes() == whole, "deploying it again mended it"


def test_a_damaged_cache_is_read_anew(server, s3):
    deployed(server, 1)
    server.stop()
    [cached] = [path for path in server.data.glob("s3/*/blobs/*/*") if path.is_file()]
    cached.write_bytes(cached.read_bytes()[:-1])
    server.start()
    assert server.get("/hello").text == "1"


def test_many_functions_are_listed_in_pages(server, s3):
    deployed(server, 1, "f0")
    folder = s3.buckets / PREFIX / "functions"
    document = (folder / "f0.json").read_text()
    for number in range(1, 1100):
        (folder / f"f{number}.json").write_text(document.replace('"f0"', f'"f{number}"'))
    server.stop()
    server.start()
    assert len(server.get(FUNCTIONS).json["functions"]) == 1100
    assert server.get("/f1099").text == "1"


# --- Files -----------------------------------------------------------------------------------------------------------


def test_files_are_kept_in_the_bucket_too(server, s3, make_server):
    assert server.request("PUT", "/bucket/functions").status == 200
    assert server.request("PUT", "/bucket/functions").problem == "bucket-exists"
    uploaded(server, "functions/echo", ECHO)
    assert exec_(server, "functions/echo", "{}").text == "{}"
    assert objects(s3, f"{PREFIX}/files/functions") == ["echo"] and objects(s3, f"{PREFIX}/buckets") == ["functions"]
    other = make_server("--store", STORE, data="other", env=s3.environment())
    assert other.get("/bucket/functions").json == {"files": ["echo"]}
    assert exec_(other, "functions/echo", "[1]").text == "[1]"
    uploaded(server, "functions/echo", saying("2"))
    assert exec_(server, "functions/echo", "{}").text == "2"
    until(lambda: exec_(other, "functions/echo", "{}").text == "2", "the other node to see the change", 3)
    assert server.request("DELETE", "/bucket/functions").problem == "bucket-not-empty"
    s3.stop()
    assert exec_(server, "functions/echo", "{}").text == "2"
    assert upload(server, "functions/echo", ECHO).problem == "store-away"
    assert server.get("/bucket/functions").problem == "store-away"
