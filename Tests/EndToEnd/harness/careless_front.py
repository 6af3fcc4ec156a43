"""Proxies in front of the gateway that do what careless ones do."""

import socket
import ssl
import threading

from harness.raw_http import Closed, RawConnection


class Front:
    """Passes each request on, one connection each, after `change(head)` has had its way with it.

    `change` takes and gives the head's lines as bytes, the request line first. It may return a port beside them, and so
    send the request around the gateway; or bytes, which are the answer. `answer` has its way with the answer's bytes.
    """

    def __init__(self, target, change=None, answer=None, host="127.0.0.1", certificate=None):
        self.target = target
        self.change = change or (lambda lines: lines)
        self.answer = answer or (lambda data: data)
        self.listener = socket.create_server((host, 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.tls = None
        if certificate:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(certificate.certificate_file, certificate.key_file)
        self.url = f"{'https' if certificate else 'http'}://{host}:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection):
        connection.settimeout(15)
        data = b""
        try:
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            while b"\r\n\r\n" not in data:
                part = connection.recv(65536)
                if not part:
                    return
                data += part
            head, _, rest = data.partition(b"\r\n\r\n")
            changed = self.change(head.split(b"\r\n"))
            if isinstance(changed, bytes):
                connection.sendall(changed)
                return
            port, lines = changed if isinstance(changed, tuple) else (self.target, changed)
            with RawConnection(port) as onward:
                onward.send(b"\r\n".join(lines) + b"\r\n\r\n" + rest)
                response = onward.read_response(lines[0].split(b" ")[0].decode("latin-1"))
                connection.sendall(self.answer(response.head + b"\r\n\r\n" + response.body))
        except (OSError, Closed):
            pass
        finally:
            connection.close()


def path_of(lines):
    return lines[0].split(b" ")[1].decode("latin-1")


def field(lines, name):
    """The first value of a field, or nothing."""
    for line in lines[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == name.lower().encode():
            return value.strip().decode("latin-1")
    return ""
