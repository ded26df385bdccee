"""Where clients of clusters sign in: Google's token exchange (RFC 7523) and the UAA of a TKGI, on loopback.

    with LoginServer(tmp_path / "logins", give=lambda: token, users={"ann": "word"}, authority=authority) as logins:
        source = {"gke": {"json_key": logins.google_key(), "kubeconfig": ...}}         # its token_uri leads here
        source = {"tkgi": {"api": logins.url, "cluster": ..., "username": "ann", "password": "word"}}

`give` is asked for a token each time; it is said to last `lifetime` seconds. Without authority it speaks plain HTTP.
"""

import base64
import http.server
import json
import pathlib
import subprocess
import time
import urllib.parse

from support.certificates import Authority, openssl
from support.serving import Serving, tls_context

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EMAIL = "ci@project.iam.example"


class LoginServer(Serving):
    def __init__(self, directory: pathlib.Path, give, users: dict[str, str] | None = None, authority: Authority | None = None,
                 lifetime: int = 3600):
        self.directory, self.give, self.users, self.authority = pathlib.Path(directory), give, users or {}, authority
        self.lifetime = lifetime
        self.requests: list[tuple[str, dict]] = []  # path and form
        self.claims: list[dict] = []  # of assertions that were good
        self.directory.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> "LoginServer":
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        if self.authority:
            server.socket = tls_context(self.authority.issue()).wrap_socket(server.socket, server_side=True)
        return self._serve(server)

    @property
    def url(self) -> str:
        return f"{'https' if self.authority else 'http'}://127.0.0.1:{self._server.server_port}"

    def google_key(self) -> dict:
        """The key file of a service account."""
        key = self.directory / "google.key"
        if not key.exists():
            openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", key)
            openssl("pkey", "-in", key, "-pubout", "-out", self.directory / "google.pub")
        return {"type": "service_account", "project_id": "project", "private_key_id": "1", "private_key": key.read_text(),
                "client_email": EMAIL, "client_id": "1", "token_uri": f"{self.url}/token"}

    def exchange(self, form: dict) -> tuple[int, dict]:
        """Google's answer to an assertion."""
        if form.get("grant_type") != GRANT:
            return 400, {"error": "unsupported_grant_type", "error_description": f"Invalid grant_type: {form.get('grant_type')}"}
        try:
            head, body, signature = form["assertion"].split(".")
            header, claims = (json.loads(_decoded(part)) for part in (head, body))
        except (KeyError, ValueError):
            return _invalid_grant("Invalid JWT: Failed audience check.")
        (self.directory / "signature").write_bytes(_decoded(signature))
        verified = subprocess.run(
            ["openssl", "dgst", "-sha256", "-verify", self.directory / "google.pub", "-signature", self.directory / "signature"],
            input=f"{head}.{body}".encode(), capture_output=True)
        if header.get("alg") != "RS256" or verified.returncode != 0:
            return _invalid_grant("Invalid JWT Signature.")
        if claims.get("iss") != EMAIL:
            return _invalid_grant("Invalid grant: account not found")
        now = time.time()
        if not (now - 3700 < claims.get("iat", 0) <= now + 60 and claims["iat"] < claims.get("exp", 0) <= claims["iat"] + 3600):
            return _invalid_grant("Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.")
        if claims.get("aud") != f"{self.url}/token" or "https://www.googleapis.com/auth/cloud-platform" not in claims.get("scope", ""):
            return _invalid_grant("Invalid JWT: Failed audience check.")
        self.claims.append(claims)
        return 200, {"access_token": self.give(), "expires_in": self.lifetime, "token_type": "Bearer"}

    def sign_in(self, form: dict) -> tuple[int, dict]:
        """UAA's answer to a password; a cluster takes the id_token."""
        if form.get("grant_type") != "password" or form.get("client_id") != "pks_cluster_client":
            return 401, {"error": "unauthorized", "error_description": "Bad client credentials"}
        if form.get("username") not in self.users or self.users[form["username"]] != form.get("password"):
            return 401, {"error": "unauthorized", "error_description": "Bad credentials"}
        return 200, {"access_token": "not-for-the-cluster", "id_token": self.give(), "expires_in": self.lifetime,
                     "token_type": "bearer", "refresh_token": "r"}


def _invalid_grant(why: str) -> tuple[int, dict]:
    return 400, {"error": "invalid_grant", "error_description": why}


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _handler(server: LoginServer):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            form = dict(urllib.parse.parse_qsl(body, keep_blank_values=True))
            server.requests.append((self.path, form))
            answer = {"/token": server.exchange, "/oauth/token": server.sign_in}.get(self.path)
            status, document = answer(form) if answer else (404, {"error": "not_found"})
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_) -> None:
            pass

    return Handler
