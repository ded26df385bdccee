"""A server that is far away: for benchmarks of what round trips cost."""

import asyncio
import threading


class Distance(threading.Thread):
    """A TCP proxy before `upstream` that holds every piece of either direction back for half a round trip; `host` is its own
    once `ready` is set."""

    def __init__(self, upstream: str, seconds: float):
        super().__init__(daemon=True)
        self.upstream, self.half, self.ready = upstream, seconds / 2, threading.Event()

    def run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.host = "127.0.0.1:%d" % server.sockets[0].getsockname()[1]
        self.ready.set()
        await server.serve_forever()

    async def _connected(self, reader, writer) -> None:
        host, _, port = self.upstream.partition(":")
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        await asyncio.gather(self._carry(reader, far_writer), self._carry(far_reader, writer))

    async def _carry(self, reader, writer) -> None:
        loop, queue = asyncio.get_running_loop(), asyncio.Queue()

        async def send() -> None:
            while True:
                due, piece = await queue.get()
                await asyncio.sleep(max(0, due - loop.time()))
                if not piece:
                    return writer.close()
                writer.write(piece)
                await writer.drain()

        sender = asyncio.ensure_future(send())
        try:
            while piece := await reader.read(65536):
                queue.put_nowait((loop.time() + self.half, piece))
        except OSError:
            pass
        queue.put_nowait((loop.time() + self.half, b""))
        try:
            await sender
        except OSError:
            writer.close()
