"""docker-registry on a loopback port of its own: plain, with passwords, with TLS, with tokens; always stopped.

    with RegistryServer(tmp_path / "registry", username="robot", password="word") as registry:
        registry.host  # "127.0.0.1:41234"
"""

import base64
import contextlib
import hashlib
import http.server
import json
import pathlib
import re
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

from support.certificates import Authority, openssl
from support.serving import Serving


class RegistryServer:
    """`authority` means TLS with a certificate of it; `tokens` means that the token server decides who may what. `cache` is
    the memory of descriptors that the package's own configuration has: for who changes nothing behind the registry's back."""

    def __init__(self, directory: pathlib.Path, username: str = "", password: str = "", authority: Authority | None = None,
                 tokens: "TokenServer | None" = None, cache: bool = False):
        self.directory = pathlib.Path(directory)
        self.cache = cache
        self.username, self.password = username, password
        self.authority, self.tokens = authority, tokens
        self.host = ""

    @property
    def source(self) -> dict:
        """What a resource's source needs to reach it, without the repository."""
        source = {"username": self.username, "password": self.password} if self.username else {}
        return {**source, "ca_certs": [self.authority.certificate.read_text()]} if self.authority else source

    @property
    def data(self) -> pathlib.Path:
        return self.directory / "data"

    def __enter__(self) -> "RegistryServer":
        self.directory.mkdir(parents=True)
        self.data.mkdir()
        # Between the choice of a port and its use another program may take it: then another is chosen.
        for _ in range(5):
            self.host = f"127.0.0.1:{free_port()}"
            (self.directory / "config.yml").write_text(json.dumps(self._configuration()))  # JSON is YAML
            self.start()
            if self._answers():
                return self
        raise RuntimeError(f"docker-registry does not answer:\n{(self.directory / 'log').read_text()[-2000:]}")

    def start(self) -> None:
        """Again on the same port, after stop(); it answers a moment later."""
        with (self.directory / "log").open("wb") as log:
            self._process = subprocess.Popen(["docker-registry", "serve", str(self.directory / "config.yml")],
                                             stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def stop(self) -> None:
        self.__exit__()

    def __exit__(self, *_) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def blob(self, digest: str) -> pathlib.Path:
        """The file that holds a blob's bytes."""
        name = digest.partition(":")[2]
        return self.data / f"docker/registry/v2/blobs/sha256/{name[:2]}/{name}/data"

    def _configuration(self) -> dict:
        http_part: dict = {"addr": self.host, "relativeurls": False}
        if self.authority:
            certificate, key = self.authority.issue()
            http_part["tls"] = {"certificate": str(certificate), "key": str(key)}
        storage = {"filesystem": {"rootdirectory": str(self.data)}, "delete": {"enabled": True}}
        if self.cache:
            storage["cache"] = {"blobdescriptor": "inmemory"}
        configuration = {"version": 0.1, "log": {"level": "warn"}, "http": http_part, "storage": storage}
        if self.tokens:
            configuration["auth"] = {"token": self.tokens.configuration}
        elif self.username:
            entry = subprocess.run(["htpasswd", "-niBC", "4", self.username], input=self.password, capture_output=True,
                                   text=True, check=True)
            (self.directory / "htpasswd").write_text(entry.stdout)
            configuration["auth"] = {"htpasswd": {"realm": "tests", "path": str(self.directory / "htpasswd")}}
        return configuration

    def _answers(self) -> bool:
        host, _, port = self.host.partition(":")
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection((host, int(port)), 1):
                return self._process.poll() is None
            time.sleep(0.02)
        self.__exit__()
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class TokenServer(Serving):
    """Docker's token authentication: gives `users` (name to password) all they ask for, others the right to pull."""

    def __init__(self, directory: pathlib.Path, users: dict[str, str], lifetime: int = 60):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True)
        self.users, self.lifetime = users, lifetime
        self.requests: list[tuple[str, dict]] = []  # method and parameters
        self.identity_tokens: dict[str, str] = {}  # token to user
        self._key, self._certificate = self.directory / "token.key", self.directory / "token.crt"
        openssl("req", "-x509", "-newkey", "rsa:1024", "-nodes", "-days", "2", "-subj", "/CN=tokens of the tests",
                "-keyout", self._key, "-out", self._certificate)
        shown = subprocess.run(["openssl", "rsa", "-in", str(self._key), "-noout", "-text"], capture_output=True, text=True, check=True)
        self._numbers = {name: int(re.sub(r"[\s:]", "", digits), 16)
                         for name, digits in re.findall(r"^(\w+):\n((?:    .+\n?)+)", shown.stdout, re.M)}
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _token_handler(self))

    def __enter__(self) -> "TokenServer":
        return self._serve(self._server)

    @property
    def configuration(self) -> dict:
        return {"realm": f"http://127.0.0.1:{self._server.server_port}/token", "service": "tests", "issuer": "tests",
                "rootcertbundle": str(self._certificate)}

    def token(self, user: str, scopes: list[str]) -> str:
        """A JWT (RFC 7519) as docker-registry checks it: signed by the certificate that it carries (x5c)."""
        now = int(time.time())
        access = []
        for scope in scopes:
            kind, _, rest = scope.partition(":")
            name, _, actions = rest.rpartition(":")
            granted = actions.split(",") if user else [action for action in actions.split(",") if action == "pull"]
            access.append({"type": kind, "name": name, "actions": granted})
        der = "".join(line for line in self._certificate.read_text().splitlines() if "-----" not in line)
        header = {"typ": "JWT", "alg": "RS256", "x5c": [der]}
        claims = {"iss": "tests", "sub": user, "aud": "tests", "iat": now, "nbf": now - 10, "exp": now + self.lifetime,
                  "jti": uuid.uuid4().hex, "access": access}
        signed = ".".join(_base64url(json.dumps(part).encode()) for part in (header, claims))
        return f"{signed}.{_base64url(self._sign(signed.encode()))}"

    def _sign(self, text: bytes) -> bytes:
        """RSASSA-PKCS1-v1_5 (RFC 8017, 8.2.1) here, with a short key: a process of openssl for each of a thousand tokens, or
        five milliseconds of Python's arithmetic, would be the load that is measured."""
        prefix = bytes.fromhex("3031300d060960864801650304020105000420")
        digest = prefix + hashlib.sha256(text).digest()
        numbers = self._numbers
        size = (numbers["modulus"].bit_length() + 7) // 8
        message = int.from_bytes(b"\x00\x01" + b"\xff" * (size - len(digest) - 3) + b"\x00" + digest, "big")
        first = pow(message, numbers["exponent1"], numbers["prime1"])
        second = pow(message, numbers["exponent2"], numbers["prime2"])
        share = (first - second) * numbers["coefficient"] % numbers["prime1"]
        return (second + share * numbers["prime2"]).to_bytes(size, "big")


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _token_handler(server: TokenServer):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parameters = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
            server.requests.append(("GET", parameters))
            user = ""
            given = self.headers.get("Authorization", "")
            if given.startswith("Basic "):
                user, _, password = base64.b64decode(given[6:]).decode().partition(":")
                if server.users.get(user) != password:
                    return self.answer(401, {"details": "incorrect username or password"})
            self.answer(200, {"token": server.token(user, parameters.get("scope", [])), "expires_in": server.lifetime})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            parameters = urllib.parse.parse_qs(body)
            server.requests.append(("POST", parameters))
            user = server.identity_tokens.get(parameters.get("refresh_token", [""])[0])
            if user is None:
                return self.answer(401, {"details": "no such refresh token"})
            scopes = " ".join(parameters.get("scope", [])).split()
            self.answer(200, {"access_token": server.token(user, scopes), "expires_in": server.lifetime})

        def answer(self, status: int, document: dict) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_) -> None:
            pass

    return Handler
