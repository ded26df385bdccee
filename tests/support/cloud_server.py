"""Clouds on loopback: their login endpoints as their documentation demands, and a registry behind their logins.

    with CloudServer(tmp_path, EcrCloud(), registry) as cloud:
        run_program(programs, "check", request, env=cloud.environment)

The names are the real ones: `environment` names a proxy that leads them here and nothing else anywhere, and the
certificates of the endpoints' authority. The registry's own host has another one, `cloud.ca_certs`. Each cloud checks
what it is sent, and answers as the real one does.
"""

import base64
import datetime
import hashlib
import hmac
import http.client
import http.server
import json
import pathlib
import re
import subprocess
import time
import urllib.parse

from support.certificates import Authority, openssl
from support.named_serving import NamedServing
from support.serving import tls_context

ZERO_USER = "00000000-0000-0000-0000-000000000000"


class CloudServer(NamedServing):
    def __init__(self, directory: pathlib.Path, cloud, registry):
        self.directory, self.cloud, self.registry = directory, cloud, registry
        self.requests: list[str] = []  # "POST api.ecr.eu-west-1.amazonaws.com/"

    def __enter__(self) -> "CloudServer":
        self.authority = Authority(self.directory / "endpoints")
        self._registry_authority = Authority(self.directory / "registry-authority")
        own = tls_context(self._registry_authority.issue(self.cloud.host))
        context = tls_context(self.authority.issue(*self.cloud.endpoints))

        def choose(sock, name, _context) -> None:
            if name == self.cloud.host:
                sock.context = own

        context.sni_callback = choose
        return self._serve_names(_handler(self), context, [self.cloud.host, *self.cloud.endpoints])

    @property
    def ca_certs(self) -> list[str]:
        return [self._registry_authority.certificate.read_text()]



