"""The story on this machine: a git server, a registry, a builder, and pipelines/petclinic.yml played over them.

Used by the test of the story and, with someone watching, by scripts/demo.
"""

import dataclasses
import json
import pathlib
import re
import shutil

from support import make_roots, push_image, run_image
from support.concourse import Concourse, HostPrograms, Observer, RootDirectory
from support.example_vars import GIT, REGISTRY, example_vars
from support.git_server import GitServer, Repository
from support.program import run_program
from support.registry_server import RegistryServer
from support.started_stack import StartedStack

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent
AUTHOR = "Dana Developer <dana@example.com>"


def commit_tasks(repositories: pathlib.Path) -> None:
    """The repository build-service, with pipelines/ as a pipeline gets it."""
    files = {str(path.relative_to(PROJECT)): path.read_text() for path in sorted((PROJECT / "pipelines").rglob("*")) if path.is_file()}
    Repository(repositories / "build-service.git").commit("Tasks", files)


@dataclasses.dataclass(frozen=True)
class Application:
    """One of tests/apps, and how it is built and looked at."""
    folder: str
    builder: str  # a kind of make_roots
    messages: str  # the file with the line welcome=...
    environment: dict = dataclasses.field(default_factory=dict)  # for a quick start
    timeout: float = 20  # seconds until its page is there

    @property
    def path(self) -> pathlib.Path:
        return PROJECT / "tests/apps" / self.folder

    def files(self) -> dict[str, str]:
        return {str(path.relative_to(self.path)): path.read_text() for path in sorted(self.path.rglob("*")) if path.is_file()}

    def saying(self, words: str) -> dict[str, str]:
        """The file that changes when the page is to say other words."""
        text = (self.path / self.messages).read_text()
        return {self.messages: re.sub(r"(?m)^welcome=.*$", f"welcome={words}", text)}


SMALL = Application("welcome", "builder", "messages.properties")
SPRING = Application("petclinic", "java-builder", "src/main/resources/messages/messages.properties",
                     {"JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}, 120)


class Story(StartedStack):
    """Enter it to start the servers; everything lives below `work` and ends with the context."""

    name = "petclinic"  # of the pipeline
    code = "petclinic"  # the repository that is built

    def __init__(self, work: pathlib.Path, programs: pathlib.Path, observer: Observer | None = None,
                 application: Application = SMALL):
        super().__init__()
        self.application = application
        self.work = pathlib.Path(work).resolve()
        self.programs = pathlib.Path(programs).resolve()
        self._observer = observer
        self._cluster = self.work / "bin"

    def _start(self) -> None:
        self.repository = Repository(self.work / f"git/{self.code}.git")
        commit_tasks(self.work / "git")
        given = example_vars(self.name)
        self.username, self.password = given["registry_username"], given["registry_password"]
        self.git = self.enter_context(GitServer(self.work / "git", user=given["git_username"], password=given["git_password"]))
        self.registry = self.enter_context(RegistryServer(self.work / "registry", username=self.username, password=self.password))
        self.builder = make_roots.make_builder(self.work / "builder", f"{self.registry.host}/run:base", self.application.builder)
        self._make_cluster()
        # Two types, one program: the slim one here is the programs alone.
        types = {
            "build-service": HostPrograms(self.programs),
            "build-service-builder": RootDirectory(
                self.builder.root, self.programs,
                {**self.builder.environment, "BUILD_SERVICE_BUILDER": f"{self.registry.host}/build-service-builder:latest"}),
        }
        self.concourse = Concourse(self.work / "concourse", types, task_path=[self._cluster], observer=self._observer)
        self.publish_base("1")
        self._push("build-service-builder", "latest", push_image.run_image("1", labels={"is": "the builder"}))
        self.pipeline = self.concourse.set_pipeline(PROJECT / f"pipelines/{self.name}.yml", vars=self.vars())

    def vars(self) -> dict:
        return example_vars(self.name, {REGISTRY: self.registry.host, GIT: self.git.base})

    # What people do

    def commit(self, message: str, files: dict[str, str] | None = None) -> str:
        """The developer commits; the commit's id. The first commit brings the whole application."""
        if self.repository.tip("main") is None:
            files = {**self.application.files(), **(files or {})}
        return self.repository.commit(message, files, author=AUTHOR, committer=AUTHOR)

    def publish_base(self, version: str) -> str:
        """The operator publishes a base image; its digest."""
        return self._push("run", "base", push_image.run_image(version))

    # What the world sees

    @property
    def deployed(self) -> str:
        """The image that the cluster runs, by digest."""
        return json.loads((self._cluster / "cluster.json").read_text())["history"][-1]

    def fetch_image(self, image: str) -> pathlib.Path:
        """As the cluster's nodes do: the image by its digest. Once for each."""
        repository, _, digest = image.partition("@")
        directory = self.work / "node" / digest.partition(":")[2]
        if not directory.exists():
            source = {"repository": repository, **self.registry.source}
            request = {"source": source, "version": {"tag": "main", "digest": digest}}
            result = run_program(self.programs, "in", request, directory)
            assert result.status == 0, result.stderr
        return directory

    def page(self) -> str:
        """The page that the deployed image serves when it runs."""
        return self.page_of(self.deployed)

    def page_of(self, image: str) -> str:
        with run_image.running(self.fetch_image(image), environment=self.application.environment) as running:
            return running.fetch("/", timeout=self.application.timeout)

    def base_version(self) -> str:
        """What the base of the deployed image says of itself."""
        return (self.fetch_image(self.deployed) / "rootfs/etc/base-version").read_text().strip()

    def layers(self, image: str) -> list[str]:
        repository, _, digest = image.partition("@")
        host, _, path = repository.partition("/")
        registry = push_image.Registry(host, self.username, self.password)
        accept = {"Accept": f"{push_image.OCI['manifest']}, {push_image.DOCKER['manifest']}"}
        manifest = json.loads(registry.request("GET", f"/v2/{path}/manifests/{digest}", headers=accept).read())
        return [layer["digest"] for layer in manifest["layers"]]

    def builds(self, count: int = 10) -> list[str]:
        """The last builds of the deployed image, as the table that a get writes."""
        repository, _, digest = self.deployed.partition("@")
        source = {"repository": repository, **self.registry.source}
        request = {"source": source, "version": {"tag": "main", "digest": digest},
                   "params": {"skip_download": True, "builds": count}}
        directory = self.work / f"builds-{digest[-8:]}"
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        result = run_program(self.programs, "in", request, directory)
        assert result.status == 0, result.stderr
        return (directory / "builds.txt").read_text().splitlines()

    def break_on_cluster(self, image: str) -> None:
        """The cluster will not get this image to run."""
        self._edit_cluster(lambda state: state["broken"].append(image))

    # How it is done

    def _push(self, repository: str, tag: str, image: push_image.Image) -> str:
        return push_image.Registry(self.registry.host, self.username, self.password).push(repository, tag, image)

    def _make_cluster(self) -> None:
        self._cluster.mkdir(parents=True)
        shutil.copy(PROJECT / "tests/support/kubectl", self._cluster)
        (self._cluster / "cluster.json").write_text(json.dumps({"history": [], "broken": []}))

    def _edit_cluster(self, change) -> None:
        path = self._cluster / "cluster.json"
        state = json.loads(path.read_text())
        change(state)
        path.write_text(json.dumps(state))
