"""GitHub on loopback, by its own names: the API that gives tokens to apps, and git and LFS servers that demand them.

    with GithubServer(tmp_path, repositories) as github:                     # serves <repositories>/<owner>/<name>.git
        app = github.app("acme", ["app"])                                    # source.github_app of an installed app
        run_program(programs, "check", {"source": {"uri": github.url("acme/app"), "github_app": app}}, env=github.environment)

With `host="github.example.com"` it is an enterprise server: the API is below /api/v3 of the same host. It demands what
GitHub's documentation says ("Generating a JSON Web Token (JWT) for a GitHub App", "REST API endpoints for GitHub Apps"),
and answers as GitHub does. `faults` are answers, each a (status, message, header fields), that the API gives first;
`skew` is how far its clock is ahead; `lifetime` how long its tokens last. `requests` are all requests, "GET host/path".
"""

import base64
import collections
import dataclasses
import datetime
import email.utils
import functools
import hashlib
import http.server
import json
import pathlib
import re
import subprocess
import time

from support.certificates import Authority, openssl
from support.git_server import http_backend
from support.lfs_server import pointer
from support.named_serving import NamedServing
from support.serving import tls_context

STORAGE = "github-cloud.githubusercontent.com"
WANTED_HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28", "User-Agent": "build-service"}


@dataclasses.dataclass
class Installation:
    owner: str
    repositories: list[str]
    app: str
    permissions: dict
    is_suspended: bool = False


@dataclasses.dataclass
class Token:
    installation: Installation
    repositories: list[str]
    permissions: dict
    end: float
    uses: int = 0


