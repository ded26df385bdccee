"""The tasks of pipelines/tasks as a test runs them: a shell, what a small image has, and kubectl; nothing else is in PATH.

    task = Task(directory, kubectl, kubeconfig)
    done = task.run(image, WORKLOADS="deployment/web", TIMEOUT="5")      # done.status, done.log, done.last
    running = task.start(image, ...)                                     # a subprocess
"""

import dataclasses
import os
import pathlib
import shutil
import subprocess

from support.kube.server import PROJECT

REPOSITORY = "registry.example.com:5000/acme/app"
TASKS = PROJECT / "pipelines/tasks"


def image(digit: str, repository: str = REPOSITORY) -> str:
    return f"{repository}@sha256:{digit * 64}"


@dataclasses.dataclass
class Done:
    status: int
    log: str

    @property
    def last(self) -> str:
        return self.log.rstrip("\n").rsplit("\n", 1)[-1]


class Task:
    def __init__(self, directory: pathlib.Path, kubectl: pathlib.Path, kubeconfig: str, shell: str = "busybox"):
        """`shell`: busybox, with its applets alone, or dash, with the tools of this machine."""
        self.directory, self.kubeconfig, self.shell = directory, kubeconfig, shell
        tools = directory / "bin"
        tools.mkdir(parents=True)
        if shell == "busybox":
            subprocess.run(["busybox", "--install", "-s", tools], check=True)
        (tools / "kubectl").symlink_to(kubectl)
        self.path = str(tools) if shell == "busybox" else f"{tools}:/usr/bin:/bin"
        (directory / "image").mkdir()
        (directory / "tasks").symlink_to(PROJECT)

    def environment(self, **params: str) -> dict:
        signs_in = any(name in params for name in ("KUBECONFIG_FILE", "SERVER", "KUBECONFIG_YAML"))
        given = {} if signs_in else {"KUBECONFIG_YAML": self.kubeconfig}
        return {"PATH": self.path, "HOME": "/nonexistent", "TMPDIR": str(self.directory), **given, **params}

    def start(self, image: str | None, script: str = "deploy.sh", **params: str) -> subprocess.Popen:
        if image is not None:
            (self.directory / "image/image").write_text(image)
        shell = [self.directory / "bin/sh"] if self.shell == "busybox" else [shutil.which("dash")]
        return subprocess.Popen([*shell, f"tasks/pipelines/tasks/{script}"], cwd=self.directory, env=self.environment(**params),
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run(self, image: str | None, script: str = "deploy.sh", **params: str) -> Done:
        with self.start(image, script, **params) as process:
            log, _ = process.communicate(timeout=300)
            left = [name for name in os.listdir(self.directory) if name.startswith("tmp.")]
            assert not left, f"the task left {left} behind"
            return Done(process.returncode, log)


class Workloads:
    """Makes them on a cluster, each with a container `main` and one of another image beside it, and looks at them."""

    def __init__(self, client, namespace: str):
        self.client, self.namespace = client, namespace

    def make(self, kind: str, name: str, image: str, *, init: str = "", template: dict | None = None, wait: bool = True, **spec) -> None:
        """`kind` in the plural and in small letters, as the API's paths have it."""
        containers = [{"name": "main", "image": image}, {"name": "side", "image": "busybox:1"}]
        pod = {"containers": containers, **({"initContainers": [{"name": "init", "image": init}]} if init else {}), **(template or {})}
        labels = {"app": name}
        if kind == "cronjobs":
            pod["restartPolicy"] = "Never"
            spec = {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": {"spec": pod}}}, **spec}
        else:
            spec = {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}, **spec}
        if kind == "statefulsets":
            spec = {"serviceName": name, **spec}
        self.client.create(kind, {"metadata": {"name": name}, "spec": spec}, self.namespace)
        if wait and kind != "cronjobs":
            self.client.wait(kind, name, ready, self.namespace)

    def get(self, kind: str, name: str) -> dict:
        return self.client.get(kind, name, self.namespace)

    def images(self, kind: str, name: str) -> dict[str, str]:
        """By container, init containers too."""
        spec = self.get(kind, name)["spec"]
        pod = (spec["jobTemplate"]["spec"] if kind == "cronjobs" else spec)["template"]["spec"]
        return {container["name"]: container["image"] for container in pod.get("initContainers", []) + pod["containers"]}

    def main(self, kind: str, name: str) -> str:
        return self.images(kind, name)["main"]

    def set_main(self, kind: str, name: str, image: str) -> None:
        """As somebody else would."""
        containers = [{**container, "image": image} if container["name"] == "main" else container
                      for container in self.get(kind, name)["spec"]["template"]["spec"]["containers"]]
        self.client.patch(kind, name, {"spec": {"template": {"spec": {"containers": containers}}}}, self.namespace)

    def pods(self, name: str) -> list[dict]:
        return [pod for pod in self.client.list("pods", self.namespace, selector=f"app={name}")
                if "deletionTimestamp" not in pod["metadata"]]


def ready(item: dict) -> bool:
    status, spec = item["status"], item["spec"]
    wanted = status["desiredNumberScheduled"] if item.get("kind") == "DaemonSet" or "desiredNumberScheduled" in status else spec["replicas"]
    available = status.get("numberAvailable", 0) if "desiredNumberScheduled" in status else status.get("availableReplicas", 0)
    return status["observedGeneration"] >= item["metadata"]["generation"] and available == wanted
