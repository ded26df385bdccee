"""A git server of smart HTTP and version 2 that says what a test wants it to say, byte for byte. It looks at nothing but
the command of a request.

    with HostileGitServer(head, pack) as server:
        server.answers["fetch"] = packets(b"packfile\n", *bands(pack)) + b"zzzz"
        server.first = lambda request: Answer(403)      # before anything else; None lets the request through
"""

import dataclasses
import http.server
import threading
from collections.abc import Callable

from support.serving import Serving

FLUSH, DELIMITER = b"0000", b"0001"
CAPABILITIES = (b"version 2\n", b"agent=git/hostile\n", b"ls-refs=unborn\n", b"fetch=shallow filter\n", b"object-format=sha1\n")


def packet(payload: bytes) -> bytes:
    return b"%04x" % (len(payload) + 4) + payload


def packets(*payloads: bytes) -> bytes:
    return b"".join(map(packet, payloads))


def bands(pack: bytes, band: int = 1) -> list[bytes]:
    return [bytes([band]) + pack[i:i + 65515] for i in range(0, len(pack), 65515)]


def ref_lines(head: str) -> list[bytes]:
    return [f"{head} HEAD symref-target:refs/heads/main\n".encode(), f"{head} refs/heads/main\n".encode()]


@dataclasses.dataclass
class Request:
    method: str
    path: str
    headers: dict
    body: bytes
    command: str  # "advertise", "ls-refs" or "fetch"


@dataclasses.dataclass
class Answer:
    status: int = 200
    headers: dict = dataclasses.field(default_factory=dict)
    body: bytes = b""
    pause: float = 0  # seconds before each byte of the body, or before each of the pieces
    pieces: list[bytes] = dataclasses.field(default_factory=list)  # instead of the body
    silent: bool = False  # never a byte
    endless: bytes = b""  # comes after the body, again and again


class HostileGitServer(Serving):
    def __init__(self, head: str, pack: bytes = b"", *, lines: list[bytes] | None = None):
        self.answers = {
            "advertise": packets(*CAPABILITIES) + FLUSH,
            "ls-refs": packets(*(ref_lines(head) if lines is None else lines)) + FLUSH,
            "fetch": packets(b"packfile\n", *bands(pack)) + FLUSH,
        }
        self.first: Callable[[Request], Answer | None] = lambda request: None
        self.requests: list[Request] = []
        self.ending = threading.Event()

    def __enter__(self) -> "HostileGitServer":
        return self._serve(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self)))

    def __exit__(self, *_) -> None:
        self.ending.set()
        super().__exit__()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}/app.git"


def handler_of(hostile: HostileGitServer):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            command = "fetch" if b"command=fetch" in body else "ls-refs" if b"command=ls-refs" in body else "advertise"
            request = Request(self.command, self.path, dict(self.headers.items()), body, command)
            hostile.requests.append(request)
            self.send(hostile.first(request) or Answer(200, {}, hostile.answers[command]), command)

        def send(self, answer: Answer, command: str) -> None:
            if answer.silent:
                hostile.ending.wait()
                self.close_connection = True
                return
            kind = "advertisement" if command == "advertise" else "result"
            self.send_response_only(answer.status)
            headers = {"Content-Type": f"application/x-git-upload-pack-{kind}", "Content-Length": str(len(answer.body)),
                       **answer.headers}
            if answer.endless or answer.pieces:
                headers |= {"Connection": "close"}
                del headers["Content-Length"]
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                if not answer.pause:
                    self.wfile.write(answer.body)
                    while answer.endless and not hostile.ending.is_set():
                        self.wfile.write(answer.endless)
                    self.close_connection = self.close_connection or bool(answer.endless)
                    return
                for piece in answer.pieces or [bytes([byte]) for byte in answer.body]:
                    self.wfile.write(piece)
                    if hostile.ending.wait(answer.pause):
                        break
            except OSError:  # the client has had enough
                pass
            self.close_connection = True

        do_GET = do_POST = handle_any

        def log_message(self, *_) -> None:
            pass

    return Handler