class GithubServer(NamedServing):
    def __init__(self, directory: pathlib.Path, repositories: pathlib.Path, host: str = "github.com"):
        self.directory, self.repositories, self.host = directory, repositories, host
        self.is_cloud = host == "github.com" or host.endswith(".ghe.com")
        self.api = f"api.{host}" if self.is_cloud else host
        self.open: set[str] = set()  # repositories that everybody may read
        self.apps: dict[str, pathlib.Path] = {}  # the public keys of apps
        self.installations: dict[int, Installation] = {}
        self.tokens: dict[str, Token] = {}
        self.objects: dict[str, bytes] = {}
        self.faults: collections.deque = collections.deque()
        self.skew = 0
        self.lifetime = 3600
        self.uses = None  # how often a token serves before it has ended
        self.spreads_after = 0  # requests for which a new token is not known yet
        self.requests: list[str] = []
        self.wrong: list[str] = []  # what a request should not have had

    def __enter__(self) -> "GithubServer":
        self.authority = Authority(self.directory / "github-authority")
        names = sorted({self.host, self.api, STORAGE})
        return self._serve_names(_handler(self), tls_context(self.authority.issue(*names)), names)

    def url(self, name: str) -> str:
        return f"https://{self.host}/{name}.git"

    def app(self, owner: str, repositories: list[str], *, app_id: str = "12345", **more) -> dict:
        """Installs an app, which is made where it is new, on repositories of an owner."""
        if app_id not in self.apps:
            self.apps[app_id] = self.directory / f"app-{app_id}.pub"
            self.apps[app_id].write_text(_key(app_id)[1])
        number = 678 + len(self.installations)
        self.installations[number] = Installation(owner, repositories, app_id, {"contents": "write", "metadata": "read"}, **more)
        return {"app_id": app_id, "installation_id": number, "private_key": _key(app_id)[0]}

    def add_object(self, content: bytes) -> str:
        self.objects[hashlib.sha256(content).hexdigest()] = content
        return pointer(content)

    def now(self) -> float:
        return time.time() + self.skew

    def of_api(self) -> list[str]:
        prefix = f"{self.api}" if self.is_cloud else f"{self.api}/api/v3"
        return [request for request in self.requests if request.split(" ")[1].startswith(prefix + "/")]

    def app_of(self, authorization: str) -> str | tuple:
        """Which app an assertion is of, or GitHub's answer to one that it does not take."""
        found = re.fullmatch(r"Bearer ([\w-]+)\.([\w-]+)\.([\w-]+)", authorization or "")
        if not found:
            return 401, "A JSON web token could not be decoded"
        header, claims = (json.loads(_decoded(part)) for part in found.groups()[:2])
        if header != {"alg": "RS256", "typ": "JWT"} or set(claims) != {"iss", "iat", "exp"}:
            return 401, "A JSON web token could not be decoded"
        app, now = str(claims["iss"]), self.now()
        if app.isdigit() and not isinstance(claims["iss"], int):
            return 401, "'Issuer' claim ('iss') must be an Integer"
        if app not in self.apps:
            return 404, "Integration not found"
        signed, signature = self.directory / "signed", self.directory / "signature"
        signed.write_text(".".join(found.groups()[:2]))
        signature.write_bytes(_decoded(found.group(3)))
        try:
            openssl("dgst", "-sha256", "-verify", self.apps[app], "-signature", signature, signed)
        except Exception:
            return 401, "A JSON web token could not be decoded"
        if not isinstance(claims["iat"], int) or claims["iat"] > now:
            return 401, "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
        if not isinstance(claims["exp"], int) or claims["exp"] <= now:
            return 401, "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires"
        if claims["exp"] > now + 600:
            return 401, "'Expiration time' claim ('exp') is too far in the future"
        return app

    def give_token(self, app: str, number: int, wanted: dict) -> tuple[int, dict]:
        installation = self.installations.get(number)
        if not installation or installation.app != app:
            return 404, {"message": "Not Found"}
        if installation.is_suspended:
            return 403, {"message": "This installation has been suspended"}
        repositories = wanted.get("repositories", installation.repositories)
        if any(name.lower() not in map(str.lower, installation.repositories) for name in repositories):
            return 422, {"message": "There is at least one repository that does not exist or is not accessible to the parent installation."}
        permissions = wanted.get("permissions", installation.permissions)
        ranks = ["read", "write"]
        if any(ranks.index(right) > ranks.index(installation.permissions[name]) if name in installation.permissions else True
               for name, right in permissions.items()):
            return 422, {"message": "The permissions requested are not granted to this installation."}
        # As long as those that GitHub makes now: they have a signature of their own.
        text = f"ghs_{app}_{base64.urlsafe_b64encode(hashlib.sha512(str(len(self.tokens)).encode()).digest() * 6).decode()}"
        end = self.now() + self.lifetime
        self.tokens[text] = Token(installation, [name.lower() for name in repositories], permissions, end)
        expires = datetime.datetime.fromtimestamp(end, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        return 201, {"token": text, "expires_at": expires, "permissions": permissions, "repository_selection": "selected"}

    def may_read(self, authorization: str | None, owner: str, name: str) -> int:
        """200, or the status that GitHub refuses it by."""
        if authorization is None:
            return 200 if f"{owner}/{name}" in self.open else 401
        user, _, text = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        token = self.tokens.get(text)
        if user != "x-access-token" or token is None:
            return 401
        if self.spreads_after:
            self.spreads_after -= 1
            return 401
        token.uses += 1
        if token.end <= self.now() or (self.uses and token.uses > self.uses):
            return 401
        reads = token.permissions.get("contents") and token.installation.owner.lower() == owner.lower()
        return 200 if reads and name.lower() in token.repositories else 404


@functools.cache
def _key(app_id: str) -> tuple[str, str]:
    """The private and the public key of an app. Making one takes a while."""
    key = subprocess.run(["openssl", "genrsa", "-traditional", "2048"], check=True, capture_output=True).stdout
    public = subprocess.run(["openssl", "rsa", "-pubout"], input=key, check=True, capture_output=True).stdout
    return key.decode(), public.decode()


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _handler(github: GithubServer):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def date_time_string(self, timestamp=None) -> str:
            return email.utils.formatdate(github.now(), usegmt=True)

        def handle_any(self) -> None:
            host = self.headers.get("Host", "")
            github.requests.append(f"{self.command} {host}{self.path}")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if host == STORAGE:
                return self.give_object()
            prefix = "" if github.is_cloud else "/api/v3"
            if host == github.api and self.path.startswith(prefix + "/") and (github.is_cloud or self.path.startswith("/api/v3/")):
                return self.answer_api(self.path.removeprefix(prefix), body)
            return self.answer_git(body)

        do_GET = do_POST = handle_any

        def answer_api(self, path: str, body: bytes) -> None:
            github.wrong += [f"{name}: {self.headers.get(name)}" for name, value in WANTED_HEADERS.items()
                             if self.headers.get(name) != value]
            if github.faults:
                status, message, fields = github.faults.popleft()
                return self.reply_json(status, {"message": message}, fields)
            app = github.app_of(self.headers.get("Authorization"))
            if isinstance(app, tuple):
                return self.reply_json(app[0], {"message": app[1]})
            if found := re.fullmatch(r"/app/installations/(\d+)/access_tokens", path):
                if self.command == "POST":
                    return self.reply_json(*github.give_token(app, int(found.group(1)), json.loads(body)))
            if found := re.fullmatch(r"/repos/([^/]+)/([^/]+)/installation", path):
                for number, installed in github.installations.items():
                    if installed.app == app and installed.owner == found.group(1) and found.group(2) in installed.repositories:
                        return self.reply_json(200, {"id": number, "account": {"login": installed.owner}})
            return self.reply_json(404, {"message": "Not Found"})

        def answer_git(self, body: bytes) -> None:
            owner, name = self.path.split("/")[1:3]
            name = name.removesuffix(".git")
            status = github.may_read(self.headers.get("Authorization"), owner, name)
            if status != 200:
                return self.reply(status, "text/plain", b"Repository not found.\n",
                                  {"WWW-Authenticate": 'Basic realm="GitHub"'} if status == 401 else {})
            if self.path.endswith(".git/info/lfs/objects/batch"):
                objects = [{**wanted, "actions": {"download": {"href": f"https://{STORAGE}/objects/{wanted['oid']}"}}}
                           for wanted in json.loads(body)["objects"]]
                return self.reply(200, "application/vnd.git-lfs+json", json.dumps({"objects": objects}).encode())
            # Addresses with and without ".git" are the same repository's.
            path = re.sub(r"^/([^/]+)/([^/]+?)(\.git)?/", r"/\1/\2.git/", self.path)
            status, fields, content = http_backend(github.repositories, self.command, path, self.headers, body)
            return self.reply(status, fields.pop("Content-Type", "text/plain"), content, fields)

        def give_object(self) -> None:
            if "Authorization" in self.headers:
                github.wrong.append("a token sent to " + STORAGE)
            content = github.objects.get(self.path.removeprefix("/objects/"))
            self.reply(404 if content is None else 200, "application/octet-stream", content or b"")

        def reply_json(self, status: int, document: dict, fields: dict | None = None) -> None:
            self.reply(status, "application/json; charset=utf-8", json.dumps(document).encode(), fields)

        def reply(self, status: int, kind: str, content: bytes, fields: dict | None = None) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **(fields or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_) -> None:
            pass

    return Handler
