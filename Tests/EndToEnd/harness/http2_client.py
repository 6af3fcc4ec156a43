"""HTTP/2 as frames on a socket, by a library that lets itself be told to send what no client would."""

import socket

import h2.config
import h2.connection
import h2.events
import h2.exceptions


class HTTP2Client:
    """One connection by prior knowledge, or over a socket that has shaken hands. Use it in a `with` block."""

    def __init__(self, port, sock=None, timeout=15):
        self.socket = sock or socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.settimeout(timeout)
        config = h2.config.H2Configuration(
            client_side=True, header_encoding="utf-8", validate_outbound_headers=False,
            normalize_outbound_headers=False, validate_inbound_headers=True,
        )
        self.connection = h2.connection.H2Connection(config)
        self.connection.initiate_connection()
        self.flush()
        self.answers = {}
        self.resets = {}
        self.goaway = None
        # The one that the last GOAWAY names.
        self.last_stream = None
        self.closed = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def flush(self):
        self.send_raw(self.connection.data_to_send())

    def send_raw(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            self.closed = True

    def headers(self, host, path="/", method="GET", scheme="http"):
        return [(":method", method), (":scheme", scheme), (":authority", host), (":path", path)]

    def request(self, headers, body=None, end=True, trailers=None):
        """Sends a request, its body as one or more pieces; gives its stream's number."""
        stream = self.connection.get_next_available_stream_id()
        pieces = [] if body is None else body if isinstance(body, list) else [body]
        self.connection.send_headers(stream, headers, end_stream=end and not pieces and not trailers)
        for index, piece in enumerate(pieces):
            self.connection.send_data(stream, piece, end_stream=end and not trailers and index == len(pieces) - 1)
        if trailers:
            self.connection.send_headers(stream, trailers, end_stream=True)
        self.flush()
        return stream

    def read(self):
        """Takes what has come. False: the other side has closed."""
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        if not data:
            self.closed = True
            return False
        try:
            events = self.connection.receive_data(data)
        except h2.exceptions.ProtocolError:
            self.closed = True
            return False
        for event in events:
            self._take(event)
        self.flush()
        return True

    def _take(self, event):
        answer = self.answers.setdefault(getattr(event, "stream_id", None), Answer())
        if isinstance(event, h2.events.InformationalResponseReceived):
            answer.interim.append(dict(event.headers)[":status"])
        elif isinstance(event, h2.events.ResponseReceived):
            answer.headers = list(event.headers)
        elif isinstance(event, h2.events.TrailersReceived):
            answer.trailers = list(event.headers)
        elif isinstance(event, h2.events.DataReceived):
            answer.body += event.data
            self.connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            answer.complete = True
        elif isinstance(event, h2.events.StreamReset):
            self.resets[event.stream_id] = int(event.error_code)
        elif isinstance(event, h2.events.ConnectionTerminated):
            self.goaway = int(event.error_code)
            self.last_stream = event.last_stream_id

    def answer(self, stream):
        """The whole answer; None when the stream was reset or the connection ended instead."""
        while not (stream in self.answers and self.answers[stream].complete):
            if stream in self.resets or not self.read():
                return None
        return self.answers[stream]

    def until_closed(self):
        while self.read():
            pass


class Answer:
    def __init__(self):
        self.headers = []
        self.trailers = []
        self.interim = []
        self.body = b""
        self.complete = False

    @property
    def status(self):
        return int(dict(self.headers)[":status"])

    def header(self, name):
        values = [value for key, value in self.headers if key == name]
        assert len(values) <= 1
        return values[0] if values else None


def frame(kind, flags, stream, payload):
    """Any frame, right or wrong."""
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload



def read_frame(connection):
    """The next frame on a raw connection: type, flags, stream, payload."""
    head = connection.exactly(9)
    return head[3], head[4], int.from_bytes(head[5:], "big"), connection.exactly(int.from_bytes(head[:3], "big"))
