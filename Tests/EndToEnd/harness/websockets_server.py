"""An application that speaks WebSocket, with the library most Python applications use."""

import asyncio
import threading

from websockets.asyncio.server import serve


class WebSocketServer:
    """Echoes. "flood" is answered without end, "bye" by a close with 4000. `paths` and `closed` say what came."""

    def __init__(self):
        self.requests = []
        self.closed = []
        self.flooded = 0
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=[ready], daemon=True)
        self._thread.start()
        assert ready.wait(10)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def _run(self, ready):
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve(ready))

    async def _serve(self, ready):
        self._stopped = asyncio.Event()
        async with serve(self._answer, "127.0.0.1", 0, ping_interval=None, max_size=None, close_timeout=2) as server:
            self.port = server.sockets[0].getsockname()[1]
            ready.set()
            await self._stopped.wait()

    async def _answer(self, connection):
        self.requests.append(connection.request)
        try:
            async for message in connection:
                if message == "bye":
                    await connection.close(4000, "bye")
                elif message == "flood":
                    while True:
                        await connection.send(b"x" * 65536)
                        self.flooded += 65536
                else:
                    await connection.send(message)
        except Exception:
            """However it ended: `closed` tells."""
        finally:
            self.closed.append((connection.close_code, connection.close_reason))

    def stop(self):
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(timeout=5)
