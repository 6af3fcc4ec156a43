"""Both ends of a request for a WebSocket, byte for byte."""


def upgrade(connection, front, path, cookie, *protocols, origin=None):
    """Asks for a tunnel; the head of the answer."""
    fields = [f"Upgrade: {protocol}" for protocol in protocols] + ([f"Cookie: {cookie}"] if cookie else [])
    fields += [f"Origin: {origin}"] if origin else []
    connection.send(
        "\r\n".join(
            [
                f"GET {path} HTTP/1.1",
                f"Host: 127.0.0.1:{front.port}",
                "Connection: Upgrade, X-Forwarded-User",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                "Sec-Fetch-Mode: websocket",
                "Sec-Fetch-Dest: websocket",
                *fields,
                "\r\n",
            ]
        )
    )
    return connection.read_head()


def accept(connection, received):
    """An application that takes whatever is asked for."""
    if not received.all("Upgrade"):
        return connection.reply(b"no tunnel")
    connection.send(
        f"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: {received.all('Upgrade')[0]}\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
    )
    connection.send(b"hello from the application")
    connection.file.read(1)
