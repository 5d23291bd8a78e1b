"""`mayfly up --wagi`: an application of WAGI 0.8.1, as it is."""

import hashlib
import shutil
import subprocess

import pytest

from conftest import GUESTS, Server, Wire

MODULES = """
default_host = "localhost:3000"

[[module]]
route = "/"
module = "wagi.wat"

[[module]]
route = "/parent"
module = "{folder}/wagi.wat"

[[module]]
route = "/slash/"
module = "file://{folder}/wagi.wat"

[[module]]
route = "/rest/..."
module = "wagi.wat"

[[module]]
route = "/deep/..."
module = "wagi.wat"
entrypoint = "on_wildcard"
argv = "ruby index.rb ${{SCRIPT_NAME}}  ${{ARGS}}"

[[module]]
route = "/cat"
module = "cat.wat"
unknown = "ignored"

[[module]]
route = "/cat/..."
module = "trap.wat"

[[module]]
route = "/healthz"
module = "cat.wat"

[[module]]
route = "/missing"
module = "cat.wat"
entrypoint = "nobody"

[[module]]
route = "/exit/zero"
module = "exit-zero.wat"

[[module]]
route = "/trap"
module = "trap.wat"

[[module]]
route = "/plain"
module = "two-iovecs.wat"

[[module]]
route = "/stderr"
module = "stderr.wat"

[[module]]
route = "/volume"
module = "cat.wat"
volumes = {{ "/data" = "nowhere" }}
allowed_hosts = ["https://api.example.com"]
http_max_concurrency = 2
"""


@pytest.fixture(scope="module")
def server(binary, tmp_path_factory):
    """One application for the tests that only call it; its modules are found from the working directory."""
    folder = tmp_path_factory.mktemp("wagi")
    for guest in ("wagi", "cat", "trap", "exit-zero", "two-iovecs", "stderr"):
        shutil.copy(GUESTS / f"{guest}.wat", folder)
    (folder / "config").mkdir()
    (folder / "config" / "modules.toml").write_text(MODULES.format(folder=folder))
    (folder / "variables").write_text('FROM_FILE="1 2"\nOVERRIDDEN=file\nA = "left out"\n')
    server = Server(binary, folder / "data", "--wagi", "config/modules.toml", "--env", "OVERRIDDEN=option", "Q='a b'",
                    "-e", "REQUEST_METHOD=nonsense", "--env-file", "variables", "--hostname", "example.com:1234",
                    cwd=folder).start()
    yield server
    assert server.stop() == 0
    said = ["variables:3: the line is left out", "modules.toml:35:1: nothing ever reaches the route /healthz",
            "modules.toml:39:1: the route /missing answers 500", "modules.toml:60:1: the volume /data is left out"]
    warnings = server.stderr.splitlines()
    assert len(warnings) == len(said) and all(map(str.__contains__, warnings, said)), server.stderr


def told(answer):
    """What wagi.wat says: its entry point, arguments, environment, standard input."""
    assert answer.status == 200, answer.text
    name, arguments, environment, body = answer.text.split("\1", 3)
    variables = dict(pair.split("=", 1) for pair in environment.split("\0")[:-1])
    return name, arguments.split("\0")[:-1], variables, body


# --- Routing -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path, name, route, script, info",
    [
        ("/", "main", "/", "/", ""),
        ("/exact", "exact", "/exact", "/exact", ""),
        ("/main", "main", "/main", "/main", ""),
        ("/wildcard", "wildcard", "/wildcard/...", "/wildcard", ""),
        ("/wildcard/fizz/buzz", "wildcard", "/wildcard/...", "/wildcard", "/fizz/buzz"),
        ("/wildcard/deep/x", "exact", "/wildcard/deep/...", "/wildcard/deep", "/x"),
        ("/parent", "main", "/parent", "/parent", ""),
        ("/parent/exact", "exact", "/parent/exact", "/parent/exact", ""),
        ("/parent/wildcard/", "wildcard", "/parent/wildcard/...", "/parent/wildcard", "/"),
        ("/slash/", "main", "/slash/", "/slash/", ""),
        ("/slash/exact", "exact", "/slash/exact", "/slash/exact", ""),
        ("/slash/wildcard/a", "wildcard", "/slash/wildcard/...", "/slash/wildcard", "/a"),
        ("/rest", "main", "/rest/...", "/rest", ""),
        ("/rest/fizz/buzz", "main", "/rest/...", "/rest", "/fizz/buzz"),
        ("/rest/exact", "exact", "/rest/exact", "/rest/exact", ""),
        ("/rest/exact/", "main", "/rest/...", "/rest", "/exact/"),
        ("/rest/wildcard/fizz", "wildcard", "/rest/wildcard/...", "/rest/wildcard", "/fizz"),
        ("/rest/%65xact", "main", "/rest/...", "/rest", "/exact"),
    ],
)
def test_a_route_is_told_where_it_is(server, path, name, route, script, info):
    said, _, environment, _ = told(server.get(path))
    assert said == name
    assert environment["X_MATCHED_ROUTE"] == route
    assert environment["SCRIPT_NAME"] == script
    assert environment["PATH_INFO"] == environment["PATH_TRANSLATED"] == info
    assert environment["X_RAW_PATH_INFO"] == path.removeprefix(script if info else path)


