"""A stand-in for the controller of Deployments: rolls each out at once, unless its image is one that never becomes ready.

    with Deployments(server, [namespace]) as deployments:
        deployments.make(namespace, "web", image)               # and waits until it is ready
        deployments.broken[image] = "ErrImagePull"              # a rollout of this image never becomes ready
        deployments.ready_after = 1.0                           # seconds
        deployments.history(namespace, "web")                   # the images that were rolled out, in this order

It keeps ReplicaSets with their revisions, so that `kubectl rollout undo` has what it needs, and one Pod of the newest.
A rollout that does not end within the Deployment's progressDeadlineSeconds says so (ProgressDeadlineExceeded).
"""

import collections
import contextlib
import hashlib
import http.client
import json
import threading
import time
import traceback

from support.kube.client import ApiError
from support.kube.informer import Informer, Queue, following, key_of
from support.kube.logs import rfc3339

REVISION = "deployment.kubernetes.io/revision"


class Deployments:
    def __init__(self, server, namespaces: list[str]):
        self.client = server.client(token=server.admin_token)
        self.namespaces = list(namespaces)
        self.broken: dict[str, str] = {}  # image to why its container waits
        self.ready_after = 0.0
        self.failures: list[str] = []
        self._images: dict[tuple, list[str]] = collections.defaultdict(list)
        self._since: dict[tuple, float] = {}  # when the rollout of a template began, by uid and template
        self._queue = Queue()
        self._informer = Informer(self.client, "deployments", self._changed)

    def __enter__(self) -> "Deployments":
        self._stack = contextlib.ExitStack()
        self._stack.enter_context(following(self._informer))
        self._worker = threading.Thread(target=self._work, daemon=True, name="deployments")
        self._worker.start()
        return self

    def __exit__(self, *_) -> None:
        self._queue.close()
        self._worker.join()
        self._stack.close()
        assert not self.failures, "the stand-in for Deployments failed:\n" + "\n".join(self.failures)

    def make(self, namespace: str, name: str, image: str, container: str = "", replicas: int = 1, deadline: int = 600,
             wait: bool = True) -> dict:
        """A Deployment of one container, which is named like it unless `container` says another name."""
        labels = {"app": name}
        made = self.client.create("deployments", {"metadata": {"name": name}, "spec": {
            "replicas": replicas, "progressDeadlineSeconds": deadline, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels},
                         "spec": {"containers": [{"name": container or name, "image": image}]}}}}, namespace)
        return self.wait_ready(namespace, name) if wait else made

    def wait_ready(self, namespace: str, name: str, seconds: float = 30) -> dict:
        return self.client.wait("deployments", name, lambda it: it["status"]["observedGeneration"] == it["metadata"]["generation"]
                                and it["status"].get("availableReplicas") == it["spec"]["replicas"]
                                and it["status"].get("updatedReplicas") == it["spec"]["replicas"], namespace, seconds)

    def history(self, namespace: str, name: str) -> list[str]:
        """The first container's images, one for each rollout that began."""
        return list(self._images[namespace, name])

    def _changed(self, kind: str, item: dict) -> None:
        if kind != "DELETED" and item["metadata"]["namespace"] in self.namespaces:
            self._queue.add(key_of(item))

    def _work(self) -> None:
        while (key := self._queue.take()) is not None:
            deployment = self._informer.get(*key)
            if deployment is None:
                continue
            try:
                self._reconcile(key, deployment)
            except ApiError as error:
                self._queue.add(key, after=0.02 if error.status == 409 else 0.3)
            except (OSError, http.client.HTTPException):
                self._queue.add(key, after=0.2)
            except Exception:  # noqa: BLE001: a test must see what broke in this thread
                self.failures.append(traceback.format_exc())

    def _reconcile(self, key: tuple, deployment: dict) -> None:
        namespace, name = key
        metadata, spec = deployment["metadata"], deployment["spec"]
        images = [container["image"] for container in spec["template"]["spec"]["containers"]]
        digest = hashlib.sha256(json.dumps(spec["template"], sort_keys=True).encode()).hexdigest()[:10]
        rollout = (metadata["uid"], digest)
        current = next((known for known in self._since if known[0] == metadata["uid"]), None)
        if current != rollout:
            self._since.pop(current, None)
            self._since[rollout] = time.monotonic()
            self._images[key].append(images[0])
        revision = self._replica_set(deployment, digest)
        if metadata.get("annotations", {}).get(REVISION) != revision:
            deployment = self.client.patch("deployments", name, {"metadata": {"annotations": {REVISION: revision}}}, namespace)
        why = next((self.broken[image] for image in images if image in self.broken), "")
        self._pod(deployment, digest, why)
        elapsed = time.monotonic() - self._since[rollout]
        deadline = spec.get("progressDeadlineSeconds", 600)
        ready = not why and elapsed >= self.ready_after
        self._write(deployment, f"{name}-{digest}", ready, elapsed >= deadline)
        if not ready and elapsed < deadline:
            self._queue.add(key, after=0.05)

    def _replica_set(self, deployment: dict, digest: str) -> str:
        """The revision of the template's ReplicaSet, which becomes the newest."""
        metadata, spec = deployment["metadata"], deployment["spec"]
        owned = [item for item in self.client.list("replicasets", metadata["namespace"])
                 if any(owner["uid"] == metadata["uid"] for owner in item["metadata"].get("ownerReferences", []))]
        revisions = {item["metadata"]["name"]: int(item["metadata"]["annotations"][REVISION]) for item in owned}
        name, newest = f"{metadata['name']}-{digest}", max(revisions.values(), default=0)
        if revisions.get(name) == newest and owned:
            return str(newest)
        revision = {REVISION: str(newest + 1)}
        if name in revisions:
            self.client.patch("replicasets", name, {"metadata": {"annotations": revision}}, metadata["namespace"])
            return str(newest + 1)
        labels = {**spec["template"]["metadata"]["labels"], "pod-template-hash": digest}
        template = {**spec["template"], "metadata": {**spec["template"]["metadata"], "labels": labels}}
        self.client.create("replicasets", {
            "metadata": {"name": name, "labels": labels, "annotations": revision, "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": "Deployment", "name": metadata["name"], "uid": metadata["uid"],
                "controller": True, "blockOwnerDeletion": True}]},
            "spec": {"replicas": spec["replicas"], "selector": {"matchLabels": labels}, "template": template},
        }, metadata["namespace"])
        return str(newest + 1)

    def _pod(self, deployment: dict, digest: str, why: str) -> None:
        """One Pod of the newest template, for those who look why it does not become ready."""
        metadata, template = deployment["metadata"], deployment["spec"]["template"]
        namespace, name = metadata["namespace"], f"{metadata['name']}-{digest}-0"
        for pod in self.client.list("pods", namespace, fields="status.phase!=Succeeded"):
            if pod["metadata"]["labels"].get("deployment") == metadata["name"] and pod["metadata"]["name"] != name:
                self.client.delete("pods", pod["metadata"]["name"], namespace)
        labels = {**template["metadata"]["labels"], "pod-template-hash": digest, "deployment": metadata["name"]}
        replica_set = self.client.get("replicasets", f"{metadata['name']}-{digest}", namespace)
        owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": replica_set["metadata"]["name"],
                 "uid": replica_set["metadata"]["uid"], "controller": True}
        # Bound to no real node, and to a name of its own so that no stand-in for a kubelet takes it.
        spec = {**template["spec"], "nodeName": "played"}
        if self.client.find("pods", name, namespace) is None:
            self.client.create("pods", {"metadata": {"name": name, "labels": labels, "ownerReferences": [owner]}, "spec": spec},
                               namespace)
            state = {"waiting": {"reason": why, "message": f"{why}: {template['spec']['containers'][0]['image']}"}} if why else {
                "running": {"startedAt": _now()}}
            self.client.patch("pods", name, {"status": {
                "phase": "Pending" if why else "Running",
                "conditions": [{"type": "Ready", "status": "False" if why else "True"}],
                "containerStatuses": [{"name": container["name"], "state": state, "ready": not why, "restartCount": 0,
                                       "image": container["image"], "imageID": ""} for container in spec["containers"]],
            }}, namespace, status=True)

    def _write(self, deployment: dict, replica_set: str, ready: bool, late: bool) -> None:
        replicas = deployment["spec"]["replicas"]
        if ready:
            progress = ("True", "NewReplicaSetAvailable", f'ReplicaSet "{replica_set}" has successfully progressed.')
        elif late:
            progress = ("False", "ProgressDeadlineExceeded", f'ReplicaSet "{replica_set}" has timed out progressing.')
        else:
            progress = ("True", "ReplicaSetUpdated", f'ReplicaSet "{replica_set}" is progressing.')
        available = ("True", "MinimumReplicasAvailable") if ready else ("False", "MinimumReplicasUnavailable")
        status = {
            "observedGeneration": deployment["metadata"]["generation"], "replicas": replicas, "updatedReplicas": replicas,
            "readyReplicas": replicas if ready else 0, "availableReplicas": replicas if ready else 0,
            "unavailableReplicas": 0 if ready else replicas,
            "conditions": [
                {"type": "Available", "status": available[0], "reason": available[1], "message": ""},
                {"type": "Progressing", "status": progress[0], "reason": progress[1], "message": progress[2]}],
        }
        known = deployment.get("status", {})
        before = {(entry["type"], entry["status"], entry["reason"]) for entry in known.get("conditions", [])}
        after = {(entry["type"], entry["status"], entry["reason"]) for entry in status["conditions"]}
        if before == after and known.get("observedGeneration") == status["observedGeneration"]:
            return
        for entry in status["conditions"]:
            entry |= {"lastTransitionTime": _now(), "lastUpdateTime": _now()}
        self.client.patch("deployments", deployment["metadata"]["name"], {"status": status},
                          deployment["metadata"]["namespace"], status=True)


def _now() -> str:
    return rfc3339(time.time_ns())[:19] + "Z"
