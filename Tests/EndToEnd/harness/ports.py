"""Free ports on loopback, each given away once."""

import random
import socket

# Below the ports that the kernel gives to whoever asks for any: between our look and the server's bind, many ask.
# 10080, which browsers refuse, is not among them.
_CANDIDATES = range(11_000, 32_000)
_given = set()


def free_port():
    """A port nobody listens on. The process that takes it may still be late: see `Stage.gateway`, which tries again."""
    while True:
        port = random.choice(_CANDIDATES)
        if port in _given:
            continue
        _given.add(port)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