@pytest.mark.parametrize("path", ["/nobody", "/exact/", "/parent/", "/slash", "/restless", "/wildcards", "/Exact"])
def test_no_route_is_404(server, path):
    answer = server.get(path)
    assert (answer.status, answer.headers["Content-Type"]) == (404, "application/problem+json")


def test_of_two_modules_the_first_answers(server):
    assert server.request("POST", "/cat", b"Status: 200\n\nfirst").text == "first"
    assert server.get("/cat/x").problem == "trap"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
def test_every_method_is_answered(server, method):
    answer = server.request(method, "/parent/exact")
    assert answer.status == 200
    if method != "HEAD":
        assert told(answer)[2]["REQUEST_METHOD"] == method
    health = server.request(method, "/healthz")
    assert (health.status, health.text) == (200, "" if method == "HEAD" else "OK")


def test_the_servers_own_api_stays(server):
    assert server.get("/_mayfly/v1/health").status == 200
    assert server.deploy("other", "run").status == 201
    assert server.get("/other").text == "42"


def test_healthz_is_nobodys_without_an_application(make_server):
    assert make_server().get("/healthz").status == 404


# --- What a module is told ---------------------------------------------------------------------------------------


def test_the_environment_of_a_request(server):
    answer = server.request("POST", "/rest/a%20b%3Bc?x=1&y=%20", b"12345", {
        "Host": "wagi.net:31337", "Content-Type": "text/x", "X-Test-Header": "hello", "Authorization": "secret",
        "Proxy": "evil", "User-Agent": "test"})
    _, arguments, environment, body = told(answer)
    assert body == "12345"
    assert arguments == ["/rest/a%20b%3Bc", "x=1", "y=%20"]
    assert environment.pop("HTTP_ACCEPT_ENCODING") == "identity"
    assert environment == {
        "AUTH_TYPE": "", "CONTENT_LENGTH": "5", "CONTENT_TYPE": "text/x", "GATEWAY_INTERFACE": "CGI/1.1",
        "HTTP_CONTENT_LENGTH": "5", "HTTP_CONTENT_TYPE": "text/x", "HTTP_HOST": "wagi.net:31337",
        "HTTP_USER_AGENT": "test", "HTTP_X_TEST_HEADER": "hello", "PATH_INFO": "/a b;c", "PATH_TRANSLATED": "/a b;c",
        "QUERY_STRING": "x=1&y=%20", "REMOTE_ADDR": "127.0.0.1", "REMOTE_HOST": "127.0.0.1", "REMOTE_USER": "",
        "REQUEST_METHOD": "POST", "SCRIPT_NAME": "/rest", "SERVER_NAME": "wagi.net", "SERVER_PORT": "31337",
        "SERVER_PROTOCOL": "HTTP/1.1", "SERVER_SOFTWARE": "WAGI/1",
        "X_FULL_URL": "http://wagi.net:31337/rest/a%20b%3Bc?x=1&y=%20", "X_MATCHED_ROUTE": "/rest/...",
        "X_RAW_PATH_INFO": "/a%20b%3Bc",
        "FROM_FILE": "1 2", "OVERRIDDEN": "option", "Q": "a b",
    }


@pytest.mark.parametrize(
    "host, name, port",
    [("wagi.net", "wagi.net", "1234"), ("wagi.net:1", "wagi.net", "1"), (None, "example.com", "1234"),
     ("[::1]:2", "[::1]", "2")],
)
def test_the_server_is_named_by_the_host_header_or_by_the_option(server, host, name, port):
    header = f"Host: {host}\r\n" if host else ""
    with Wire(server) as wire:
        wire.send(f"GET /rest HTTP/1.{1 if host else 0}\r\n{header}Connection: close\r\n\r\n".encode())
        answer = wire.read()
    environment = told(answer)[2]
    assert (environment["SERVER_NAME"], environment["SERVER_PORT"]) == (name, port)
    assert environment["X_FULL_URL"] == f"http://{name}:{port}/rest"


@pytest.mark.parametrize(
    "query, arguments", [("", ["/rest"]), ("?", ["/rest", ""]), ("?a", ["/rest", "a"]), ("?a&&b=c+d", ["/rest", "a", "", "b=c+d"])])
