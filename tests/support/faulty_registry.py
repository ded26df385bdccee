"""A registry that serves images made by hand and misbehaves on demand, where a real one could not be brought to.

    with FaultyRegistry() as registry:
        digest = registry.add_image("app", "latest", [layer([("etc/motd", b"hello")])])
        registry.fault = lambda request: Answer(503) if "blobs" in request.path else None
"""

import dataclasses
import gzip
import hashlib
import http.server
import io
import json
import tarfile
import time

from support.serving import Serving, tls_context

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


@dataclasses.dataclass
class Request:
    method: str
    path: str
    headers: dict


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict = dataclasses.field(default_factory=dict)
    body: bytes = b""
    # Sent a byte at a time with this many seconds between, for a transfer in whose middle something happens.
    pause: float = 0


def digest_of(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def layer(entries: list) -> bytes:
    """A tar of (name, bytes), (name, "-> target") for a symbolic link, or (name, None) for a directory."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, content in entries:
            info = tarfile.TarInfo(name)
            info.mode = 0o755 if content is None else 0o644
            if content is None:
                info.type = tarfile.DIRTYPE
                tar.addfile(info)
            elif isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content.removeprefix("-> ")
                tar.addfile(info)
            else:
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


class FaultyRegistry(Serving):
    def __init__(self, certificate=None):
        """`certificate` is a pair of files, certificate and key, for TLS."""
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[tuple[str, str], bytes] = {}
        self.requests: list[Request] = []
        self.fault = lambda request: None
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self))
        if certificate:
            self._server.socket = tls_context(certificate).wrap_socket(self._server.socket, server_side=True)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "FaultyRegistry":
        return self._serve(self._server)

    def add_blob(self, content: bytes) -> dict:
        self.blobs[digest_of(content)] = content
        return {"digest": digest_of(content), "size": len(content)}

    def add_image(self, repository: str, tag: str, layers: list[bytes], config: dict | None = None) -> str:
        """Uncompressed layers; the manifest's digest."""
        text = {"architecture": "amd64", "os": "linux", "config": config or {},
                "rootfs": {"type": "layers", "diff_ids": [digest_of(tar) for tar in layers]}}
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST,
                    "config": {"mediaType": CONFIG, **self.add_blob(json.dumps(text).encode())},
                    "layers": [{"mediaType": LAYER, **self.add_blob(gzip.compress(tar, mtime=0))} for tar in layers]}
        return self.add_manifest(repository, tag, json.dumps(manifest).encode())

    def add_manifest(self, repository: str, tag: str, manifest: bytes) -> str:
        digest = digest_of(manifest)
        for name in (tag, digest):
            self.manifests[repository, name] = manifest
        return digest

    def answer(self, request: Request) -> Answer:
        self.requests.append(request)
        wrong = self.fault(request)
        if wrong is not None:
            return wrong
        path = request.path.split("?")[0]
        if path in ("/v2", "/v2/"):
            return Answer(200, {"Content-Type": "application/json"}, b"{}")
        if request.method in ("GET", "HEAD") and "/manifests/" in path:
            repository, _, name = path.removeprefix("/v2/").partition("/manifests/")
            manifest = self.manifests.get((repository, name))
            if manifest is not None:
                return Answer(200, {"Content-Type": MANIFEST, "Docker-Content-Digest": digest_of(manifest)}, manifest)
            return Answer(404, {"Content-Type": "application/json"}, b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}')
        if request.method == "POST" and path.endswith("/blobs/uploads/"):
            return Answer(201, {}, b"")  # a mount, by which a put proves that it may write
        blob = self.blobs.get(path.rpartition("/blobs/")[2])
        if request.method in ("GET", "HEAD") and blob is not None:
            return Answer(200, {"Content-Type": "application/octet-stream"}, blob)
        return Answer(404, {"Content-Type": "application/json"}, b'{"errors":[{"code":"BLOB_UNKNOWN"}]}')


def handler_of(registry: FaultyRegistry):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = registry.answer(Request(self.command, self.path, dict(self.headers.items())))
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if self.command == "HEAD":
                return
            try:
                if not answer.pause:
                    self.wfile.write(answer.body)
                for index in range(len(answer.body) if answer.pause else 0):
                    self.wfile.write(answer.body[index:index + 1])
                    self.wfile.flush()
                    time.sleep(answer.pause)
            except OSError:
                self.close_connection = True  # the other side went away, which some tests are about

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

        def log_message(self, *_) -> None:
            pass

    return Handler
