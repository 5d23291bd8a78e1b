"""Backends that accept, read and stay silent until they are told to answer."""

import selectors
import socket
import threading


class SlowBackend:
    """Listens on one port of several loopback addresses, so that the server's source ports do not run out."""

    def __init__(self, addresses):
        self.selector = selectors.DefaultSelector()
        self.silent, self.answering = [], False
        self.listeners = []
        self.port = 0
        for address in addresses:
            listener = socket.create_server((address, self.port), backlog=4096)
            self.port = listener.getsockname()[1]
            listener.setblocking(False)
            self.listeners.append(listener)
            self.selector.register(listener, selectors.EVENT_READ, self._accept)
        self.bell, self.bell_rope = socket.socketpair()
        self.selector.register(self.bell, selectors.EVENT_READ, self._answer)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def answer(self):
        """Every connection gets its answer, and so does each that comes later."""
        self.bell_rope.send(b"!")

    def _serve(self):
        while True:
            for key, _ in self.selector.select():
                key.data(key.fileobj)

    def _accept(self, listener):
        for _ in range(256):
            try:
                connection, _ = listener.accept()
            except BlockingIOError:
                return
            self._say(connection) if self.answering else self.silent.append(connection)

    def _answer(self, bell):
        bell.recv(1)
        self.answering = True
        for connection in self.silent:
            self._say(connection)
        self.silent.clear()

    def _say(self, connection):
        connection.sendall(b"pong\n")
        connection.close()
