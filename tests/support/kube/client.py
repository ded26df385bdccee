"""A small client of a Kubernetes API for tests: JSON over HTTPS, nothing hidden.

    client.create("images", {...}, namespace="ns")             # the object as the server made it
    client.get("images", "app", namespace="ns"); client.find(...)   # find: None when there is none
    client.list("builds", namespace="ns", selector="image.kpack.io/image=app")
    client.patch("images", "app", {"spec": {...}}, namespace="ns")  # a JSON merge patch; status=True for the subresource
    for event in client.watch("builds", namespace="ns"): ...         # {"type": "ADDED", "object": {...}}
    client.wait("images", "app", lambda image: image["status"], namespace="ns")
    client.request("GET", "/api/v1/namespaces/ns/pods/p/log?container=build")   # anything else: an Answer

What is refused raises ApiError with .status (HTTP), .reason and .message of the server.
"""

import contextlib
import dataclasses
import http.client
import json
import socket
import ssl
import threading
import time
import urllib.parse

KPACK = "/apis/kpack.io/v1alpha2"
# Resource: where its API is, and whether it lives in a namespace.
RESOURCES = {
    **{name: (KPACK, True) for name in ("images", "builds", "sourceresolvers", "builders")},
    **{name: (KPACK, False) for name in ("clusterbuilders", "clusterstacks", "clusterstores", "clusterlifecycles")},
    **{name: ("/api/v1", True) for name in ("pods", "events", "secrets", "serviceaccounts", "configmaps", "resourcequotas")},
    **{name: ("/api/v1", False) for name in ("namespaces", "nodes")},
    **{name: ("/apis/apps/v1", True)
       for name in ("deployments", "replicasets", "statefulsets", "daemonsets", "controllerrevisions")},
    **{name: ("/apis/batch/v1", True) for name in ("cronjobs", "jobs")},
    "horizontalpodautoscalers": ("/apis/autoscaling/v2", True),
    **{name: ("/apis/rbac.authorization.k8s.io/v1", True) for name in ("roles", "rolebindings")},
    **{name: ("/apis/rbac.authorization.k8s.io/v1", False) for name in ("clusterroles", "clusterrolebindings")},
    "customresourcedefinitions": ("/apis/apiextensions.k8s.io/v1", False),
    **{name: ("/apis/admissionregistration.k8s.io/v1", False)
       for name in ("validatingwebhookconfigurations", "mutatingwebhookconfigurations")},
}
GONE = 410


class ApiError(Exception):
    def __init__(self, method: str, path: str, status: int, body: bytes):
        try:
            document = json.loads(body)
        except ValueError:
            document = {}
        self.status, self.body = status, body
        self.reason, self.message = document.get("reason", ""), document.get("message", body[:500].decode(errors="replace"))
        super().__init__(f"{method} {path}: {status} {self.reason}: {self.message}")


class WatchExpired(Exception):
    """The resourceVersion is too old: list again."""


@dataclasses.dataclass(frozen=True)
class Answer:
    status: int
    headers: dict
    body: bytes

    def json(self):
        return json.loads(self.body)


def path_of(resource: str, namespace: str | None = None, name: str | None = None, subresource: str = "", **query) -> str:
    """The path of a resource ("pods"), or of one object or its subresource; parameters that are None are left out."""
    prefix, namespaced = RESOURCES[resource]
    parts = [prefix]
    if namespaced and namespace is not None:
        parts += ["namespaces", namespace]
    parts += [part for part in (resource, name, subresource) if part]
    given = {key: value for key, value in query.items() if value is not None}
    return "/".join(parts) + (f"?{urllib.parse.urlencode(given)}" if given else "")


