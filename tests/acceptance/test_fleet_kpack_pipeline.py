"""pipelines/fleet-kpack.yml as it stands, on docker-registry, a git server and a real kube-apiserver with the stand-in for kpack
and a real kubectl."""

import pytest

from support.concourse import Concourse, HostPrograms
from support.example_vars import GIT, REGISTRY, STAGING, example_vars
from support.fleet_kpack import FleetKpack
from support.git_server import GitServer
from support.kpack import publishing
from support.kube.server import PROJECT, programs as kube_programs
from support.push_image import Registry
from support.registry_server import RegistryServer
from support.started_stack import StartedStack
from support.story import commit_tasks
from support.web_host import WebHost

APPLICATIONS = ("ledger", "shop")


class Story(StartedStack):
    def __init__(self, work, programs, server, kpack, namespace, deployments):
        super().__init__()
        self.work, self.programs, self.server, self.kpack = work, programs, server, kpack
        self.namespace, self.deployments = namespace, deployments

    def _start(self) -> None:
        commit_tasks(self.work / "git")
        given = example_vars("fleet-kpack")
        user, password = given["registry_username"], given["registry_password"]
        self.git = self.enter_context(GitServer(self.work / "git", user=given["git_username"], password=given["git_password"]))
        self.registry = self.enter_context(RegistryServer(self.work / "registry", username=user, password=password))
        self.staging = self.enter_context(WebHost())
        self.kpack.push = publishing.to(Registry(self.registry.host, user, password), self.registry.host)
        self.fleet = FleetKpack(self.programs, self.server, self.kpack, self.namespace, self.registry, self.work)
        self.patch_base("1")
        for name in APPLICATIONS:
            self.fleet.image(name)
            self.deployments.make(self.namespace, name, self.built(name), deadline=1)
        concourse = Concourse(self.work / "concourse", {"build-service": HostPrograms(self.programs)},
                              task_path=[kube_programs()])
        self.pipeline = concourse.set_pipeline(PROJECT / "pipelines/fleet-kpack.yml", vars=self.vars())

    def vars(self) -> dict:
        kubeconfig = self.server.kubeconfig(token=self.server.admin_token)
        cluster = {"cluster_stack": self.namespace, "kpack_namespaces": [self.namespace], "namespaces": self.namespace,
                   "kpack_kubeconfig": self.server.kubeconfig(token=self.fleet.token), "staging_kubeconfig": kubeconfig,
                   "production_kubeconfig": kubeconfig}
        return example_vars("fleet-kpack", {REGISTRY: self.registry.host, GIT: self.git.base, STAGING: self.staging.base}) | cluster

    def patch_base(self, version: str) -> None:
        """The operator publishes a base."""
        self.fleet.storage._link("repositories/run/_manifests/tags/base/current", self.fleet.runs[version])

    def built(self, name: str) -> str:
        return self.server.admin.get("images", name, self.namespace)["status"]["latestImage"]

    def deployed(self) -> dict[str, str]:
        return {name: self.deployments.history(self.namespace, name)[-1] for name in APPLICATIONS}

    def tick(self) -> list:
        builds = self.pipeline.tick()
        return [(build.job["name"], build.status) for build in builds]


@pytest.fixture
def story(programs, kube_server, kpack, namespace, deployments, tmp_path):
    with Story(tmp_path, programs, kube_server, kpack, namespace, deployments) as story:
        yield story


def test_a_patched_base_reaches_every_cluster_by_way_of_the_stack_and_goes_back(story):
    all_jobs = [("patch", "succeeded"), ("staging", "succeeded"), ("production", "succeeded")]
    before = story.deployed()
    assert story.tick() == all_jobs
    assert story.deployed() == before  # nothing was behind

    story.patch_base("2")
    assert story.tick() == all_jobs
    assert story.deployed() == {name: story.built(name) for name in APPLICATIONS}
    assert not set(story.deployed().values()) & set(before.values())
    assert story.pipeline.resource("fleet").history.latest.facts["rebuilt"] == "2"
    assert story.tick() == []

    story.pipeline.resource("fleet").pinned = story.pipeline.resource("fleet").history.versions[0].version
    back = story.pipeline.run_job("back").expect()
    assert back.step("fleet", "get").facts["rebuilt"] == "2"
    assert story.deployed() == before
