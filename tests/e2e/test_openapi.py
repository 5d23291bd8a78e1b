"""The OpenAPI document of typed functions: valid, true to what is accepted, and enough for a generator of requests."""

import json
import pathlib
import subprocess

import pytest

from conftest import ROOT
from test_typed import MISMATCHES, TYPED, VALUES, call

# They return errors or fail whatever they are sent.
FAILING = ["calc.spin", "calc.crash", "calc.no-char", "calc.zeros"]
# They return an `err`, a 422, for arguments that fit.
REFUSING = ["calc.divide", "calc.check"]
# schemathesis 4.32 rewrites `prefixItems` of a response to what is no schema; check_openapi.py has it covered.
TUPLES = ["echo.pairs"]


@pytest.fixture(scope="module")
def tools():
    made = subprocess.run([ROOT / "scripts/test_setup.sh"], capture_output=True, text=True, timeout=600)
    assert made.returncode == 0, made.stderr
    return pathlib.Path(made.stdout.strip()) / "bin"


@pytest.fixture
def described(server):
    assert server.deploy("typed", TYPED).status == 201
    return server


def test_what_only_the_server_knows(described):
    described.deploy("a%2Db", TYPED)
    document = described.get("/a%2Db/openapi.json").json
    assert document["info"] == {"title": "a-b", "version": described.show("a-b")["version"]}
    assert document["servers"] == [{"url": "/a%2Db"}]
    head = described.request("HEAD", "/typed/openapi.json")
    assert (head.status, head.headers["Content-Type"], head.body) == (200, "application/json", b"")


def test_a_validator_takes_it_and_it_takes_what_the_server_takes(described, tools):
    document = described.get("/typed/openapi.json").json
    good = [[f"/echo/{name}", {"point" if name == "point-record" else "x": json.loads(value)}]
            for name, values in VALUES.items() if name != "point-record" for value in values]
    twice_or_more = ("given twice", "values in one request")  # what a schema cannot say
    bad = [[f"/{path}", json.loads(body)] for path, body, said in MISMATCHES
           if body and not any(words in said for words in twice_or_more)]
    checked = subprocess.run([tools / "python", ROOT / "tests/e2e/check_openapi.py"], capture_output=True, text=True,
                             timeout=60, input=json.dumps({"document": document, "bodies": good + bad}))
    assert checked.returncode == 0, checked.stderr
    taken = json.loads(checked.stdout)
    assert taken[:len(good)] == [True] * len(good)
    assert [body for body, takes in zip(bad, taken[len(good):]) if takes] == []


def test_schemathesis_finds_nothing(described, tools, tmp_path):
    def run(*options):
        done = subprocess.run(
            [tools / "schemathesis", "run", f"{described.url}/typed/openapi.json", "--checks", "all", "--seed", "1",
             "--max-examples", "20", "--generation-database", "none", "--no-color", *options],
            capture_output=True, text=True, timeout=300, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    excluded = [argument for name in FAILING + REFUSING + TUPLES for argument in ("--exclude-operation-id", name)]
    assert "Selected: 30/37" in run(*excluded)
    included = [argument for name in REFUSING for argument in ("--include-operation-id", name)]
    assert "Selected: 2/37" in run(*included, "--exclude-checks", "positive_data_acceptance")