class EcrCloud:
    """STS and ECR of one region ("AssumeRole", "GetAuthorizationToken", Signature Version 4)."""

    region = "eu-west-1"
    account = "012345678901"

    def __init__(self, trust: dict[str, str] | None = None):
        self.host = f"{self.account}.dkr.ecr.{self.region}.amazonaws.com"
        self.endpoints = [f"sts.{self.region}.amazonaws.com", f"api.ecr.{self.region}.amazonaws.com"]
        self.keys = {"AKIAEXAMPLE": ("the-secret-of-aws", None, "user")}  # id: secret, session token, who
        self.trust = trust or {}  # role: who may assume it
        self.sessions: list[str] = []
        self.passwords: dict[str, int] = {}  # and how often each was used
        self.uses = 10_000  # of the first
        self.expired = False
        self.told = f"https://{self.host}"  # what is said to be the registry
        self.challenge = f'Basic realm="https://{self.host}/",service="ecr.amazonaws.com"'

    def answer(self, host: str, handler, body: bytes):
        service = host.split(".")[0] if host.startswith("sts") else "ecr"
        who, error = self.signed_by(host, service, handler, body)
        if service == "sts":
            return self.assume(who, error, body)
        return self.authorize(who, error, handler, body)

    def signed_by(self, host: str, service: str, handler, body: bytes):
        found = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=(\w+)/(\d{8})/([\w-]+)/([\w-]+)/aws4_request, "
                             r"SignedHeaders=([\w;-]+), Signature=([0-9a-f]{64})", handler.headers.get("Authorization", ""))
        if not found:
            return None, ("MissingAuthenticationToken", "Missing Authentication Token")
        identity, date, region, signed_service, names, signature = found.groups()
        if identity not in self.keys:
            return None, ("UnrecognizedClient", "The security token included in the request is invalid.")
        secret, session, who = self.keys[identity]
        time_of = handler.headers["X-Amz-Date"]
        sent = datetime.datetime.strptime(time_of, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        if abs(sent.timestamp() - time.time()) > 300:
            return None, ("InvalidSignature", "Signature not yet current")
        if self.expired or (session and handler.headers.get("X-Amz-Security-Token") != session):
            return None, ("ExpiredToken", "The security token included in the request is expired")
        wanted = {"host", "x-amz-date"} | ({"x-amz-security-token"} if session else set())
        if not wanted <= set(names.split(";")) or (region, signed_service) != (self.region, service):
            return None, ("InvalidSignature", "Credential should be scoped to a valid region and service.")
        headers = "".join(f"{name}:{' '.join(handler.headers[name].split())}\n" for name in names.split(";"))
        canonical = f"POST\n{handler.path}\n\n{headers}\n{names}\n{hashlib.sha256(body).hexdigest()}"
        scope = f"{date}/{region}/{service}/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{time_of}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = b"AWS4" + secret.encode()
        for part in (date, region, service, "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        if hmac.new(key, text.encode(), hashlib.sha256).hexdigest() != signature:
            return None, ("InvalidSignature", "The request signature we calculated does not match the signature you provided.")
        return who, None

    def assume(self, who, error, body: bytes):
        form = dict(urllib.parse.parse_qsl(body.decode(), strict_parsing=True))
        role = form.get("RoleArn", "")
        if not error and (form.get("Action"), form.get("Version")) != ("AssumeRole", "2011-06-15"):
            error = ("InvalidAction", "Could not find operation")
        if not error and not re.fullmatch(r"[\w+=,.@-]{2,64}", form.get("RoleSessionName", "")):
            error = ("ValidationError", "RoleSessionName")
        if not error and not 900 <= int(form.get("DurationSeconds", "0")) <= 3600:
            error = ("ValidationError", "DurationSeconds")
        if not error and self.trust.get(role) != who:
            error = ("AccessDenied", f"User: {who} is not authorized to perform: sts:AssumeRole on resource: {role}")
        if error:
            return 403, "text/xml", (f"<ErrorResponse><Error><Type>Sender</Type><Code>{error[0]}</Code><Message>{error[1]}"
                                     "</Message></Error></ErrorResponse>").encode()
        identity = f"ASIA{len(self.keys)}"
        self.keys[identity] = (f"secret-of-{identity}", f"session+/of={identity}", role)
        self.sessions.append(form["RoleSessionName"])
        return 200, "text/xml", (
            "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>"
            f"<AccessKeyId>{identity}</AccessKeyId><SecretAccessKey>secret-of-{identity}</SecretAccessKey>"
            f"<SessionToken>session+/of={identity}</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration></Credentials>"
            "</AssumeRoleResult></AssumeRoleResponse>").encode()

    def authorize(self, who, error, handler, body: bytes):
        wanted = ("AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken", "application/x-amz-json-1.1")
        if not error and (handler.headers.get("X-Amz-Target"), handler.headers.get("Content-Type")) != wanted:
            error = ("UnknownOperation", "")
        if not error and json.loads(body) != {}:
            error = ("InvalidParameter", "")
        if error:
            return _json(400, {"__type": error[0] + "Exception", "message": error[1]})
        password = f"password-{len(self.passwords)}-of-{who}"
        self.passwords[password] = 0
        token = base64.b64encode(f"AWS:{password}".encode()).decode()
        return _json(200, {"authorizationData": [{"authorizationToken": token, "expiresAt": time.time() + 43200.5,
                                                  "proxyEndpoint": self.told}]})

    def admits(self, authorization: str) -> bool:
        for password, used in self.passwords.items():
            if authorization == _basic("AWS", password):
                self.passwords[password] += 1
                return used < self.uses or not password.startswith("password-0")
        return False

    def answer_registry(self, handler, body: bytes):
        return None


class GoogleCloud:
    """Google's token server ("Using OAuth 2.0 for Server to Server Applications") and Artifact Registry's."""

    host = "europe-docker.pkg.dev"
    endpoints = ["oauth2.googleapis.com"]
    email = "ci@project.iam.gserviceaccount.com"
    challenge = f'Bearer realm="https://{host}/v2/token",service="{host}",scope="repository:acme/app:pull"'

    def __init__(self, directory: pathlib.Path):
        self.directory = directory
        directory.mkdir(parents=True)
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", directory / "key")
        openssl("pkey", "-in", directory / "key", "-pubout", "-out", directory / "public")
        self.logins: list[str] = []  # the users that came to the registry's token server
        self.down = False

    def key(self) -> dict:
        return {"type": "service_account", "project_id": "project", "private_key_id": "1",
                "private_key": (self.directory / "key").read_text(), "client_email": self.email,
                "token_uri": "https://oauth2.googleapis.com/token"}

    def answer(self, host: str, handler, body: bytes):
        form = dict(urllib.parse.parse_qsl(body.decode(), strict_parsing=True))
        if self.down:
            return _json(503, {})
        if handler.path != "/token" or form.get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer":
            return _json(400, {"error": "unsupported_grant_type", "error_description": "Invalid grant_type"})
        head, claims, signature = form["assertion"].split(".")
        (self.directory / "signature").write_bytes(_decoded(signature))
        verified = subprocess.run(["openssl", "dgst", "-sha256", "-verify", self.directory / "public", "-signature",
                                   self.directory / "signature"], input=f"{head}.{claims}".encode(), capture_output=True)
        said, now = json.loads(_decoded(claims)), time.time()
        good = (json.loads(_decoded(head))["alg"] == "RS256" and verified.returncode == 0 and said["iss"] == self.email
                and said["aud"] == "https://oauth2.googleapis.com/token" and abs(said["iat"] - now) < 300
                and said["iat"] < said["exp"] <= said["iat"] + 3600
                and "https://www.googleapis.com/auth/cloud-platform" in said["scope"].split())
        if not good:
            return _json(400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
        return _json(200, {"access_token": "ya29.token", "expires_in": 3599, "token_type": "Bearer"})

    def admits(self, authorization: str) -> bool:
        return authorization == "Bearer registry-token"

    def answer_registry(self, handler, body: bytes):
        url = urllib.parse.urlsplit(handler.path)
        if url.path != "/v2/token":
            return None
        query = dict(urllib.parse.parse_qsl(url.query))
        user, _, password = base64.b64decode(handler.headers.get("Authorization", "Basic ")[6:]).decode().partition(":")
        self.logins.append(user)
        good = password == "ya29.token" if user == "oauth2accesstoken" else (
            user == "_json_key" and json.loads(password) == self.key())
        if not good or query.get("service") != self.host or not query.get("scope", "").startswith("repository:acme/app:"):
            return _json(401, {"errors": [{"code": "UNAUTHORIZED", "message": "authentication failed"}]})
        return _json(200, {"token": "registry-token", "expires_in": 300})


class AzureCloud:
    """Microsoft Entra ID ("client credentials flow") and the exchange of a registry of ACR."""

    host = "acme.azurecr.io"
    endpoints = ["login.microsoftonline.com"]
    tenant = "11111111-2222-3333-4444-555555555555"
    challenge = f'Bearer realm="https://{host}/oauth2/token",service="{host}",scope="repository:acme/app:pull"'
    client = {"azure_client_id": "the-client", "azure_client_secret": "the+secret/of=azure"}

    def answer(self, host: str, handler, body: bytes):
        form = dict(urllib.parse.parse_qsl(body.decode(), strict_parsing=True))
        if handler.path != f"/{self.tenant}/oauth2/v2.0/token":
            return _json(400, {"error": "invalid_request", "error_description": "AADSTS90002: Tenant not found."})
        if form.get("grant_type") != "client_credentials" or form.get("scope") != "https://management.azure.com/.default":
            return _json(400, {"error": "invalid_scope", "error_description": "AADSTS70011: The provided value is not valid."})
        if (form.get("client_id"), form.get("client_secret")) != tuple(self.client.values()):
            return _json(401, {"error": "invalid_client",
                               "error_description": "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 1"})
        return _json(200, {"token_type": "Bearer", "expires_in": 3599, "access_token": "entra-token"})

    def admits(self, authorization: str) -> bool:
        return authorization == "Bearer registry-token"

    def answer_registry(self, handler, body: bytes):
        form = dict(urllib.parse.parse_qsl(body.decode())) if handler.path.startswith("/oauth2/") else {}
        if handler.path == "/v2/" and "Authorization" not in handler.headers:
            challenge = f'Bearer realm="https://{self.host}/oauth2/exchange?tenant={self.tenant}",service="{self.host}"'
            return 401, "application/json", b"{}", {"WWW-Authenticate": challenge}
        if handler.path == "/oauth2/exchange":
            wanted = {"grant_type": "access_token", "service": self.host, "tenant": self.tenant, "access_token": "entra-token"}
            return _json(200, {"refresh_token": "refresh-token"}) if form == wanted else _unauthorized()
        if handler.path == "/oauth2/token":
            good = (form.get("grant_type"), form.get("service"), form.get("refresh_token")) == ("refresh_token", self.host, "refresh-token")
            good = good and form.get("scope", "").startswith("repository:acme/app:")
            return _json(200, {"access_token": "registry-token"}) if good else _unauthorized()
        return None


class DockerHub:
    """Docker Hub: its registry, and the token server of another name ("Registry authentication")."""

    host = "registry-1.docker.io"
    endpoints = ["auth.docker.io"]
    challenge = 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/app:pull"'

    def answer(self, host: str, handler, body: bytes):
        url = urllib.parse.urlsplit(handler.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        good = (url.path, query.get("service"), query.get("scope")) == ("/token", "registry.docker.io", "repository:library/app:pull")
        good = good and handler.headers.get("Authorization") in (None, _basic("ann", "word"))
        return _json(200, {"token": "registry-token", "expires_in": 300}) if good else _json(401, {"details": "incorrect username or password"})

    def admits(self, authorization: str) -> bool:
        return authorization == "Bearer registry-token"

    def answer_registry(self, handler, body: bytes):
        return None


def _unauthorized():
    return _json(401, {"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]})


def _json(status: int, document: dict):
    return status, "application/json", json.dumps(document).encode()


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _handler(server: CloudServer):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            host = self.headers.get("Host", "")
            server.requests.append(f"{self.command} {host}{self.path}")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if host != server.cloud.host:
                return self.reply(*server.cloud.answer(host, self, body))
            own = server.cloud.answer_registry(self, body)
            if own:
                return self.reply(*own)
            if not server.cloud.admits(self.headers.get("Authorization", "")):
                return self.reply(401, "application/json", b"{}", {"WWW-Authenticate": server.cloud.challenge})
            return self.forward(body)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

        def forward(self, body: bytes) -> None:
            upstream = http.client.HTTPConnection(server.registry.host, timeout=30)
            headers = {name: value for name, value in self.headers.items() if name != "Authorization"}
            upstream.request(self.command, self.path, body, {**headers, "X-Forwarded-Proto": "https"})
            response = upstream.getresponse()
            content = response.read()
            skipped = ("connection", "transfer-encoding", "date", "server", "content-type")
            if self.command != "HEAD":
                skipped += ("content-length",)
            more = {name: value for name, value in response.getheaders() if name.lower() not in skipped}
            self.reply(response.status, response.getheader("Content-Type", "application/octet-stream"), content, more)
            upstream.close()

        def reply(self, status: int, kind: str, content: bytes, headers: dict | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            if self.command != "HEAD":
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def log_message(self, *_) -> None:
            pass

    return Handler
