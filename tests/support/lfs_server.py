"""A git server with Git LFS: git-http-backend, and the batch API (git-lfs, docs/api/batch.md) beside it, in one port.

`alter(content)` changes what is served, for tests of what a client does with it. `storage` is where the batch API says
that objects are, another LfsServer for one; `ticket` are the headers it says to send there. `api` is where the batch API
is, when it is not beside the repository. `first(handler, path)` may answer a request before anything else and say so by
True; `expiry` goes into each action. `requests` are (method, path, headers).
"""

import base64
import hashlib
import http.server
import json
import pathlib

from support.git_server import http_backend
from support.serving import Serving


def pointer(content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(content)}\n"


class LfsServer(Serving):
    def __init__(self, directory: pathlib.Path, *, user: str | None = None, password: str | None = None):
        self.directory, self.user, self.password = directory, user, password
        self.objects: dict[str, bytes] = {}
        self.batches: list[dict] = []
        self.alter = lambda content: content
        self.storage: LfsServer = self
        self.ticket = {"X-Ticket": "yes"}
        self.api = "/info/lfs"
        self.first = lambda handler, path: False
        self.expiry: dict = {}
        self.requests: list[tuple[str, str, dict]] = []

    def add(self, content: bytes) -> str:
        self.objects[hashlib.sha256(content).hexdigest()] = content
        return pointer(content)

    def __enter__(self) -> "LfsServer":
        return self._serve(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self)))

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def url(self, name: str) -> str:
        return f"{self.base}/{name}.git"


def handler_of(lfs: LfsServer):
    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self, status: int, body: bytes = b"", **headers) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = self.path.partition("?")[0]
            lfs.requests.append((self.command, self.path, dict(self.headers.items())))
            if lfs.first(self, path):
                return None
            if path.startswith("/objects/"):  # signed links of their own: no credentials
                content = lfs.objects.get(path.removeprefix("/objects/"))
                if any(self.headers.get(name) != value for name, value in lfs.ticket.items()):
                    return self.answer(403)
                return self.answer(404) if content is None else self.answer(200, lfs.alter(content))
            if lfs.user is not None:
                wanted = "Basic " + base64.b64encode(f"{lfs.user}:{lfs.password}".encode()).decode()
                if self.headers.get("Authorization") != wanted:
                    return self.answer(401, WWW_Authenticate='Basic realm="git"')
            if path.endswith(f"{lfs.api}/objects/batch"):
                return self.batch(json.loads(body))
            status, headers, content = http_backend(lfs.directory, self.command, self.path, self.headers, body)
            return self.answer(status, content, **headers)

        def batch(self, request: dict) -> None:
            lfs.batches.append(request)
            objects = []
            for wanted in request["objects"]:
                if wanted["oid"] in lfs.objects:
                    action = {"href": f"{lfs.storage.base}/objects/{wanted['oid']}", "header": lfs.ticket, **lfs.expiry}
                    objects.append({**wanted, "actions": {"download": action}})
                else:
                    objects.append({**wanted, "error": {"code": 404, "message": "Object does not exist"}})
            self.answer(200, json.dumps({"transfer": "basic", "objects": objects}).encode(),
                        Content_Type="application/vnd.git-lfs+json")

        do_GET = do_POST = handle_any

        def log_message(self, *_) -> None:
            pass

    return Handler
