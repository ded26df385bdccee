"""A proxy before a kube-apiserver that breaks what a test tells it to. It ends TLS with a certificate of its own CA and
speaks TLS to the apiserver, so a client that trusts `proxy.ca` and has a token sees nothing of it. (A client certificate
does not get through.)

    with KubeProxy(server, tmp_path / "proxy") as proxy:
        config = server.kubeconfig(token=token, address=proxy.address, ca=proxy.ca)
        proxy.faults.append(Status("/images/app", method="PATCH", status=409, body=proxy.status_body(409, "Conflict")))
        proxy.faults.append(WatchError("/builds"))            # HTTP 200, {"type": "ERROR", ... "code": 410}
        proxy.faults.append(Cut("/log", after=1000))          # the connection ends after so many bytes of the body
        proxy.lose(); proxy.restore()                         # refused, or lose(silent=True): no answer at all
        proxy.count("GET", "/builds"), proxy.requests         # what was asked for

A fault strikes `times` requests whose path (with its query) holds `path` and whose method is `method`, after the first
`skip` of them; those that an earlier fault struck do not count.
"""

import contextlib
import dataclasses
import http.client
import http.server
import json
import pathlib
import select
import socket
import ssl
import threading
import time

from support.certificates import Authority

CHUNK = 65536


@dataclasses.dataclass
class Fault:
    path: str | tuple  # or several parts of it: ("/images", "watch=true")
    method: str = ""
    times: int = 1
    skip: int = 0
    struck: threading.Event = dataclasses.field(default_factory=threading.Event)

    @property
    def parts(self) -> tuple:
        return self.path if isinstance(self.path, tuple) else (self.path,)


@dataclasses.dataclass
class Status(Fault):
    """This answer, and the apiserver hears nothing. after=True: it is asked, and its answer thrown away."""
    status: int = 503
    headers: dict = dataclasses.field(default_factory=dict)
    body: bytes = b""
    content_type: str = "application/json"
    after: bool = False


@dataclasses.dataclass
class Cut(Fault):
    """The connection ends after so many bytes of the answer's body; with end=True the body ends as if it were whole."""
    after: int = 0
    end: bool = False


@dataclasses.dataclass
class Drop(Fault):
    """The connection ends before an answer; with after=True the apiserver has done what was asked."""
    after: bool = False


@dataclasses.dataclass
class Hold(Fault):
    """The request waits for release() before it goes to the apiserver."""
    _released: threading.Event = dataclasses.field(default_factory=threading.Event)

    def release(self) -> None:
        self._released.set()


@dataclasses.dataclass
class Slow(Fault):
    """Each piece of a streamed answer comes so many seconds late: what one watch tells comes after what another does."""
    pause: float = 0.5


@dataclasses.dataclass
class WatchError(Fault):
    """A watch goes on for `events` events and then sends an error event: HTTP 200 with code 410 in it."""
    events: int = 0
    code: int = 410
    reason: str = "Expired"

    def __post_init__(self) -> None:
        self.line = json.dumps({"type": "ERROR", "object": status_document(
            self.code, self.reason, "too old resource version: 1 (2)")}).encode() + b"\n"


@dataclasses.dataclass
class WatchGarbage(Fault):
    """A watch goes on for `events` events and then sends these bytes, and ends."""
    events: int = 0
    line: bytes = b"<html>not an event</html>\n"


@dataclasses.dataclass
class Alter(Fault):
    """The answer's whole body is what `change` makes of it. Not for what is streamed."""
    change: object = None


def status_document(code: int, reason: str, message: str = "") -> dict:
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message or reason,
            "reason": reason, "code": code}


class KubeProxy:
    def __init__(self, server, directory: pathlib.Path):
        self.server = server  # a KubeServer
        self.faults: list[Fault] = []
        self.requests: list[tuple[str, str]] = []  # method and path with query, in the order they came
        self.delay = 0.0  # seconds before each request is passed on: the way there and back
        self.sent = 0  # bytes of answers' bodies
        self.lock = threading.Lock()
        self._authority = Authority(pathlib.Path(directory))
        self._files = self._authority.issue()
        self._live: set[socket.socket] = set()
        self._http: http.server.ThreadingHTTPServer | None = None
        self._lost = threading.Event()
        self._port = 0

    def __enter__(self) -> "KubeProxy":
        self._listen()
        return self

    def __exit__(self, *_) -> None:
        self._lost.clear()
        for fault in self.faults:
            if isinstance(fault, Hold):
                fault.release()
        self._close()
        self.cut_all()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._port}"

    @property
    def ca(self) -> pathlib.Path:
        return self._authority.certificate

    @staticmethod
    def status_body(code: int, reason: str, message: str = "") -> bytes:
        return json.dumps(status_document(code, reason, message)).encode()

    def count(self, method: str, part: str) -> int:
        return sum(given == method and part in path for given, path in list(self.requests))

    def cut_all(self) -> None:
        """Every connection ends now, whatever is on it; new ones are taken."""
        with self.lock:
            live = list(self._live)
        for connection in live:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def lose(self, silent: bool = False) -> None:
        """The apiserver is lost: connections end and new ones are refused; silent: none ends and nothing comes."""
        self._lost.set()
        if not silent and self._http:
            self._close()
            self.cut_all()

    def restore(self) -> None:
        self._lost.clear()
        if not self._http:
            self._listen()

    def take_fault(self, method: str, path: str) -> Fault | None:
        with self.lock:
            self.requests.append((method, path))
            for fault in self.faults:
                if fault.times > 0 and all(part in path for part in fault.parts) and fault.method in ("", method):
                    if fault.skip > 0:
                        fault.skip -= 1
                        continue
                    fault.times -= 1
                    fault.struck.set()
                    return fault
        return None

    def swallow(self, client: socket.socket) -> None:
        """While it is lost silently, nothing moves until it is restored or the client goes."""
        while self._lost.is_set():
            readable, _, _ = select.select([client], [], [], 0.1)
            if readable and not client.recv(1, socket.MSG_PEEK):
                raise ConnectionResetError
            time.sleep(0.02)

    def _listen(self) -> None:
        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_) -> None:
                pass  # a client that does not trust this CA, or went

        self._http = Server(("127.0.0.1", self._port), _handler(self))
        self._port = self._http.server_port
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def _close(self) -> None:
        if self._http:
            # server_close of a threading server would wait for its connections.
            self._http.shutdown()
            self._http.socket.close()
            self._thread.join()
            self._http = None


