"""Sends back what it receives, without reading it: what a stream costs before anything is done with it. echo.py PORT"""

import socket
import sys

CHUNK = 256 << 10

with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    buffer = memoryview(bytearray(CHUNK))
    while True:
        connection, _ = server.accept()
        with connection:
            while received := connection.recv_into(buffer):
                connection.sendall(buffer[:received])
