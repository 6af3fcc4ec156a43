"""An address of the machine's own beside 127.0.0.1, for a machine without a network. It takes root."""

import fcntl
import socket
import struct

_SIOCSIFADDR, _SIOCGIFFLAGS, _SIOCSIFFLAGS, _UP = 0x8916, 0x8913, 0x8914, 1
_NAME = b"lo:gatehouse"


class SecondAddress:
    """Nobody routes to it (RFC 5737), and it is not of 127/8."""

    address = "192.0.2.77"

    def __init__(self):
        address = struct.pack("=HH4s8x", socket.AF_INET, 0, socket.inet_aton(self.address))
        self._ask(_SIOCSIFADDR, struct.pack("16s16s", _NAME, address))
        flags = struct.unpack("16sH", self._ask(_SIOCGIFFLAGS, struct.pack("16sH", _NAME, 0)))[1]
        self._ask(_SIOCSIFFLAGS, struct.pack("16sH", _NAME, flags | _UP))

    def stop(self):
        self._ask(_SIOCSIFFLAGS, struct.pack("16sH", _NAME, 0))

    @staticmethod
    def _ask(request, value):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            return fcntl.ioctl(any_socket, request, value.ljust(40, b"\0"))[:18]
