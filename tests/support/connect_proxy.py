"""A HTTP proxy on loopback: CONNECT to wherever it is asked to, and plain requests for http addresses. With user and
password it wants them, by Basic authentication.

    with ConnectProxy(user="ann", password="x") as proxy:
        proxy.port; proxy.connected                     # ["127.0.0.1:443", ...], in the order they came

With `routes` it leads each of these places to a port of this machine, and no other one anywhere.
"""

import base64
import contextlib
import http.client
import http.server
import select
import socket
import urllib.parse

from support.serving import Serving


class ConnectProxy(Serving):
    def __init__(self, *, user: str | None = None, password: str | None = None, routes: dict[str, int] | None = None):
        self.routes = routes
        self.wanted = None if user is None else "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self.connected: list[str] = []
        self.forwarded: list[str] = []
        self.refused = 0

    def __enter__(self) -> "ConnectProxy":
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self))
        self.port = server.server_port
        return self._serve(server)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def relay(one: socket.socket, other: socket.socket) -> None:
    while True:
        ready, _, _ = select.select([one, other], [], [], 60)
        if not ready:
            return
        for source in ready:
            data = source.recv(65536)
            if not data:
                return
            (other if source is one else one).sendall(data)


def handler_of(proxy: ConnectProxy):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def authorized(self) -> bool:
            if proxy.wanted in (None, self.headers.get("Proxy-Authorization")):
                return True
            proxy.refused += 1
            self.send_response_only(407)
            for name, value in (("Proxy-Authenticate", 'Basic realm="proxy"'), ("Content-Length", "0"), ("Connection", "close")):
                self.send_header(name, value)
            self.end_headers()
            self.close_connection = True
            return False

        def do_CONNECT(self) -> None:
            if not self.authorized():
                return
            host, _, port = self.path.rpartition(":")
            if proxy.routes is not None:
                host, port = "127.0.0.1", proxy.routes.get(self.path, 0)
            proxy.connected.append(self.path)
            self.close_connection = True
            try:
                upstream = socket.create_connection((host.strip("[]"), int(port)), timeout=10)
            except OSError:
                self.send_response_only(502)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            with upstream, contextlib.suppress(OSError):
                self.send_response_only(200)
                self.end_headers()
                relay(self.connection, upstream)

        def forward(self) -> None:
            if not self.authorized():
                return
            target = urllib.parse.urlsplit(self.path)
            proxy.forwarded.append(self.path)
            upstream = http.client.HTTPConnection(target.netloc, timeout=30)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name: value for name, value in self.headers.items() if not name.lower().startswith("proxy-")}
            upstream.request(self.command, urllib.parse.urlunsplit(("", "", *target[2:])), body, headers)
            response = upstream.getresponse()
            content = response.read()
            self.send_response_only(response.status)
            for name, value in response.getheaders():
                if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            upstream.close()

        do_GET = do_POST = forward

        def log_message(self, *_) -> None:
            pass

    return Handler
