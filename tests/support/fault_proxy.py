"""A proxy before a real registry that breaks what a test tells it to: statuses, cut bodies in both directions, altered
bytes. It speaks plain HTTP to both sides.

    with FaultProxy(registry.host) as proxy:
        proxy.faults.append(CutResponse("/blobs/", after=1000))
"""

import dataclasses
import http.client
import http.server
import threading
import time

from support.serving import Serving

CHUNK = 65536


@dataclasses.dataclass
class Fault:
    """Strikes `times` requests whose path holds `path` and whose method is `method` (any when empty)."""
    path: str
    method: str = ""
    times: int = 1


@dataclasses.dataclass
class Status(Fault):
    status: int = 503
    headers: dict = dataclasses.field(default_factory=dict)
    body: bytes = b""


@dataclasses.dataclass
class CutResponse(Fault):
    """The connection ends after so many bytes of the answer's body."""
    after: int = 0


@dataclasses.dataclass
class CutRequest(Fault):
    """Both connections end after so many bytes of the request's body."""
    after: int = 0


@dataclasses.dataclass
class SlowRequest(Fault):
    """Each piece of 64 KiB of the request's body is taken after so many seconds; `began` is set with the first."""
    pause: float = 0.2
    began: threading.Event = dataclasses.field(default_factory=threading.Event)
    began_at: float = 0  # by the monotonic clock


@dataclasses.dataclass
class AlterResponse(Fault):
    """One byte of the answer's body is another."""
    at: int = 0


class FaultProxy(Serving):
    def __init__(self, upstream: str):
        self.upstream = upstream
        self.faults: list[Fault] = []
        self.requests: list[tuple[str, str, dict]] = []  # method, path, headers
        self.received = 0  # bytes of request bodies
        self.sent = 0  # bytes of answers' bodies
        self.lock = threading.Lock()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "FaultProxy":
        return self._serve(self._server)

    def take_fault(self, method: str, path: str) -> Fault | None:
        with self.lock:
            for fault in self.faults:
                if fault.times > 0 and fault.path in path and fault.method in ("", method):
                    fault.times -= 1
                    return fault
        return None


def _handler(proxy: FaultProxy):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            with proxy.lock:
                proxy.requests.append((self.command, self.path, dict(self.headers.items())))
            fault = proxy.take_fault(self.command, self.path)
            if isinstance(fault, Status):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                return self.answer_status(fault)
            try:
                self.forward(fault)
            except (OSError, http.client.HTTPException):
                self.close_connection = True

        def answer_status(self, fault: Status) -> None:
            self.send_response(fault.status)
            for name, value in fault.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(fault.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(fault.body)

        def forward(self, fault: Fault | None) -> None:
            upstream = http.client.HTTPConnection(proxy.upstream, timeout=30)
            try:
                # The registry makes its Location headers of Host, so they lead here again.
                upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    upstream.putheader(name, value)
                upstream.endheaders()
                if not self.send_body(upstream, fault):
                    self.close_connection = True
                    return
                self.send_answer(upstream.getresponse(), fault)
            finally:
                upstream.close()

        def send_body(self, upstream, fault: Fault | None) -> bool:
            left = int(self.headers.get("Content-Length", 0))
            if isinstance(fault, CutRequest):
                left = min(left, fault.after)
            while left > 0:
                if isinstance(fault, SlowRequest):
                    fault.began_at = fault.began_at or time.monotonic()
                    fault.began.set()
                    time.sleep(fault.pause)
                chunk = self.rfile.read(min(left, CHUNK))
                if not chunk:
                    return False
                upstream.send(chunk)
                left -= len(chunk)
                with proxy.lock:
                    proxy.received += len(chunk)
            return not isinstance(fault, CutRequest)

        def send_answer(self, response, fault: Fault | None) -> None:
            self.send_response_only(response.status)
            for name, value in response.getheaders():
                if name.lower() not in ("connection", "transfer-encoding"):
                    self.send_header(name, value)
            length = response.getheader("Content-Length")
            if length is None:
                self.send_header("Connection", "close")
                self.close_connection = True
            self.end_headers()
            if self.command == "HEAD":
                return
            position = 0
            while chunk := response.read(CHUNK):
                if isinstance(fault, AlterResponse) and position <= fault.at < position + len(chunk):
                    index = fault.at - position
                    chunk = chunk[:index] + bytes([chunk[index] ^ 1]) + chunk[index + 1:]
                if isinstance(fault, CutResponse) and position + len(chunk) >= fault.after:
                    self.wfile.write(chunk[:fault.after - position])
                    self.wfile.flush()
                    self.close_connection = True
                    return
                self.wfile.write(chunk)
                position += len(chunk)
                with proxy.lock:
                    proxy.sent += len(chunk)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

        def log_message(self, *_) -> None:
            pass

    return Handler
