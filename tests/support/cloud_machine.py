"""A machine of a cloud: a network of its own in which 169.254.169.254 answers as AWS's and Azure's metadata services do.

    def play() -> None:                      # servers that are started and programs that are run in it are of that network
        with Metadata() as metadata: ...
    in_own_network(play)
"""

import concurrent.futures
import ctypes
import http.server
import json
import os
import subprocess
import urllib.parse

from support.serving import Serving

ADDRESS = "169.254.169.254"
CLONE_NEWNET = 0x40000000


def in_own_network(action):
    """What `action` returns. A network belongs to a thread, and to the threads and processes that it starts."""

    def enter():
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        subprocess.run(["ip", "address", "add", f"{ADDRESS}/32", "dev", "lo"], check=True)
        return action()

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(enter).result()


class Metadata(Serving):
    """IMDSv2 with the keys of a role, and Azure's managed identity."""

    def __init__(self, keys: dict | None = None, identity: dict | None = None):
        self.keys, self.identity = keys, identity
        self.requests: list[str] = []

    def __enter__(self) -> "Metadata":
        return self._serve(http.server.ThreadingHTTPServer((ADDRESS, 80), _handler(self)))

    def answer(self, method: str, path: str, headers) -> tuple[int, str]:
        url = urllib.parse.urlsplit(path)
        if (method, path) == ("PUT", "/latest/api/token"):
            good = 1 <= int(headers.get("X-aws-ec2-metadata-token-ttl-seconds", "0")) <= 21600
            return (200, "the-session") if good else (400, "")
        if url.path.startswith("/latest/meta-data/iam/security-credentials/"):
            if headers.get("X-aws-ec2-metadata-token") != "the-session":
                return 401, ""
            role = url.path.rpartition("/")[2]
            return (200, json.dumps(self.keys)) if role == "worker-role" else (404, "") if role else (200, "worker-role")
        if url.path == "/metadata/identity/oauth2/token":
            query = dict(urllib.parse.parse_qsl(url.query))
            if headers.get("Metadata") != "true" or headers.get("X-Forwarded-For") or query.get("api-version") != "2018-02-01":
                return 400, json.dumps({"error": "invalid_request", "error_description": "Required metadata header not specified"})
            token = (self.identity or {}).get(query.get("client_id", ""))
            if query.get("resource") != "https://management.azure.com" or not token:
                return 400, json.dumps({"error": "invalid_request", "error_description": "Identity not found"})
            return 200, json.dumps({"access_token": token, "expires_in": "86399", "token_type": "Bearer"})
        return 404, ""


def _handler(server: Metadata):
    class Handler(http.server.BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            server.requests.append(f"{self.command} {self.path}")
            status, text = server.answer(self.command, self.path, self.headers)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_PUT = handle_any

        def log_message(self, *_) -> None:
            pass

    return Handler
