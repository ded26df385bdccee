"""A stand-in for kubelet and scheduler: plays pods on a real apiserver, and serves their logs to it.

    with Kubelet(server, play=lambda pod: Play({"main": Run(["hello"])})) as kubelet: ...

A pod is bound to the node of this kubelet, its containers go through waiting, running and terminated one after the other
(init containers first, then the others), and the apiserver's pods/log leads to the HTTPS server of this module.
"""

import contextlib
import dataclasses
import http.client
import http.server
import socket
import ssl
import threading
import time
import traceback
import urllib.parse

from support.kube.client import ApiError
from support.kube.informer import Informer, following
from support.kube.logs import ContainerLog, nanoseconds, rfc3339


@dataclasses.dataclass
class Run:
    """What one container does: writes lines, `pace` seconds before each, and ends with exit_code."""
    lines: list = dataclasses.field(default_factory=list)  # str or bytes, without newline
    exit_code: int = 0
    message: str = ""  # of its termination
    pace: float = 0.0
    hold: threading.Event | None = None  # it ends only when this is set
    write: object = None  # a function of the ContainerLog, called after the lines
    before: object = None  # a function, called when it starts


@dataclasses.dataclass
class Play:
    """What a pod does: what each of its containers runs, and what keeps it from that."""
    runs: dict = dataclasses.field(default_factory=dict)  # container to Run; those not named end at once
    unscheduled: str = ""  # a message like "0/3 nodes are available: 3 Insufficient memory."
    waiting: tuple = ()  # container, reason, message: ("build", "ImagePullBackOff", "Back-off pulling image ...")
    released: threading.Event = dataclasses.field(default_factory=threading.Event)  # ends unscheduled and waiting
    step: float = 0.01  # seconds between two states of the pod


