"""pipelines/promote.yml with its example vars: one digest through staging to production, on docker-registry and a real
kube-apiserver with a real kubectl."""

import re

import pytest

from support import push_image
from support.concourse import Concourse, HostPrograms
from support.example_vars import GIT, PROJECT, REGISTRY, STAGING, example_vars
from support.git_server import GitServer
from support.kube.deployments import Deployments
from support.kube.fixtures import kube_server  # noqa: F401 (a fixture)
from support.kube.server import programs as kube_programs
from support.registry_server import RegistryServer
from support.started_stack import StartedStack
from support.story import commit_tasks
from support.web_host import WebHost


class Promotion(StartedStack):
    def __init__(self, work, programs, server):
        super().__init__()
        self.work, self.programs, self.server = work, programs, server

    def _start(self) -> None:
        given = example_vars("promote")
        user, self.password = given["registry_username"], given["registry_password"]
        commit_tasks(self.work / "git")
        self.git = self.enter_context(GitServer(self.work / "git", user=given["git_username"], password=given["git_password"]))
        self.registry = self.enter_context(RegistryServer(self.work / "registry", username=user, password=self.password))
        self.staging = self.enter_context(WebHost())
        self.push = push_image.Registry(self.registry.host, user, self.password)
        # Two namespaces of one server stand for two clusters.
        self.clusters = {name: self.server.namespace() for name in ("staging", "production")}
        self.deployments = self.enter_context(Deployments(self.server, list(self.clusters.values())))
        first = self.build("0")
        for namespace in self.clusters.values():
            self.deployments.make(namespace, given["deployment"], first, container=given["container"], deadline=1)
        concourse = Concourse(self.work / "concourse", {"build-service": HostPrograms(self.programs)}, task_path=[kube_programs()])
        self.pipeline = concourse.set_pipeline(PROJECT / "pipelines/promote.yml", vars=self.vars())

    def vars(self) -> dict:
        kubeconfig = self.server.kubeconfig(token=self.server.admin_token)
        clusters = {f"{name}_namespace": namespace for name, namespace in self.clusters.items()}
        clusters |= {f"{name}_kubeconfig": kubeconfig for name in self.clusters}
        return example_vars("promote", {REGISTRY: self.registry.host, GIT: self.git.base, STAGING: self.staging.base}) | clusters

    def build(self, number: str) -> str:
        """Another pipeline builds the image; by digest."""
        return f"{self.registry.host}/acme/petclinic@{self.push.push('acme/petclinic', 'main', push_image.run_image(number))}"

    def runs(self, cluster: str) -> str:
        return self.deployments.history(self.clusters[cluster], "petclinic")[-1]

    def tags(self) -> dict[str, str]:
        """What each tag of the repository names, by digest."""
        names = self.push.request("GET", "/v2/acme/petclinic/tags/list").read()
        found = re.findall(rb'"([^"]+)"', names.partition(b'"tags"')[2])
        return {name.decode(): f"{self.registry.host}/acme/petclinic@{self.digest(name.decode())}" for name in found}

    def digest(self, tag: str) -> str:
        accept = {"Accept": ", ".join((push_image.OCI["manifest"], push_image.DOCKER["manifest"]))}
        return self.push.request("HEAD", f"/v2/acme/petclinic/manifests/{tag}", headers=accept).headers["Docker-Content-Digest"]

    def tick(self) -> list[tuple[str, str]]:
        return [(build.job["name"], build.status) for build in self.pipeline.tick()]


@pytest.fixture
def promotion(programs, kube_server, tmp_path):  # noqa: F811
    with Promotion(tmp_path, programs, kube_server) as promotion:
        yield promotion


def test_what_staging_ran_is_what_a_person_brings_to_production_and_what_its_tags_name(promotion):
    image = promotion.build("1")
    before = promotion.runs("production")
    assert promotion.tick() == [("staging", "succeeded")]
    assert promotion.runs("staging") == image and promotion.runs("production") == before
    assert [each.path for each in promotion.staging.received] == ["/"]

    # The tag has moved on by the time the person is there, and staging refuses the newer one.
    newer = promotion.build("2")
    promotion.staging.status = 500
    assert promotion.tick() == [("staging", "failed")]
    production = promotion.pipeline.run_job("production").expect()
    assert promotion.runs("production") == image and promotion.runs("staging") == newer
    dated = [tag for tag in promotion.tags() if re.fullmatch(r"release-\d{8}-\d{6}", tag)]
    assert len(dated) == 1 and promotion.tags() == {"main": newer, "production": image, dated[0]: image}
    assert promotion.password not in production.log
