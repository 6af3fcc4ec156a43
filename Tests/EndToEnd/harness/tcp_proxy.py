"""A TCP proxy that spoils what passes through it, at the test's word."""

import selectors
import socket
import struct
import threading

from harness.ports import free_port


class TCPProxy:
    """Bytes pass, until told otherwise."""

    def __init__(self, target):
        self.target = target
        self.port = free_port()
        self.delay = 0.0
        self.is_deaf = False
        self._pairs = []
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while not self._closed.is_set():
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self.target), timeout=5)
                far.settimeout(None)
            except OSError:
                continue
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._pairs.append((near, far))
            threading.Thread(target=self._pump, args=(near, far), daemon=True).start()

    def _pump(self, near, far):
        other = {near: far, far: near}
        with selectors.DefaultSelector() as selector:
            for end in other:
                selector.register(end, selectors.EVENT_READ)
            try:
                while selector.get_map():
                    for key, _ in selector.select(timeout=1):
                        data = key.fileobj.recv(65536)
                        while self.is_deaf and not self._closed.wait(0.02):
                            pass
                        if self.delay:
                            self._closed.wait(self.delay)
                        if data:
                            other[key.fileobj].sendall(data)
                        else:
                            selector.unregister(key.fileobj)
                            other[key.fileobj].shutdown(socket.SHUT_WR)
            except (OSError, ValueError):
                pass
        for end in other:
            end.close()

    def cut(self):
        """Resets every connection; new ones are taken."""
        for near, far in self._take():
            for end in (near, far):
                try:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    end.shutdown(socket.SHUT_RD)
                    end.close()
                except OSError:
                    pass

    def half_close(self):
        """Says to the near side of every connection that nothing more will come, and goes on reading."""
        with self._lock:
            for near, _ in self._pairs:
                try:
                    near.shutdown(socket.SHUT_WR)
                except OSError:
                    pass

    def _take(self):
        with self._lock:
            pairs, self._pairs = self._pairs, []
        return pairs

    def stop(self):
        self._closed.set()
        self._listener.close()
        self.cut()
