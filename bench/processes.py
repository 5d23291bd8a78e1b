"""Servers as child processes on a core of their own, and what they use."""

import os
import pathlib
import resource
import socket
import subprocess
import time


def cores():
    """(for the server, for the load generator): the last two that this process may use."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        raise SystemExit("The bench needs two cores: one for the server, one for the load generator.")
    return allowed[-2], allowed[-1]


def raise_descriptor_limit(wanted):
    """Raises the limit of open files, for this process and its children; returns what it is then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = int(pathlib.Path("/proc/sys/fs/nr_open").read_text())
    for limit in (min(max(wanted, hard), most), hard):  # only root may raise the hard limit
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
            return limit
        except (ValueError, PermissionError):
            continue
    return soft


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def proportional(rollup):
    """The bytes that smaps_rollup gives as Pss."""
    return next(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:"))


def _ticks(pid):
    """Of a process and its children that have ended; none of one that has just ended, whose parent has them then."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    return sum(map(int, stat.rsplit(")", 1)[1].split()[11:15]))


class Process:
    """A child that listens on `port`. Ended by its id, never by its name."""

    def __init__(self, command, port, core=None, output=subprocess.DEVNULL, cwd=None, env=None):
        self.port = port
        self.started = time.monotonic()
        pin = (lambda: os.sched_setaffinity(0, {core})) if core is not None else None
        self.child = subprocess.Popen(command, stdout=output, stderr=output, cwd=cwd, env=env,
                                      preexec_fn=pin)

    def wait_until_listening(self, seconds=60):
        """Returns how long it took from its start, in seconds."""
        while time.monotonic() - self.started < seconds:
            if self.child.poll() is not None:
                raise RuntimeError(f"it ended with exit code {self.child.returncode}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return time.monotonic() - self.started
            time.sleep(0.001)
        raise RuntimeError(f"it does not listen after {seconds} s")

    def stop(self):
        self.child.terminate()
        try:
            self.child.wait(timeout=40)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    def cpu_seconds(self):
        """What it and its children, those that have ended too, have used of a core, to a hundredth of a second."""
        pid = self.child.pid
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return sum(map(_ticks, (*children, pid))) / os.sysconf("SC_CLK_TCK")

    def proportional_memory(self):
        """Resident bytes, pages that others map too by their share; None where the kernel does not tell."""
        try:
            text = pathlib.Path(f"/proc/{self.child.pid}/smaps_rollup").read_text()
        except OSError:
            return None
        return proportional(text)

    def mappings(self):
        """How many pieces its address space is in; the kernel allows vm.max_map_count."""
        return len(pathlib.Path(f"/proc/{self.child.pid}/maps").read_text().splitlines())

    def memory(self):
        """Resident bytes: (all, anonymous)."""
        fields = {}
        for line in pathlib.Path(f"/proc/{self.child.pid}/status").read_text().splitlines():
            name, _, value = line.partition(":")
            fields[name] = value
        return tuple(int(fields[name].split()[0]) * 1024 for name in ("VmRSS", "RssAnon"))
