"""An application that speaks HTTP/2 by prior knowledge, and may do with its streams what real ones do on bad days."""

import socket
import threading

import h2.config
import h2.connection
import h2.events
import h2.settings


class HTTP2Upstream:
    """`on(path, answer)`: `answer(served, stream)` writes what it likes. Without one, the connection's number."""

    def __init__(self, most_streams=None):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.most_streams = most_streams
        self.connections = []
        self.received = []
        self.answers = {}
        threading.Thread(target=self._accept, daemon=True).start()

    def on(self, path, answer):
        self.answers[path] = answer

    def count(self, path):
        return self.received.count(path)

    @property
    def open_connections(self):
        return sum(connection.is_open for connection in self.connections)

    def stop(self):
        self.listener.close()
        for connection in self.connections:
            connection.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            served = Served(self, connection, len(self.connections) + 1)
            self.connections.append(served)
            threading.Thread(target=served.run, daemon=True).start()


class Served:
    """One connection; `http2` is its state, to be told what to send."""

    def __init__(self, upstream, connection, number):
        self.upstream = upstream
        self.socket = connection
        self.number = number
        self.is_open = True
        self.lock = threading.Lock()
        self.http2 = h2.connection.H2Connection(h2.config.H2Configuration(
            client_side=False, header_encoding="utf-8", validate_outbound_headers=False))
        self.http2.initiate_connection()
        if upstream.most_streams:
            self.http2.update_settings({h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: upstream.most_streams})

    def run(self):
        try:
            self.flush()
            while data := self.socket.recv(65536):
                for event in self.http2.receive_data(data):
                    if isinstance(event, h2.events.RequestReceived):
                        path = dict(event.headers)[":path"]
                        self.upstream.received.append(path)
                        self.upstream.answers.get(path, say_number)(self, event.stream_id)
                self.flush()
        except OSError:
            pass
        finally:
            self.close()

    def flush(self):
        with self.lock:
            self.socket.sendall(self.http2.data_to_send())

    def reply(self, stream, body=b"", *fields, trailers=None):
        self.http2.send_headers(stream, [(":status", "200"), *fields])
        self.http2.send_data(stream, body, end_stream=not trailers)
        if trailers:
            self.http2.send_headers(stream, trailers, end_stream=True)
        self.flush()

    def begin(self, stream):
        self.http2.send_headers(stream, [(":status", "200")])
        self.http2.send_data(stream, b"begun ")
        self.flush()

    def finish(self, stream):
        self.http2.send_data(stream, b"ended", end_stream=True)
        self.flush()

    def close(self):
        self.is_open = False
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()


def say_number(served, stream):
    served.reply(stream, str(served.number).encode())
