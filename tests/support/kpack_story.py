"""The story with kpack as its engine: a git server, a cluster with a stand-in for kpack, a registry that its builds push to,
and pipelines/petclinic-kpack.yml played over them.

Used by the test of the story and, with someone watching, by scripts/demo --kpack.
"""

import json
import pathlib
import shutil

from support.concourse import Concourse, HostPrograms, Observer
from support.example_vars import GIT, REGISTRY, example_vars
from support.git_server import GitServer, Repository
from support.kpack import publishing
from support.kpack.controller import Kpack
from support.kpack.plays import BuildPlay
from support.kube.fixtures import apply_role
from support.kube.server import KubeServer
from support.program import run_program
from support.push_image import Registry
from support.registry_server import RegistryServer
from support.started_stack import StartedStack
from support.story import AUTHOR, PROJECT, SMALL, commit_tasks

NAMESPACE = "apps"
BUILDER = "base"


class KpackStory(StartedStack):
    """Enter it to start the servers; everything lives below `work` and ends with the context. `pace`: seconds before each
    line of a build's log."""

    def __init__(self, work: pathlib.Path, programs: pathlib.Path, observer: Observer | None = None, pace: float = 0.0,
                 server: KubeServer | None = None):
        super().__init__()
        self.work, self.programs = pathlib.Path(work).resolve(), pathlib.Path(programs).resolve()
        self.application = SMALL
        self._observer, self._pace, self._server = observer, pace, server
        self._cluster = self.work / "bin"

    def _start(self) -> None:
        self.repository = Repository(self.work / "git/petclinic.git")
        commit_tasks(self.work / "git")
        given = example_vars("petclinic-kpack")
        user, password = given["registry_username"], given["registry_password"]
        self.git = self.enter_context(GitServer(self.work / "git", user=given["git_username"], password=given["git_password"]))
        self.registry = self.enter_context(RegistryServer(self.work / "registry", username=user, password=password))
        self.server = self._server or self.enter_context(KubeServer(self.work / "kube"))
        self.namespace = self.server.namespace(None if self._server else NAMESPACE)
        self.kpack = self.enter_context(Kpack(self.server, [self.namespace]))
        self.kpack.push = publishing.to(Registry(self.registry.host, user, password), self.registry.host)
        self.kpack.usual = lambda: BuildPlay(pace=self._pace)
        self.builder = self.make_builder(BUILDER, {"acme/java": "1.0.0"})
        self.token = apply_role(self.server, self.namespace)
        self._cluster.mkdir(parents=True)
        shutil.copy(PROJECT / "tests/support/kubectl", self._cluster)
        (self._cluster / "cluster.json").write_text(json.dumps({"history": [], "broken": []}))
        self.concourse = Concourse(self.work / "concourse", {"build-service": HostPrograms(self.programs)},
                                   task_path=[self._cluster], observer=self._observer)
        self.set_pipeline(self.builder)

    def make_builder(self, name: str, buildpacks: dict) -> str:
        """The operator makes a ClusterBuilder; its name, which is the whole cluster's."""
        name = f"{name}-{self.namespace}" if self._server else name
        self.kpack.builder(name, buildpacks=buildpacks)
        return name

    def set_pipeline(self, builder: str) -> None:
        """`fly set-pipeline`, with this builder."""
        self.pipeline = self.concourse.set_pipeline(PROJECT / "pipelines/petclinic-kpack.yml", vars=self.vars(builder))

    def vars(self, builder: str) -> dict:
        cluster = {"kpack_namespace": self.namespace, "builder": builder,
                   "kpack_kubeconfig": self.server.kubeconfig(token=self.token, namespace=self.namespace)}
        return example_vars("petclinic-kpack", {REGISTRY: self.registry.host, GIT: self.git.base}) | cluster

    def commit(self, message: str, words: str = "") -> str:
        """The developer commits; the first commit brings the whole application."""
        files = self.application.files() if self.repository.tip("main") is None else {}
        return self.repository.commit(message, {**files, **(self.application.saying(words) if words else {})}, author=AUTHOR,
                                      committer=AUTHOR)

    def patch_base(self, version: str) -> None:
        """The operator gives the stack another run image."""
        run_image = {"image": f"registry.example/run:{version}"}
        self.server.admin.patch("clusterstacks", self.builder, {"spec": {"runImage": run_image}})

    @property
    def deployed(self) -> str:
        """The image that the cluster runs, by digest."""
        return json.loads((self._cluster / "cluster.json").read_text())["history"][-1]

    def builds(self, count: int = 10) -> list[str]:
        """The last builds, as the table that a get writes."""
        source = {"image": "petclinic", "kubeconfig": self.vars("")["kpack_kubeconfig"]}
        request = {"source": source, "version": {"image": self.deployed}, "params": {"builds": count}}
        directory = self.work / f"builds-{self.deployed[-8:]}"
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        result = run_program(self.programs, "in", request, directory)
        assert result.status == 0, result.stderr
        return (directory / "builds.txt").read_text().splitlines()
