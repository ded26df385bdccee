"""The operator's story on this machine: a registry with a fleet of applications, each deployed to a cluster, and
pipelines/fleet.yml played over them. Used by the test of that pipeline and, with someone watching, by scripts/demo --fleet.
"""

import json
import pathlib

from support.concourse import Concourse, HostPrograms, Observer
from support.fleet import Storage
from support.git_server import GitServer
from support.kube.deployments import Deployments
from support.kube.server import PROJECT, KubeServer, programs as kube_programs
from support.registry_server import RegistryServer
from support.started_stack import StartedStack
from support.story import commit_tasks

SMALL = ("ledger", "mail", "shop", "stock")
LARGE = ("accounts", "billing", "catalog", "checkout", "coupons", "delivery", "feed", "identity", "invoices", "ledger", "mail",
         "orders", "payments", "pricing", "returns", "reviews", "search", "shop", "stock", "tax")


class FleetStory(StartedStack):
    """Enter it to start the servers; everything lives below `work` and ends with the context."""

    def __init__(self, work: pathlib.Path, programs: pathlib.Path, observer: Observer | None = None, applications=SMALL,
                 canary: str = "25%", server: KubeServer | None = None):
        super().__init__()
        self.work, self.programs = pathlib.Path(work).resolve(), pathlib.Path(programs).resolve()
        self.applications, self.canary, self.server = applications, canary, server
        self._observer = observer

    def _start(self) -> None:
        self.work.mkdir(parents=True, exist_ok=True)
        self.server = self.server or self.enter_context(KubeServer(self.work / "kube"))
        self.namespace = self.server.namespace()
        self.deployments = self.enter_context(Deployments(self.server, [self.namespace]))
        commit_tasks(self.work / "git")
        self.git = self.enter_context(GitServer(self.work / "git"))
        self.registry = self.enter_context(RegistryServer(self.work / "registry", username="robot", password="robot-password"))
        self.storage = Storage(self.registry.data, self.registry.host)
        base = self.storage.base("3.0.11-1", tag="base")
        for name in self.applications:
            digest = self.storage.application(f"acme/{name}", "main", "3.0.11-1", base)
            self.deployments.make(self.namespace, name, self.image(name, digest), deadline=1)
        concourse = Concourse(self.work / "concourse", {"build-service": HostPrograms(self.programs)},
                              task_path=[kube_programs()], observer=self._observer)
        self.pipeline = concourse.set_pipeline(PROJECT / "pipelines/fleet.yml", vars=self.vars())

    def vars(self) -> dict:
        host = self.registry.host
        kubeconfig = self.server.kubeconfig(token=self.server.admin_token)
        kubeconfig = kubeconfig if isinstance(kubeconfig, str) else kubeconfig.read_text()
        return {
            "build_service_image": f"{host}/build-service", "kubectl_image": f"{host}/kubectl",
            "run_image": f"{host}/run", "run_image_tag": "base", "record": f"{host}/acme/fleet:main",
            "images": [f"{host}/acme/{name}:main" for name in self.applications], "repositories": [],
            "registry_username": "robot", "registry_password": "robot-password",
            "canary": self.canary, "max_failures": 2, "test": "test -s fleet/changed.json",
            "tasks_uri": self.git.url("build-service"), "tasks_branch": "main", "namespaces": self.namespace,
            "staging_kubeconfig": kubeconfig, "production_kubeconfig": kubeconfig,
        }

    # What people do

    def patch_base(self, version: str = "3.0.15-1") -> str:
        """The operator publishes a patched base; its digest."""
        return self.storage.base(version, tag="base")

    def go_back(self, version: dict):
        """A person pins an earlier version of the fleet and starts the job."""
        self.pipeline.resource("fleet").pinned = version
        return self.pipeline.run_job("back")

    # What the world sees

    def image(self, name: str, digest: str) -> str:
        return f"{self.registry.host}/acme/{name}@{digest}"

    def tagged(self) -> dict[str, str]:
        return {name: self.image(name, self.storage.tag(f"acme/{name}", "main")) for name in self.applications}

    def deployed(self) -> dict[str, str]:
        return {name: self.deployments.history(self.namespace, name)[-1] for name in self.applications}

    def versions(self) -> list[dict]:
        return [saved.version for saved in self.pipeline.resource("fleet").history.versions]

    def report(self, build) -> str:
        """report.md of the put in a build."""
        return (build.artifacts["fleet"] / "report.md").read_text()

    def record(self, build) -> dict:
        return json.loads((build.artifacts["fleet"] / "record.json").read_text())
