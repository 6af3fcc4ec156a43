"""A name server that knows one address for every name, and says for how long it is good."""

import socket
import struct
import tempfile
import threading

_A, _AAAA, _IN = 1, 28, 1


class NameServer:
    """Listens on port 53 of a loopback address of its own, which takes root."""

    def __init__(self, address, life):
        self.address = address
        self.life = life
        self.questions = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.153", 53))
        self._file = tempfile.NamedTemporaryFile("w", prefix="resolv-")
        self._file.write("nameserver 127.0.0.153\noptions timeout:1 attempts:2\n")
        self._file.flush()
        self._socket.settimeout(0.1)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def wrapper(self):
        """Runs a program for which this is the system's name server, and nobody else is touched."""
        mount = f'mount --bind {self._file.name} /etc/resolv.conf && exec "$@"'
        return ["unshare", "--mount", "sh", "-c", mount, "sh"]

    def _serve(self):
        while not self._stopping.is_set():
            try:
                question, client = self._socket.recvfrom(4096)
            except TimeoutError:
                continue
            self._socket.sendto(self._answer(question), client)

    def _answer(self, packet):
        end = packet.index(b"\0", 12) + 1
        kind, _ = struct.unpack("!HH", packet[end : end + 4])
        self.questions.append((packet[12:end], kind))
        records = b""
        if kind == _A:
            address = socket.inet_aton(self.address)
            # The name is the question's (RFC 1035, 4.1.4).
            records = struct.pack("!HHHIH", 0xC00C, _A, _IN, self.life, len(address)) + address
        # A response, recursion wished for and had, no error.
        head = packet[:2] + struct.pack("!HHHHH", 0x8180, 1, 1 if records else 0, 0, 0)
        return head + packet[12 : end + 4] + records

    def stop(self):
        # The port is free only when nobody reads from it any more.
        self._stopping.set()
        self._thread.join()
        self._socket.close()
        self._file.close()