class Kubelet:
    """Plays the pods of `namespaces` (None: of all). `play` is asked once for each pod."""

    def __init__(self, server, play, namespaces: list | None = None, name: str = "node-1", slots: int = 16):
        self.server, self.play, self.namespaces, self.name = server, play, namespaces, name
        self.client = server.client(token=server.admin_token)
        self.logs: dict[tuple[str, str, str], ContainerLog] = {}  # namespace, pod, container
        self.requests: list[str] = []  # paths of log requests, as the apiserver sent them
        self.failures: list[str] = []  # what must not have happened
        self.cut = 0  # log connections ended by cut_logs
        self._slots = threading.Semaphore(slots)  # pods that run at the same time
        self._pods: dict[str, threading.Thread] = {}  # by uid
        self._stopped = threading.Event()
        self._generation = 0
        self._informer = Informer(self.client, "pods", self._pod_event)

    def __enter__(self) -> "Kubelet":
        self._http = _Server(("127.0.0.1", 0), _handler(self))
        self._serving = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._serving.start()
        self._register()
        self._stack = contextlib.ExitStack()
        self._stack.enter_context(following(self._informer))
        return self

    def __exit__(self, *_) -> None:
        self._stopped.set()
        for log in list(self.logs.values()):
            log.end()
        self._stack.close()
        for thread in list(self._pods.values()):
            thread.join(10)
        self._http.shutdown()
        self._http.server_close()
        with contextlib.suppress(ApiError, OSError):
            self.client.delete("nodes", self.name)

    def log(self, namespace: str, pod: str, container: str) -> ContainerLog:
        return self.logs.setdefault((namespace, pod, container), ContainerLog())

    def cut_logs(self) -> None:
        """Every log that is being followed ends, in the middle of whatever is there."""
        self._generation += 1

    def tls(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.server.kubelet_authority.issue())
        # Only the apiserver may read logs here.
        context.load_verify_locations(self.server.kubelet_client_authority.certificate)
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def _register(self) -> None:
        self.client.delete("nodes", self.name)
        self.client.create("nodes", {"metadata": {"name": self.name}})
        self.client.patch("nodes", self.name, status=True, patch={"status": {
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": self._http.server_port}},
            "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}]}})

    def _pod_event(self, kind: str, pod: dict) -> None:
        metadata = pod["metadata"]
        if self.namespaces is not None and metadata["namespace"] not in self.namespaces:
            return
        if kind == "DELETED":
            for (namespace, name, _), log in list(self.logs.items()):
                if (namespace, name) == (metadata["namespace"], metadata["name"]):
                    log.end()
            return
        node = pod["spec"].get("nodeName")
        ended = pod.get("status", {}).get("phase") in ("Succeeded", "Failed")
        if metadata["uid"] not in self._pods and node in (None, self.name) and not ended and not self._stopped.is_set():
            # A pod that is made again under its name has a log of its own.
            for key in [key for key in self.logs if key[:2] == (metadata["namespace"], metadata["name"])]:
                del self.logs[key]
            thread = threading.Thread(target=self._run, args=(pod,), daemon=True, name=f"pod {metadata['name']}")
            self._pods[metadata["uid"]] = thread
            thread.start()

    def _run(self, pod: dict) -> None:
        try:
            _PodRun(self, pod, self.play(pod)).run()
        except (_Gone, ApiError) as error:
            # The pod went, or what it belongs to did.
            if isinstance(error, ApiError) and error.status != 404:
                self.failures.append(traceback.format_exc())
        except Exception:  # noqa: BLE001: a test must see what broke in this thread
            self.failures.append(traceback.format_exc())


class _Gone(Exception):
    """The pod or this kubelet is no more."""


class _PodRun:
    def __init__(self, kubelet: Kubelet, pod: dict, play: Play):
        self.kubelet, self.pod, self.play = kubelet, pod, play
        self.namespace, self.name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        spec = pod["spec"]
        self.init = [container["name"] for container in spec.get("initContainers", [])]
        self.main = [container["name"] for container in spec["containers"]]
        self.images = {container["name"]: container["image"] for container in spec.get("initContainers", []) + spec["containers"]}
        self.states = {name: {"waiting": {"reason": "PodInitializing"}} for name in self.init + self.main}
        self.conditions = [{"type": "PodScheduled", "status": "True"}]
        self.phase = "Pending"
        self.started = time.time_ns()

    def run(self) -> None:
        if not self.pod["spec"].get("nodeName"):
            self._schedule()
        while not self.kubelet._slots.acquire(timeout=0.1):
            self._check()
        try:
            self._patch(startTime=_now())
            self._run_containers()
        finally:
            self.kubelet._slots.release()

    def _schedule(self) -> None:
        if self.play.unscheduled:
            self.conditions = [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
                                "message": self.play.unscheduled}]
            self._call("patch", "pods", self.name, {"status": {"phase": "Pending", "conditions": self.conditions}},
                       self.namespace, status=True)
            self._wait(self.play.released)
            self.conditions = [{"type": "PodScheduled", "status": "True"}]
        binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": self.name},
                   "target": {"apiVersion": "v1", "kind": "Node", "name": self.kubelet.name}}
        self._call("call", "POST", f"/api/v1/namespaces/{self.namespace}/pods/{self.name}/binding", binding)

    def _run_containers(self) -> None:
        failed = False
        for name in self.init:
            failed = failed or not self._run_container(name)
        if not failed:
            self.phase = "Running"
            if len(self.main) > 1:
                # Steps that wait for each other behind sidecars run from the beginning on.
                for name in self.main:
                    self.kubelet.log(self.namespace, self.name, name)
                    self.states[name] = {"running": {"startedAt": _now()}}
                self._patch()
            for name in self.main:
                failed = failed or not self._run_container(name)
        self.phase = "Failed" if failed else "Succeeded"
        self._patch()

    def _run_container(self, name: str) -> bool:
        run = self.play.runs.get(name, Run())
        if self.play.waiting and self.play.waiting[0] == name and not self.play.released.is_set():
            _, reason, message = self.play.waiting
            self.states[name] = {"waiting": {"reason": reason, "message": message}}
            self._patch()
            self._wait(self.play.released)
        started = _now()
        # The log is there before anybody can know that the container runs.
        log = self.kubelet.log(self.namespace, self.name, name)
        self.states[name] = {"running": {"startedAt": started}}
        self._patch()
        if run.before:
            run.before()
        for line in run.lines:
            self._sleep(run.pace)
            log.write((line.encode() if isinstance(line, str) else line) + b"\n")
        if run.write:
            run.write(log)
        if run.hold:
            self._wait(run.hold)
        self._sleep(self.play.step)
        log.end()
        self.states[name] = {"terminated": {
            "exitCode": run.exit_code, "reason": "Completed" if run.exit_code == 0 else "Error", "startedAt": started,
            "finishedAt": _now(), **({"message": run.message} if run.message else {})}}
        # The last state of the last container comes together with the pod's.
        if run.exit_code == 0 and name != self.main[-1]:
            self._patch()
        return run.exit_code == 0

    def _patch(self, **more) -> None:
        def statuses(names: list) -> list:
            return [{"name": name, "state": self.states[name], "image": self.images[name], "imageID": "", "restartCount": 0,
                     "ready": "terminated" in self.states[name] if name in self.init else "running" in self.states[name]}
                    for name in names]

        status = {"phase": self.phase, "conditions": self.conditions, "containerStatuses": statuses(self.main), **more}
        if self.init:
            status["initContainerStatuses"] = statuses(self.init)
        self._call("patch", "pods", self.name, {"status": status}, self.namespace, status=True)

    def _call(self, method: str, *arguments, **options):
        """Again after what passes: the apiserver may be lost for a while."""
        while True:
            self._check()
            try:
                return getattr(self.kubelet.client, method)(*arguments, **options)
            except ApiError as error:
                if error.status in (404, 409):
                    raise _Gone from None
                if error.status < 500 and error.status != 429:
                    raise
            except (OSError, http.client.HTTPException):
                pass
            self._sleep(0.2)

    def _check(self) -> None:
        known = self.kubelet._informer.get(self.namespace, self.name)
        if self.kubelet._stopped.is_set() or known is None or known["metadata"]["uid"] != self.pod["metadata"]["uid"]:
            raise _Gone

    def _sleep(self, seconds: float) -> None:
        if self.kubelet._stopped.wait(seconds):
            raise _Gone

    def _wait(self, event: threading.Event) -> None:
        while not event.wait(0.1):
            self._check()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_) -> None:
        pass  # whoever asked is gone, or is not the apiserver