class Client:
    """May be used by several threads: each has a connection of its own."""

    def __init__(self, address: str, ca: str, token: str = "", certificate: tuple[str, str] | None = None):
        """address: host:port; ca: a file; certificate: files of a client certificate and its key."""
        self.address = address
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.context = ssl.create_default_context(cafile=str(ca))
        if certificate:
            self.context.load_cert_chain(*map(str, certificate))
        self._local = threading.local()

    def connect(self, timeout: float | None = 60) -> http.client.HTTPSConnection:
        connection = http.client.HTTPSConnection(self.address, timeout=timeout, context=self.context)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def request(self, method: str, path: str, body=None, content_type: str = "application/json",
                headers: dict | None = None) -> Answer:
        """The answer whatever its status. A connection that the server has closed meanwhile is made anew, once."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        sent = {**self.headers, **({"Content-Type": content_type} if data is not None else {}), **(headers or {})}
        for kept in (getattr(self._local, "connection", None), None):
            connection = kept or self.connect()
            try:
                connection.request(method, path, data, sent)
                response = connection.getresponse()
                answer = Answer(response.status, dict(response.getheaders()), response.read())
            except (OSError, http.client.HTTPException):
                connection.close()
                self._local.connection = None
                if kept is None:
                    raise
                continue
            self._local.connection = connection
            return answer
        raise AssertionError("not reached")

    def call(self, method: str, path: str, body=None, content_type: str = "application/json") -> dict:
        answer = self.request(method, path, body, content_type)
        if answer.status >= 300:
            raise ApiError(method, path, answer.status, answer.body)
        return answer.json()

    def get(self, resource: str, name: str, namespace: str | None = None) -> dict:
        return self.call("GET", path_of(resource, namespace, name))

    def find(self, resource: str, name: str, namespace: str | None = None) -> dict | None:
        try:
            return self.get(resource, name, namespace)
        except ApiError as error:
            if error.status != 404:
                raise
            return None

    def list(self, resource: str, namespace: str | None = None, selector: str | None = None, fields: str | None = None) -> list:
        return self.list_whole(resource, namespace, selector, fields)["items"]

    def list_whole(self, resource: str, namespace: str | None = None, selector: str | None = None,
                   fields: str | None = None) -> dict:
        return self.call("GET", path_of(resource, namespace, labelSelector=selector, fieldSelector=fields))

    def create(self, resource: str, document: dict, namespace: str | None = None) -> dict:
        return self.call("POST", path_of(resource, namespace), document)

    def replace(self, resource: str, document: dict, namespace: str | None = None, status: bool = False) -> dict:
        """By the document's resourceVersion: 409 when another was faster."""
        path = path_of(resource, namespace, document["metadata"]["name"], "status" if status else "")
        return self.call("PUT", path, document)

    def patch(self, resource: str, name: str, patch: dict, namespace: str | None = None, status: bool = False) -> dict:
        path = path_of(resource, namespace, name, "status" if status else "")
        return self.call("PATCH", path, patch, "application/merge-patch+json")

    def delete(self, resource: str, name: str, namespace: str | None = None) -> None:
        """Also when it is gone already."""
        answer = self.request("DELETE", path_of(resource, namespace, name), {"gracePeriodSeconds": 0})
        if answer.status >= 300 and answer.status != 404:
            raise ApiError("DELETE", name, answer.status, answer.body)

    def watch(self, resource: str, namespace: str | None = None, version: str | None = None, selector: str | None = None,
              fields: str | None = None, seconds: float = 300) -> "Watch":
        """Events after `version` (from now when None), until the server ends the watch; WatchExpired."""
        if version is None:
            version = self.list_whole(resource, namespace, selector, fields)["metadata"]["resourceVersion"]
        path = path_of(resource, namespace, watch="true", resourceVersion=version, labelSelector=selector,
                       fieldSelector=fields, allowWatchBookmarks="true", timeoutSeconds=max(1, int(seconds)))
        return Watch(self, path, seconds + 5)

    def wait(self, resource: str, name: str, condition, namespace: str | None = None, seconds: float = 60) -> dict:
        """The object, as soon as it is there and the condition is true of it."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.find(resource, name, namespace)
            with contextlib.suppress(KeyError, IndexError, TypeError):
                if found is not None and condition(found):
                    return found
            if time.monotonic() > deadline:
                raise AssertionError(f"{resource} {name} did not become as wanted; it is {json.dumps(found, indent=1)}")
            time.sleep(0.05)


def eventually(condition, seconds: float = 60):
    """What the condition gives, as soon as that is true; an ApiError counts as not yet."""
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(ApiError):
            if found := condition():
                return found
        assert time.monotonic() < deadline, f"did not become true within {seconds} s"
        time.sleep(0.02)


class Watch:
    """An iterator of events. `close` may be called by another thread, and ends the iteration."""

    def __init__(self, client: Client, path: str, timeout: float):
        self._closed = threading.Event()
        self._connection = client.connect(timeout)
        self._socket = self._connection.sock
        self._connection.request("GET", path, headers=client.headers)
        self._response = self._connection.getresponse()
        status = self._response.status
        if status != 200:
            body = self._response.read()
            self._connection.close()
            raise WatchExpired if status == GONE else ApiError("GET", path, status, body)

    def __enter__(self) -> "Watch":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def __iter__(self):
        try:
            while line := self._response.readline():
                event = json.loads(line)
                if event["type"] == "ERROR":
                    if event["object"].get("code") == GONE:
                        raise WatchExpired
                    raise ApiError("GET", "watch", event["object"].get("code", 500), line)
                yield event
        except (OSError, http.client.HTTPException, ValueError):
            if not self._closed.is_set():
                raise
        finally:
            self._response.close()
            self._connection.close()

    def close(self) -> None:
        self._closed.set()
        # The plain socket's: TLS's own would take its state away from a thread that is reading.
        with contextlib.suppress(OSError, ValueError):
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