def test_the_arguments_are_path_and_query(server, query, arguments):
    assert told(server.get(f"/rest{query}"))[1] == arguments


def test_the_arguments_may_be_a_template(server):
    name, arguments, _, _ = told(server.get("/deep/er?a=1&&b=2"))
    assert (name, arguments) == ("wildcard", ["ruby", "index.rb", "/deep/er", "a=1", "b=2"])


# --- What it answers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "output, status, body",
    [(b"content-type: text/plain\r\n\r\nOh hi world\r\n", 200, "Oh hi world\r\n"),
     (b"Status: 404 Gone Fishing\n\nno", 404, "no"),
     (b"Location: /x\n\n", 302, ""),
     (b"Status: 201\nLocation: /x\n\n", 302, ""),
     (b"Location: /x\nStatus: 301\n\n", 301, ""),
     (b"Content-Type: a\nbad name: 1\nno colon\nX: 1\n\nok", 200, "ok")],
)
def test_output_is_a_response(server, output, status, body):
    answer = server.request("POST", "/cat", output)
    assert (answer.status, answer.text) == (status, body)


def test_several_cookies_are_kept(server):
    answer = server.request("POST", "/cat", b"Content-Type: a\nSet-Cookie: a=1\nSet-Cookie: b=2\nSet-Cookie: c=3\n\n")
    assert answer.headers.get_all("Set-Cookie") == ["a=1", "b=2", "c=3"]


@pytest.mark.parametrize(
    "target, output, status, slug",
    [("/trap", b"", 500, "trap"), ("/missing", b"", 500, "no-such-export"), ("/plain", b"", 500, "no-cgi-headers"),
     ("/exit/zero", b"", 500, "no-cgi-headers"), ("/cat", b"X-Other: 1\n\n", 500, "no-cgi-headers"),
     ("/cat", b"Status: OK\n\n", 502, "bad-cgi-headers")],
)
def test_a_failure_has_the_status_of_wagi_and_a_reason(server, target, output, status, slug):
    answer = server.request("POST", target, output)
    assert (answer.status, answer.problem) == (status, slug)
    assert server.get(answer.json["type"]).status == 200


def test_what_a_module_logs_is_under_its_route(server):
    server.get("/stderr")
    assert server.wait_for_log(event="function", function="/stderr")


def test_a_module_reads_the_files_of_its_volume(make_server, tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "a.txt").write_text("Content-Type: text/css\n\nbody {}")
    shutil.copy(GUESTS / "read-file.wat", tmp_path)
    (tmp_path / "m.toml").write_text("[[module]]\nroute = '/static/...'\nmodule = 'read-file.wat'\nvolumes = { '/' = 'site' }\n")
    answer = make_server("--wagi", "m.toml", cwd=tmp_path).get("/static/a.css")
    assert (answer.status, answer.headers["Content-Type"], answer.text) == (200, "text/css", "body {}")


# --- Starting ----------------------------------------------------------------------------------------------------


