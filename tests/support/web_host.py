"""A small web server on loopback for tasks: pages that are looked at, and webhooks, whose requests it keeps."""

import dataclasses
import http.server

from support.serving import Serving


@dataclasses.dataclass(frozen=True)
class Received:
    method: str
    path: str
    content_type: str
    body: bytes


class WebHost(Serving):
    """`status` is what it answers."""

    def __init__(self, status: int = 200):
        self.status = status
        self.received: list[Received] = []

    def __enter__(self) -> "WebHost":
        host = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                host.received.append(Received(self.command, self.path, self.headers.get("Content-Type", ""), body))
                self.send_response(host.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST = answer

            def log_message(self, *_) -> None:
                pass

        return self._serve(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler))

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"
