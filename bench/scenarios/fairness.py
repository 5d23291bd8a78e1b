"""A short function beside one that loops for ever on the same core: what is left to it, and how late it answers."""

import contextlib
import socket
import statistics
import threading
import time

import processes
import stats
import tables
import wrk
from mayfly import GUESTS, WAT_HELLO, Mayfly

QUICK = {"rounds": 5, "seconds": 1}


def arguments(parser):
    parser.add_argument("--connections", type=lambda text: [int(n) for n in text.split(",")], default=[1, 32, 256])
    parser.add_argument("--loops", type=int, default=1, help="endless requests kept in flight on the server's one core")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=3)


class Endless(contextlib.AbstractContextManager):
    """Keeps requests to the endless loop in flight: each ends at its CPU limit and is sent anew."""

    def __init__(self, server, count):
        self.server, self.over = server, False
        self.connections = [server.connect() for _ in range(count)]
        self.threads = [threading.Thread(target=self._keep_busy, args=(c,)) for c in self.connections]
        for thread in self.threads:
            thread.start()
        self._wait_for(count)

    def _keep_busy(self, connection):
        while not self.over:
            try:
                connection.request("GET", "/loop")
            except OSError:
                if not self.over:
                    raise

    def _wait_for(self, count):
        with self.server.connect() as connection:
            while connection.sandboxes() != count:
                time.sleep(0.01)

    def __exit__(self, *_):
        self.over = True
        for connection in self.connections:  # the server cancels what they asked for
            connection.socket.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join()
        self._wait_for(0)


def run(options):
    core, load_core = processes.cores()
    samples = {}
    with Mayfly(options, core) as server:
        server.deploy({"hello": WAT_HELLO, "loop": GUESTS / "loop.wat"})
        for connections in options.connections:
            sample = samples[connections] = {"solo": [], "beside": []}
            for _ in range(options.rounds):
                sample["solo"].append(wrk.run(server.url("hello"), connections, options.seconds, load_core))
                with Endless(server, options.loops):
                    sample["beside"].append(wrk.run(server.url("hello"), connections, options.seconds, load_core))
    rows = []
    for connections, sample in samples.items():
        for which, loads in sample.items():
            middle = {metric: statistics.median(getattr(load, metric) for load in loads) for metric in wrk.METRICS}
            share = stats.paired([load.rps for load in loads], [load.rps for load in sample["solo"]])
            rows.append([f"{tables.connections(connections)}, {which}", f"{middle['rps']:.0f}",
                         share if which == "beside" else "",
                         *(tables.microseconds(middle[metric]) for metric in ("p50", "p99", "p999"))])
    print(tables.table(["", "requests/s", "of solo", "p50", "p99", "p99.9"], rows))
    return {"samples": {n: {which: [vars(load) for load in loads] for which, loads in sample.items()}
                        for n, sample in samples.items()}}
