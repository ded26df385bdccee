"""What kpack's webhooks do to an Image before it is stored: fields get their defaults, and what is wrong is refused (400).

    with Webhooks(server, tmp_path / "webhooks"): ...       # from then on, for every Image of the server
"""

import base64
import contextlib
import http.server
import json
import pathlib
import ssl
import threading

from support.certificates import Authority
from support.kube.client import ApiError

DEFAULTS = {"serviceAccountName": "default", "imageTaggingStrategy": "BuildNumber", "failedBuildHistoryLimit": 10,
            "successBuildHistoryLimit": 10}
SOURCES = ("git", "blob", "registry")


def defaults(image: dict) -> list[dict]:
    """The JSON patch that adds what an Image does not say."""
    return [{"op": "add", "path": f"/spec/{name}", "value": value} for name, value in DEFAULTS.items()
            if not image["spec"].get(name)]


def complaint(image: dict, before: dict | None) -> str:
    """Why the Image is refused, in the words of kpack; empty when it is not."""
    spec = image["spec"]
    if before and before["spec"].get("tag") != spec.get("tag"):
        return f"Immutable field changed: spec.tag\ngot: {spec.get('tag')}, want: {before['spec'].get('tag')}"
    if not spec.get("tag"):
        return "missing field(s): spec.tag"
    builder = spec.get("builder") or {}
    if not builder.get("name"):
        return "missing field(s): spec.builder.name"
    if builder.get("kind") not in ("Builder", "ClusterBuilder"):
        return f"invalid value: {builder.get('kind', '')}: spec.builder.kind"
    given = [name for name in SOURCES if (spec.get("source") or {}).get(name) is not None]
    if not given:
        return "expected exactly one, got neither: " + ", ".join(sorted(f"spec.source.{name}" for name in SOURCES))
    if len(given) > 1:
        return "expected exactly one, got both: " + ", ".join(sorted(f"spec.source.{name}" for name in given))
    for name, fields in (("git", ("url", "revision")), ("blob", ("url",)), ("registry", ("image",))):
        missing = [f"spec.source.{name}.{field}" for field in fields if name in given and not spec["source"][name].get(field)]
        if missing:
            return "missing field(s): " + ", ".join(sorted(missing))
    cache = spec.get("cache") or {}
    if cache.get("volume") and cache.get("registry"):
        return "only one type of cache can be specified: spec.cache.registry, spec.cache.volume"
    return ""


class Webhooks:
    def __init__(self, server, directory: pathlib.Path):
        self.client = server.client(token=server.admin_token)
        self._authority = Authority(pathlib.Path(directory))

    def __enter__(self) -> "Webhooks":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self._authority.issue())
        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._http.daemon_threads = True
        self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        for kind, name, path in self._configurations():
            self.client.create(kind, {"metadata": {"name": name}, "webhooks": [{
                "name": name, "sideEffects": "None", "admissionReviewVersions": ["v1"], "failurePolicy": "Fail",
                "rules": [{"apiGroups": ["kpack.io"], "apiVersions": ["v1alpha2"], "resources": ["images"],
                           "operations": ["CREATE", "UPDATE"]}],
                "clientConfig": {"url": f"https://127.0.0.1:{self._http.server_port}/{path}",
                                 "caBundle": base64.b64encode(self._authority.certificate.read_bytes()).decode()}}]})
        return self

    def __exit__(self, *_) -> None:
        for kind, name, _ in self._configurations():
            with contextlib.suppress(OSError, ApiError):
                self.client.delete(kind, name)
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @staticmethod
    def _configurations() -> list[tuple[str, str, str]]:
        return [("mutatingwebhookconfigurations", "defaults.webhook.kpack.io", "defaults"),
                ("validatingwebhookconfigurations", "validation.webhook.kpack.io", "validation")]


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["request"]
        response = {"uid": request["uid"], "allowed": True}
        if self.path.startswith("/defaults"):
            if patch := defaults(request["object"]):
                response |= {"patchType": "JSONPatch", "patch": base64.b64encode(json.dumps(patch).encode()).decode()}
        elif why := complaint(request["object"], request.get("oldObject")):
            response |= {"allowed": False, "status": {
                "status": "Failure", "reason": "BadRequest", "code": 400, "message": f"validation failed: {why}"}}
        body = json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_) -> None:
        pass