def _handler(proxy: KubeProxy):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*proxy._files)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        upstream: http.client.HTTPSConnection | None = None

        def setup(self) -> None:
            self.request.settimeout(600)
            if proxy._lost.is_set():
                proxy.swallow(self.request)
            self.request = context.wrap_socket(self.request, server_side=True)
            self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with proxy.lock:
                proxy._live.add(self.request)
            super().setup()

        def finish(self) -> None:
            with proxy.lock:
                proxy._live.discard(self.request)
            if self.upstream:
                self.upstream.close()
            with contextlib.suppress(OSError):
                super().finish()

        def handle(self) -> None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                super().handle()

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fault = proxy.take_fault(self.command, self.path)
            if proxy.delay:
                time.sleep(proxy.delay)
            if proxy._lost.is_set():
                proxy.swallow(self.request)
            if isinstance(fault, Hold):
                fault._released.wait(600)
            if isinstance(fault, Status):
                if fault.after:
                    self.ask(body).read()
                return self.answer(fault)
            if isinstance(fault, Drop):
                if fault.after:
                    self.ask(body).read()
                return self.end()
            self.pass_on(self.ask(body), fault)

        def answer(self, fault: Status) -> None:
            self.send_response(fault.status)
            for name, value in {"Content-Type": fault.content_type, **fault.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(fault.body)))
            self.end_headers()
            self.wfile.write(fault.body)

        def ask(self, body: bytes) -> http.client.HTTPResponse:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
            for attempt in (1, 2):
                self.upstream = self.upstream or proxy.server.admin.connect(600)
                try:
                    self.upstream.request(self.command, self.path, body or None, headers)
                    return self.upstream.getresponse()
                except (OSError, http.client.HTTPException):
                    # The apiserver has closed an idle connection, or is gone.
                    self.upstream.close()
                    self.upstream = None
                    if attempt == 2 or self.command not in ("GET", "HEAD"):
                        raise
            raise AssertionError("not reached")

        def pass_on(self, response: http.client.HTTPResponse, fault: Fault | None) -> None:
            whole = None
            if isinstance(fault, Alter):
                whole = fault.change(response.read())
            self.send_response_only(response.status)
            for name, value in response.getheaders():
                if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                    self.send_header(name, value)
            length = response.getheader("Content-Length") if whole is None else str(len(whole))
            streamed = length is None
            self.send_header(*(("Transfer-Encoding", "chunked") if streamed else ("Content-Length", length)))
            self.end_headers()
            if whole is not None:
                self.wfile.write(whole)
                return
            if self.command == "HEAD" or response.status in (204, 304):
                return
            self.copy(response, fault, streamed)

        def copy(self, response, fault: Fault | None, streamed: bool) -> None:
            lines = isinstance(fault, (WatchError, WatchGarbage))
            left = fault.events if lines else fault.after if isinstance(fault, Cut) else None
            while left is None or left > 0:
                piece = response.readline() if lines else response.read1(CHUNK if left is None else min(left, CHUNK))
                if proxy._lost.is_set():
                    proxy.swallow(self.request)
                if not piece:
                    break
                if isinstance(fault, Slow):
                    time.sleep(fault.pause)
                self.write(piece, streamed)
                left = left if left is None else left - (1 if lines else len(piece))
            if lines:
                self.write(fault.line, streamed)
            if isinstance(fault, Cut) and not (fault.end and streamed):
                return self.end()
            if streamed:
                self.wfile.write(b"0\r\n\r\n")
            if not response.isclosed():  # what is left of it is not wanted
                self.upstream.close()
                self.upstream = None

        def write(self, piece: bytes, streamed: bool) -> None:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if streamed else piece)
            with proxy.lock:
                proxy.sent += len(piece)

        def end(self) -> None:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.wfile.flush()
                socket.socket.shutdown(self.request, socket.SHUT_RDWR)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

        def log_message(self, *_) -> None:
            pass

    return Handler
