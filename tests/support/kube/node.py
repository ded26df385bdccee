"""A stand-in for one node and its scheduler: the pods of workloads run on it until somebody deletes them.

    with Node(server, [namespace]) as node:
        node.plays[image] = Waits("ImagePullBackOff", "Back-off pulling image ...")    # or Crashes, NeverReady, Unschedulable
        node.log(namespace, pod, container)                                             # served to kubectl logs

A container whose image has no play is ready at once. See kubelet.py for pods that end.
"""

import dataclasses
import http.client
import threading
import time
import traceback

from support.kube.client import ApiError
from support.kube.informer import Queue, key_of
from support.kube.kubelet import Kubelet
from support.kube.logs import rfc3339


@dataclasses.dataclass(frozen=True)
class Waits:
    """It never starts, as where its image cannot be pulled."""
    reason: str
    message: str = ""


@dataclasses.dataclass(frozen=True)
class Crashes:
    """It writes these lines and ends, again and again."""
    lines: tuple = ()
    exit_code: int = 1
    restarts: int = 3


@dataclasses.dataclass(frozen=True)
class NeverReady:
    """It runs, and its probe fails."""
    lines: tuple = ()


@dataclasses.dataclass(frozen=True)
class Unschedulable:
    """No node takes the pod."""
    message: str


class Node(Kubelet):
    def __init__(self, server, namespaces: list[str], name: str = "node-of-workloads"):
        super().__init__(server, play=None, namespaces=namespaces, name=name)
        self.plays: dict[str, object] = {}  # by image
        self._queue = Queue()

    def __enter__(self) -> "Node":
        self._worker = threading.Thread(target=self._work, daemon=True, name=self.name)
        super().__enter__()
        # A node that just came has a taint until its controller, which is not here, takes it away.
        self.client.patch("nodes", self.name, {"spec": {"taints": []}})
        self._worker.start()
        return self

    def __exit__(self, *_) -> None:
        self._queue.close()
        self._worker.join()
        super().__exit__()
        assert not self.failures, "the stand-in for a node failed:\n" + "\n".join(self.failures)

    def _pod_event(self, kind: str, pod: dict) -> None:
        if kind != "DELETED" and pod["metadata"]["namespace"] in self.namespaces:
            self._queue.add(key_of(pod))

    def _work(self) -> None:
        while (key := self._queue.take()) is not None:
            pod = self._informer.get(*key)
            if pod is None:
                continue
            try:
                self._reconcile(pod)
            except ApiError as error:
                if error.status != 404:
                    self._queue.add(key, after=0.05)
            except (OSError, http.client.HTTPException):
                self._queue.add(key, after=0.2)
            except Exception:  # noqa: BLE001: a test must see what broke in this thread
                self.failures.append(traceback.format_exc())

    def _reconcile(self, pod: dict) -> None:
        namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        if "deletionTimestamp" in pod["metadata"]:
            self.client.delete("pods", name, namespace)
            return
        plays = {container["name"]: self.plays.get(container["image"])
                 for container in pod["spec"].get("initContainers", []) + pod["spec"]["containers"]}
        refused = next((play for play in plays.values() if isinstance(play, Unschedulable)), None)
        if refused:
            status = {"phase": "Pending", "conditions": [
                {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": refused.message}]}
        elif not pod["spec"].get("nodeName"):
            self.client.call("POST", f"/api/v1/namespaces/{namespace}/pods/{name}/binding", {
                "apiVersion": "v1", "kind": "Binding", "metadata": {"name": name},
                "target": {"apiVersion": "v1", "kind": "Node", "name": self.name}})
            return
        else:
            status = self._status(pod, plays)
        if _without_times(pod.get("status", {})) != _without_times(status):
            self.client.patch("pods", name, {"status": status}, namespace, status=True)

    def _status(self, pod: dict, plays: dict) -> dict:
        namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        init = [self._container(namespace, name, container, plays[container["name"]], init=True)
                for container in pod["spec"].get("initContainers", [])]
        held = not all(container["ready"] for container in init)
        main = [_waiting(container, "PodInitializing") if held else
                self._container(namespace, name, container, plays[container["name"]]) for container in pod["spec"]["containers"]]
        ready = not held and all(container["ready"] for container in main)
        running = any("running" in container["state"] for container in main)
        status = {"phase": "Running" if running else "Pending", "containerStatuses": main, "conditions": [
            {"type": "PodScheduled", "status": "True"},
            {"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": _now()}]}
        return {**status, "initContainerStatuses": init} if init else status

    def _container(self, namespace: str, pod: str, container: dict, play, init: bool = False) -> dict:
        if isinstance(play, Waits):
            return _waiting(container, play.reason, play.message)
        log = self.log(namespace, pod, container["name"])
        if play is not None and not log.text:
            for line in play.lines:
                log.write(line + "\n")
        ended = {"exitCode": getattr(play, "exit_code", 0), "reason": "Error", "startedAt": _now(), "finishedAt": _now()}
        if isinstance(play, Crashes):
            return {**_waiting(container, "CrashLoopBackOff", "back-off 40s restarting failed container"),
                    "restartCount": play.restarts, "lastState": {"terminated": ended}}
        state = {"terminated": {**ended, "reason": "Completed"}} if init else {"running": {"startedAt": _now()}}
        return {**_waiting(container, ""), "state": state, "ready": play is None, "started": True}


def _waiting(container: dict, reason: str, message: str = "") -> dict:
    return {"name": container["name"], "image": container["image"], "imageID": "", "restartCount": 0, "ready": False,
            "state": {"waiting": {"reason": reason, "message": message}}}


def _without_times(node):
    """What of a status a change is seen by: of conditions their type and status."""
    phase = node.get("phase")
    conditions = sorted((entry["type"], entry["status"]) for entry in node.get("conditions", []))
    containers = [(entry["name"], entry["ready"], entry["restartCount"], sorted(entry["state"]))
                  for entry in node.get("initContainerStatuses", []) + node.get("containerStatuses", [])]
    return phase, conditions, containers


def _now() -> str:
    return rfc3339(time.time_ns())[:19] + "Z"
