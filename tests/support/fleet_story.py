"""The operator's story on this machine: a registry with a fleet of applications, each deployed to a cluster, and
pipelines/fleet.yml played over them. Used by the test of that pipeline and, with someone watching, by scripts/demo --fleet.
"""

import pathlib

from support.concourse import Concourse, HostPrograms, Observer
from support.example_vars import GIT, REGISTRY, STAGING, example_vars
from support.fleet import Storage
from support.git_server import GitServer
from support.kube.deployments import Deployments
from support.kube.server import PROJECT, KubeServer, programs as kube_programs
from support.registry_server import RegistryServer
from support.started_stack import StartedStack
from support.story import commit_tasks
from support.web_host import WebHost

# By name of the Deployment: what the pipeline's example vars name, the last two by a pattern of tags.
SMALL = {"ledger": "ledger:main", "petclinic": "petclinic:main", "shop-1": "shop:v1", "shop-2": "shop:v2"}
LARGE = {name: f"{name}:main" for name in (
    "accounts", "billing", "catalog", "checkout", "coupons", "delivery", "feed", "identity", "invoices", "ledger", "mail",
    "orders", "payments", "pricing", "returns", "reviews", "search", "shop", "stock", "tax")}


class FleetStory(StartedStack):
    """Enter it to start the servers; everything lives below `work` and ends with the context."""

    def __init__(self, work: pathlib.Path, programs: pathlib.Path, observer: Observer | None = None, applications=SMALL,
                 server: KubeServer | None = None):
        super().__init__()
        self.work, self.programs = pathlib.Path(work).resolve(), pathlib.Path(programs).resolve()
        self.applications, self.server = applications, server
        self._observer = observer

    def _start(self) -> None:
        self.work.mkdir(parents=True, exist_ok=True)
        self.server = self.server or self.enter_context(KubeServer(self.work / "kube"))
        self.namespace = self.server.namespace()
        self.deployments = self.enter_context(Deployments(self.server, [self.namespace]))
        commit_tasks(self.work / "git")
        given = example_vars("fleet")
        self.password = given["registry_password"]
        self.git = self.enter_context(GitServer(self.work / "git", user=given["git_username"], password=given["git_password"]))
        self.registry = self.enter_context(
            RegistryServer(self.work / "registry", username=given["registry_username"], password=self.password))
        self.staging = self.enter_context(WebHost())
        self.storage = Storage(self.registry.data, self.registry.host)
        base = self.storage.base("3.0.11-1", tag="base")
        for name, image in self.applications.items():
            repository, _, tag = image.partition(":")
            digest = self.storage.application(f"acme/{repository}", tag, "3.0.11-1", base)
            self.deployments.make(self.namespace, name, self.image(name, digest), deadline=1)
        concourse = Concourse(self.work / "concourse", {"build-service": HostPrograms(self.programs)},
                              task_path=[kube_programs()], observer=self._observer)
        self.pipeline = concourse.set_pipeline(PROJECT / "pipelines/fleet.yml", vars=self.vars())

    def vars(self) -> dict:
        kubeconfig = self.server.kubeconfig(token=self.server.admin_token)
        kubeconfig = kubeconfig if isinstance(kubeconfig, str) else kubeconfig.read_text()
        cluster = {"namespaces": self.namespace, "staging_kubeconfig": kubeconfig, "production_kubeconfig": kubeconfig}
        given = example_vars("fleet", {REGISTRY: self.registry.host, GIT: self.git.base, STAGING: self.staging.base}) | cluster
        if self.applications is LARGE:
            given |= {"images": [f"{self.registry.host}/acme/{image}" for image in LARGE.values()], "repositories": []}
        return given

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
        return f"{self.registry.host}/acme/{self.applications[name].partition(':')[0]}@{digest}"

    def tagged(self) -> dict[str, str]:
        """What the registry has at each tag."""
        parts = {name: image.split(":") for name, image in self.applications.items()}
        return {name: self.image(name, self.storage.tag(f"acme/{repository}", tag)) for name, (repository, tag) in parts.items()}

    def deployed(self) -> dict[str, str]:
        return {name: self.deployments.history(self.namespace, name)[-1] for name in self.applications}

    def versions(self) -> list[dict]:
        return [saved.version for saved in self.pipeline.resource("fleet").history.versions]

    def report(self, put) -> str:
        """report.md of what a build put, as the build that got it has it."""
        _, version = put.outputs[-1]
        builds = [build for job in self.pipeline.config["jobs"] for build in self.pipeline.builds(job["name"])]
        return next((build.artifacts[name] / "report.md").read_text()
                    for build in builds for name, got in build.inputs.items() if got == version and name in build.artifacts)
