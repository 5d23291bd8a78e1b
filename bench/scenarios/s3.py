"""The first execution of an object of a bucket, with nothing of it on this machine: fetched, compiled, run."""

import os
import pathlib
import sys
import tempfile

import stats
import tables
from mayfly import EXAMPLES, ROOT, Mayfly

sys.path.append(str(ROOT / "tests/e2e"))
from s3_server import S3Server  # noqa: E402

OBJECTS = {"hello": EXAMPLES / "hello-exec/hello-exec.wasm", "s3": EXAMPLES / "s3/s3.wasm"}
INPUTS = {"hello": b'{"name":"Ada"}', "s3": b'{"bucket":"functions"}'}  # it may not connect, and says so
QUICK = {"restarts": 2}


def arguments(parser):
    parser.add_argument("--restarts", type=int, default=15)


def _execute(server, name):
    with server.connect() as connection:
        status, body, seconds = connection.request("POST", f"/exec/functions/{name}", INPUTS[name], "application/json")
        if status != 200:
            raise RuntimeError(f"/exec/functions/{name}: {status} {body[:300]!r}")
        return seconds * 1e6


def run(options):
    samples = {name: {"first": [], "second": []} for name in OBJECTS}
    with tempfile.TemporaryDirectory(prefix="mayfly-bench-s3-") as folder:
        store = S3Server(pathlib.Path(folder)).start()
        try:
            store.make_bucket("functions")
            for name, file in OBJECTS.items():
                store.request("PUT", f"/functions/{name}", file.read_bytes())
            for _ in range(options.restarts):
                for name in OBJECTS:
                    with Mayfly(options, None, "--store", "s3://", env={**os.environ, **store.environment()}) as server:
                        samples[name]["first"].append(_execute(server, name))
                        samples[name]["second"].append(_execute(server, name))
        finally:
            store.stop()
    rows = [[f"{name}, {OBJECTS[name].stat().st_size / 1000:.0f} kB: {which} execution", len(times),
             *(tables.microseconds(stats.quantile(times, q)) for q in (0.5, 0.9, 1))]
            for name, both in samples.items() for which, times in both.items()]
    print(tables.table(["", "restarts", "p50", "p90", "max"], rows))
    return {"samples_us": samples}