def _now() -> str:
    return rfc3339(time.time_ns())[:19] + "Z"


def _handler(kubelet: Kubelet):
    context = kubelet.tls()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            self.request.settimeout(30)
            self.request = context.wrap_socket(self.request, server_side=True)
            super().setup()

        def handle(self) -> None:
            with contextlib.suppress(OSError):
                super().handle()

        def do_GET(self) -> None:
            kubelet.requests.append(self.path)
            target = urllib.parse.urlsplit(self.path)
            parts = target.path.strip("/").split("/")
            if len(parts) != 4 or parts[0] != "containerLogs":
                return self.answer(404, "404 page not found")
            key = tuple(parts[1:])
            if key not in kubelet.logs:
                return self.answer(400, f'container "{key[2]}" in pod "{key[1]}" is waiting to start: PodInitializing')
            self.stream(kubelet.logs[key], urllib.parse.parse_qs(target.query))

        def answer(self, status: int, text: str) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def stream(self, log: ContainerLog, query: dict) -> None:
            generation = kubelet._generation
            since = 0
            if "sinceTime" in query:
                since = nanoseconds(query["sinceTime"][0]) // 1_000_000_000 * 1_000_000_000
            if "sinceSeconds" in query:
                since = max(since, time.time_ns() - int(query["sinceSeconds"][0]) * 1_000_000_000)
            pieces = log.read(
                follow=query.get("follow") == ["true"], timestamps=query.get("timestamps") == ["true"], since=since,
                tail=int(query["tailLines"][0]) if "tailLines" in query else None,
                alive=lambda: kubelet._generation == generation and not kubelet._stopped.is_set())
            left = int(query["limitBytes"][0]) if "limitBytes" in query else None
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for piece in pieces:
                piece = piece if left is None else piece[:left]
                left = None if left is None else left - len(piece)
                if piece:
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                if left == 0:
                    break
            if kubelet._generation != generation:
                kubelet.cut += 1
                self.close_connection = True  # without the last chunk: the body is not whole
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.wfile.write(b"0\r\n\r\n")

        def log_message(self, *_) -> None:
            pass

    return Handler
