"""A network of one's own, of loopback alone."""

import ctypes
import errno
import fcntl
import os
import pathlib
import socket
import struct

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
CONGESTION_CONTROL = pathlib.Path("/proc/sys/net/ipv4/tcp_congestion_control")


def _unshare(flags):
    if ctypes.CDLL(None, use_errno=True).unshare(flags) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def enter_own(congestion_control):
    """Moves this process and its later children to a network namespace with this congestion control, which the machine's
    network may not have. Returns which one holds now: the machine's, where a process may not make namespaces."""
    try:
        try:
            _unshare(CLONE_NEWNET)
        except OSError as error:
            if error.errno != errno.EPERM:
                raise
            _unshare(CLONE_NEWUSER | CLONE_NEWNET)
        with socket.socket() as any_socket:
            fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP))
        CONGESTION_CONTROL.write_text(congestion_control)
    except OSError:
        pass
    return CONGESTION_CONTROL.read_text().strip()