def refusal(binary, tmp_path, *options):
    """Why a server does not start."""
    done = subprocess.run([binary, "up", "--listen", "127.0.0.1:0", "--data", str(tmp_path / "data"), *options],
                          capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert done.returncode != 0 and "listens on" not in done.stdout
    return done.stderr


@pytest.mark.parametrize(
    "module, said",
    [("route = '/'", "m.toml:1:1: [[module]] has no `module`"),
     ("route = '/'\nmodule = 'nowhere.wasm'", "m.toml:1:1: module `nowhere.wasm` of the route `/`: cannot read nowhere.wasm"),
     ("route = '/'\nmodule = 'bindle:a/1.0.0'", "m.toml:3:10: `module` is on a bindle server"),
     ("route = '/'\nmodule = 'oci:a:1'", "m.toml:3:10: `module` is in an OCI registry"),
     ("route = '/'\nmodule = 'm.toml'", "m.toml:1:1: module `m.toml` of the route `/`: the file starts with the bytes"),
     ("route = '/'\nmodule = 'unknown-import.wat'", "`env.teleport`"),
     ("route = '/'\nmodule = 'routes-odd.wat'", "its `_routes`: it prints `/lonely`, which is not `SUBPATH ENTRYPOINT`"),
     ("route = '/'\nmodule = 'routes-trap.wat'", "its `_routes`: wasm trap"),
     ("route = '/'\nmodule = 'a", "m.toml:3:")],
)
def test_a_mistake_is_said_with_its_place(binary, tmp_path, module, said):
    for guest in ("unknown-import", "routes-odd", "routes-trap"):
        shutil.copy(GUESTS / f"{guest}.wat", tmp_path)
    (tmp_path / "m.toml").write_text(f"[[module]]\n{module}\n")
    assert said in refusal(binary, tmp_path, "--wagi", "m.toml")


@pytest.mark.parametrize(
    "options, said",
    [(["--wagi", "nowhere.toml"], "cannot read nowhere.toml"),
     (["--wagi", "m.toml", "--env", "NAME"], "--env NAME: write it as NAME=value"),
     (["--wagi", "m.toml", "--env-file", "nowhere"], "--env-file: cannot read nowhere"),
     (["--env", "A=1"], "give --wagi or --bindle"),
     (["--wagi", "m.toml", "--bindle", "a/1", "--bindle-path", "."], "excludes"),
     (["--bindle", "a/1"], "--bindle-path"),
     (["--bindle", "a", "--bindle-path", "."], "--bindle a: write it as NAME/VERSION"),
     (["--bindle", "a/1.0.0", "--bindle-path", "."], "there is no bindle a/1.0.0 in .")],
)
def test_a_bad_option_is_said(binary, tmp_path, options, said):
    shutil.copy(GUESTS / "cat.wat", tmp_path)
    (tmp_path / "m.toml").write_text("[[module]]\nroute = '/'\nmodule = 'cat.wat'\n")
    assert said in refusal(binary, tmp_path, *options)


def test_a_modules_toml_given_as_config_is_pointed_the_right_way(binary, tmp_path):
    (tmp_path / "m.toml").write_text("[[module]]\nroute = '/'\nmodule = 'cat.wat'\n")
    assert "a modules.toml of WAGI is served with --wagi" in refusal(binary, tmp_path, "--config", "m.toml")


# --- Bindles -----------------------------------------------------------------------------------------------------


def write_bindle(folder, identity, parcels):
    """A bindle as a folder; parcels are (name, bytes, media type, features, conditions)."""
    bindle = folder / hashlib.sha256(identity.encode()).hexdigest()
    (bindle / "parcels").mkdir(parents=True)
    name, version = identity.rsplit("/", 1)
    invoice = f"bindleVersion = '1.0.0'\n\n[bindle]\nname = '{name}'\nversion = '{version}'\nauthors = ['me']\n"
    for label, content, media_type, features, conditions in parcels:
        digest = hashlib.sha256(content).hexdigest()
        (bindle / "parcels" / f"{digest}.dat").write_bytes(content)
        invoice += (f"\n[[parcel]]\n[parcel.label]\nsha256 = '{digest}'\nmediaType = '{media_type}'\nname = '{label}'\n"
                    f"size = {len(content)}\n[parcel.label.feature.wagi]\n{features}\n[parcel.conditions]\n{conditions}\n")
    (bindle / "invoice.toml").write_text(invoice + "\n[[group]]\nname = 'files'\n")
    return bindle


def test_a_bindle_is_served(make_server, tmp_path):
    wagi = (GUESTS / "wagi.wat").read_bytes()
    write_bindle(tmp_path, "someone/app/0.1.0-me-1", [
        ("wagi.wasm", wagi, "application/wasm", "file = 'false'\nroute = '/test/...'", "requires = ['files']"),
        ("wagi.wasm", wagi, "application/wasm", "route = '/ep'\nentrypoint = 'on_exact'\nargv = 'x ${ARGS}'", ""),
        ("hidden.wasm", b"not compiled", "application/wasm", "route = '/hidden'", "memberOf = ['files']"),
        ("images/a.png", b"png", "image/png", "file = 'true'", "memberOf = ['files']")])
    server = make_server("-b", "someone/app/0.1.0-me-1", "--bindle-path", str(tmp_path), "-e", "A=1")
    name, _, environment, _ = told(server.get("/test/fizz/buzz"))
    assert (name, environment["PATH_INFO"], environment["SCRIPT_NAME"], environment["A"]) == ("main", "/fizz/buzz", "/test", "1")
    assert told(server.get("/test/exact"))[0] == "exact"
    assert told(server.get("/ep?a&b"))[:2] == ("exact", ["x", "a", "b"])
    assert server.get("/hidden").status == 404
    assert server.get("/healthz").text == "OK"
    assert (server.data / "wagi" / "images" / "a.png").read_bytes() == b"png"


def test_a_parcel_that_was_changed_is_refused(binary, tmp_path):
    cat = (GUESTS / "cat.wat").read_bytes()
    bindle = write_bindle(tmp_path, "app/1.0.0", [("cat.wasm", cat, "application/wasm", "route = '/'", "")])
    parcel = bindle / "parcels" / f"{hashlib.sha256(cat).hexdigest()}.dat"
    parcel.write_bytes(cat + b"\n")
    assert "does not have the SHA-256 of the invoice" in refusal(binary, tmp_path, "-b", "app/1.0.0", "--bindle-path", ".")
