"""A registry with the referrers API (distribution-spec v1.1, "Listing Referrers"): docker-registry, which has none, behind
a proxy that keeps the referrers. Debian has no registry that does.

    with ReferrersProxy(registry.host) as proxy:
        proxy.host
"""

import hashlib
import http.client
import http.server
import json
import threading
import urllib.parse

from support.serving import Serving

INDEX = "application/vnd.oci.image.index.v1+json"


class ReferrersProxy(Serving):
    def __init__(self, upstream: str):
        self.upstream = upstream
        self.requests: list[tuple[str, str]] = []
        self.referrers: dict[str, list[dict]] = {}  # by the subject's digest
        self.lock = threading.Lock()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "ReferrersProxy":
        return self._serve(self._server)

    def keep(self, manifest: bytes) -> str | None:
        """The subject of a manifest that was pushed."""
        document = json.loads(manifest)
        subject = document.get("subject", {}).get("digest")
        if subject:
            described = {"mediaType": document["mediaType"], "size": len(manifest),
                         "digest": "sha256:" + hashlib.sha256(manifest).hexdigest(),
                         "artifactType": document.get("artifactType", ""), "annotations": document.get("annotations", {})}
            with self.lock:
                self.referrers.setdefault(subject, []).append(described)
        return subject


def _handler(proxy: ReferrersProxy):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            proxy.requests.append((self.command, self.path))
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            url = urllib.parse.urlsplit(self.path)
            if self.command == "GET" and "/referrers/" in url.path:
                return self.list_referrers(url.path.rpartition("/")[2], urllib.parse.parse_qs(url.query))
            upstream = http.client.HTTPConnection(proxy.upstream, timeout=30)
            try:
                upstream.request(self.command, self.path, body, dict(self.headers.items()))
                answer = upstream.getresponse()
                content = answer.read()
            finally:
                upstream.close()
            subject = None
            if self.command == "PUT" and "/manifests/" in url.path and answer.status == 201:
                subject = proxy.keep(body)
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("connection", "transfer-encoding", "content-length") or self.command == "HEAD":
                    self.send_header(name, value)
            if subject:
                self.send_header("OCI-Subject", subject)
            self.finish_with(content)

        def list_referrers(self, subject: str, query: dict) -> None:
            wanted = query.get("artifactType")
            with proxy.lock:
                found = [entry for entry in proxy.referrers.get(subject, []) if not wanted or entry["artifactType"] in wanted]
            self.send_response_only(200)
            self.send_header("Content-Type", INDEX)
            self.finish_with(json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": found}).encode())

        def finish_with(self, content: bytes) -> None:
            if self.command != "HEAD":
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = handle_any

        def log_message(self, *_) -> None:
            pass

    return Handler
