"""Free ports on loopback, each given away once."""

import socket

_given = set()


def free_port():
    """A port nobody listens on. The process that takes it may still be late: see `Stage.gateway`, which tries again."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port not in _given:
            _given.add(port)
            return port
