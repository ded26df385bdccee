"""pipelines/fleet.yml as it stands, on docker-registry, a git server and a real kube-apiserver with a real kubectl."""

import pathlib

import pytest

from support.concourse import Concourse, HostPrograms
from support.fleet import Storage
from support.git_server import GitServer, Repository
from support.kube.fixtures import *  # noqa: F403 (fixtures)
from support.registry_server import RegistryServer

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent
APPLICATIONS = ("ledger", "mail", "shop", "stock")


class World:
    """Four applications on one base, each a Deployment of the cluster."""

    def __init__(self, programs, registry, git, kube_server, deployments, namespace, kubectl, work):
        self.registry, self.deployments, self.namespace = registry, deployments, namespace
        self.storage = Storage(registry.data, registry.host)
        self.old = self.storage.base("3.0.11-1", tag="base")
        for name in APPLICATIONS:
            digest = self.storage.application(f"acme/{name}", "main", "3.0.11-1", self.old)
            deployments.make(namespace, name, self.image(name, digest), deadline=1)
        kubeconfig = kube_server.kubeconfig(token=kube_server.admin_token)
        kubeconfig = kubeconfig if isinstance(kubeconfig, str) else kubeconfig.read_text()
        concourse = Concourse(work / "concourse", {"build-service": HostPrograms(programs)}, task_path=[kubectl.parent])
        self.pipeline = concourse.set_pipeline(PROJECT / "pipelines/fleet.yml", vars={
            "build_service_image": f"{registry.host}/build-service", "kubectl_image": f"{registry.host}/kubectl",
            "run_image": f"{registry.host}/run", "run_image_tag": "base", "record": f"{registry.host}/acme/fleet:main",
            "images": [f"{registry.host}/acme/{name}:main" for name in APPLICATIONS], "repositories": [],
            "registry_username": "robot", "registry_password": "robot-password", "canary": "25%", "max_failures": 2,
            "test": "test -s fleet/changed.json", "tasks_uri": git.url("tasks"), "tasks_branch": "main",
            "staging_kubeconfig": kubeconfig, "production_kubeconfig": kubeconfig, "namespaces": namespace})

    def image(self, name: str, digest: str) -> str:
        return f"{self.registry.host}/acme/{name}@{digest}"

    def patch(self) -> None:
        self.storage.base("3.0.15-1", tag="base")

    def tagged(self, name: str) -> str:
        return self.image(name, self.storage.tag(f"acme/{name}", "main"))

    def deployed(self, name: str) -> str:
        return self.deployments.history(self.namespace, name)[-1]

    def tick(self) -> list[tuple[str, str]]:
        self.builds = self.pipeline.tick()
        return [(build.job["name"], build.status) for build in self.builds]


@pytest.fixture
def world(programs, kube_server, deployments, namespace, kubectl, tmp_path):
    repository = Repository(tmp_path / "git/tasks.git")
    tasks = {str(path.relative_to(PROJECT)): path.read_text() for path in (PROJECT / "pipelines/tasks").iterdir()}
    repository.commit("Tasks", tasks)
    with RegistryServer(tmp_path / "registry", username="robot", password="robot-password") as registry, \
            GitServer(tmp_path / "git") as git:
        yield World(programs, registry, git, kube_server, deployments, namespace, kubectl, tmp_path)


def test_a_patched_base_reaches_every_cluster_by_way_of_a_canary_and_goes_back(world):
    before = {name: world.deployed(name) for name in APPLICATIONS}
    assert world.tick() == [("canary", "succeeded"), ("canary-rollout", "succeeded"), ("rest", "succeeded"), ("rollout", "succeeded")]
    assert {name: world.deployed(name) for name in APPLICATIONS} == before  # nothing was behind

    world.patch()
    assert world.tick() == [("canary", "succeeded"), ("canary-rollout", "succeeded"), ("rest", "succeeded"), ("rollout", "succeeded")]
    canary, _, rest, rollout = world.builds
    assert canary.step("fleet", "get").facts["rebased"] == "1" and rest.step("fleet", "get").facts["rebased"] == "3"
    assert "openssl 3.0.11-1 -> 3.0.15-1" in canary.log
    assert "3 Deployments run what the put moved" in rollout.log
    for name in APPLICATIONS:
        assert world.deployed(name) == world.tagged(name) != before[name]
    assert world.tick() == []

    # Back again, to the first version that the pipeline made.
    fleet = world.pipeline.resource("fleet")
    fleet.pinned = fleet.history.versions[0].version
    assert world.pipeline.run_job("back").expect().step("fleet", "get").facts["rolled back"] == "4"
    assert {name: world.deployed(name) for name in APPLICATIONS} == before


def test_a_deployment_that_does_not_become_ready_is_taken_back_with_the_reason(world):
    world.tick()
    before = {name: world.deployed(name) for name in APPLICATIONS}
    world.patch()
    canary = world.pipeline.run_job("canary").expect()
    assert canary.step("fleet", "get").facts["rebased"] == "1"
    world.deployments.broken[world.tagged("ledger")] = "ErrImagePull"
    build = world.pipeline.run_job("canary-rollout").wait()
    assert build.status == "failed"
    assert "ErrImagePull" in build.log and "ledger goes back" in build.log
    assert world.deployed("ledger") == before["ledger"]
    assert "robot-password" not in build.log
