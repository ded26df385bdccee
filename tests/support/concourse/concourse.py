"""The side of Concourse that lasts: pipelines, histories, check containers, the cache of gets, the choice of inputs."""

import dataclasses
import hashlib
import json
import os
import pathlib
import threading

from support.concourse.build import Build, check_version
from support.concourse.config import PipelineError, read_pipeline, walk
from support.concourse.container import PATH, ResourceError
from support.concourse.history import History, key


@dataclasses.dataclass
class Cached:
    path: pathlib.Path
    metadata: list


class GetCache:
    """What gets left, by type image, source, version and params: equal ones run `in` once."""

    def __init__(self, directory: pathlib.Path):
        self._directory = directory
        self._entries: dict[str, Cached] = {}

    def find(self, resource, version: dict, params: dict | None) -> Cached | None:
        return self._entries.get(self._key(resource, version, params))

    def keep(self, resource, version: dict, params: dict | None, volume: pathlib.Path, metadata: list) -> Cached:
        name = self._key(resource, version, params)
        path = self._directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        os.rename(volume, path)
        self._entries[name] = Cached(path, metadata)
        return self._entries[name]

    @staticmethod
    def _key(resource, version: dict, params: dict | None) -> str:
        parts = [resource.type.identity, resource.source, version, params or {}]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


class Resource:
    def __init__(self, concourse: "Concourse", config: dict, type_config: dict):
        if type_config.get("privileged"):
            raise PipelineError(f"resource type {type_config['name']}: nothing here runs privileged")
        if type_config["name"] not in concourse.types:
            raise PipelineError(f"resource type {type_config['name']}: no image is given for it")
        self._concourse = concourse
        self._type_name = type_config["name"]
        self.name = config["name"]
        self.source = {**type_config.get("defaults", {}), **config.get("source", {})}
        self.pinned = config.get("version")

    @property
    def type(self):
        return self._concourse.types[self._type_name]

    @property
    def scope(self) -> str:
        """Resources of one type and source share a history; another type image begins a new one."""
        text = json.dumps([self.type.identity, self.source], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def history(self) -> History:
        return self._concourse.histories.setdefault(self.scope, History())

    def check(self) -> list[dict]:
        """Runs check from the latest known version; the versions that are new, in the order in which check gave them."""
        container = self._concourse.check_container(self)
        latest = self.history.latest
        request = {"source": self.source, "version": latest.version if latest else None}
        observer = self._concourse.observer
        observer.began("check", self.name, "check", request)
        outcome = container.run("check", [], request, self._concourse.env, show=observer.wrote)
        observer.ended(outcome)
        if outcome.status != 0:
            raise ResourceError(f"check {self.name}: exit status {outcome.status}", outcome.stderr, outcome.status)
        try:
            versions = json.loads(outcome.stdout)
        except ValueError as error:
            raise ResourceError(f"check {self.name}: stdout is not JSON: {outcome.stdout[:200]!r}", outcome.stderr) from error
        if not isinstance(versions, list):
            raise ResourceError(f"check {self.name}: the answer is not a list: {versions!r}", outcome.stderr)
        for version in versions:
            check_version(version, f"check {self.name}")
        return self.history.save_checked(versions)


class Observer:
    """Watches programs run, for a person; this one looks away."""

    def began(self, kind: str, name: str, program: str, request: dict) -> None:
        pass

    def wrote(self, text: str) -> None:
        pass

    def ended(self, outcome) -> None:
        pass


class Concourse:
    """`types` maps the names of resource types to HostPrograms or a RootDirectory; `env` adds to what a worker sets
    (proxies, say); `task_path` goes before PATH in tasks."""

    def __init__(self, work: pathlib.Path, types: dict, env: dict | None = None, task_path: list | None = None,
                 observer: Observer | None = None):
        self.work = pathlib.Path(work)
        self.types = types
        self.env = {"PATH": PATH, "HOME": "/root", "ATC_EXTERNAL_URL": "https://ci.example.com", **(env or {})}
        self.task_path = task_path or []
        self.observer = observer or Observer()
        self.cache = GetCache(self.work / "cache")
        self.histories: dict[str, History] = {}
        self.pipelines: dict[tuple[str, str], Pipeline] = {}
        self._check_containers: dict = {}
        self._builds = 0
        self._lock = threading.Lock()

    def set_pipeline(self, path: pathlib.Path, vars_file: pathlib.Path | None = None, vars: dict | None = None,
                     name: str | None = None, instance: dict | None = None) -> "Pipeline":
        """Of one name there may be several, told apart by their instance vars. One that is there is set anew, and keeps its
        builds."""
        config = read_pipeline(pathlib.Path(path), vars_file, vars)
        name = name or pathlib.Path(path).stem
        before = self.pipelines.get((name, key(instance or {})))
        made = Pipeline(self, config, name, instance, before)
        self.pipelines[name, key(instance or {})] = made
        return made

    def check_container(self, resource: Resource):
        """One for each source, kept: its /tmp lasts from check to check."""
        if resource.scope not in self._check_containers:
            directory = self.work / "check" / f"{resource.scope}-{len(self._check_containers)}"
            self._check_containers[resource.scope] = resource.type.new_container(directory)
        return self._check_containers[resource.scope]

    def expire_check_containers(self) -> None:
        """As Concourse does within the hour."""
        for container in self._check_containers.values():
            container.remove()
        self._check_containers = {}

    def next_build_id(self) -> int:
        with self._lock:
            self._builds += 1
            return self._builds


class Pipeline:
    def __init__(self, concourse: Concourse, config: dict, name: str, instance: dict | None = None,
                 before: "Pipeline | None" = None):
        self.concourse = concourse
        self.config = config
        self.name = name
        self.instance = instance or {}
        self.archived = False
        types = {entry["name"]: entry for entry in config.get("resource_types", [])}
        self._resources = {entry["name"]: Resource(concourse, entry, types.get(entry["type"], {"name": entry["type"]})) for entry in config["resources"]}
        self._jobs = {job["name"]: job for job in config["jobs"]}
        self._builds: dict[str, list[Build]] = {name: before._builds.get(name, []) if before else [] for name in self._jobs}

    def resource(self, name: str) -> Resource:
        return self._resources[name]

    def builds(self, job: str) -> list[Build]:
        return self._builds[job]

    def check(self, name: str) -> list[dict]:
        return self.resource(name).check()

    def run_job(self, name: str) -> Build:
        """A person presses +: the inputs are checked, then the job runs with the newest that fit."""
        return self.start_job(name).wait()

    def start_job(self, name: str) -> Build:
        for step in self._gets(name):
            if not step.get("passed"):
                self.check(step.get("resource", step["get"]))
        inputs = self.next_inputs(name)
        if inputs is None:
            raise PipelineError(f"job {name}: no versions satisfy its inputs")
        return self._start(name, inputs)

    def tick(self) -> list[Build]:
        """Concourse's own beat: what triggers, and what has no version yet, is checked, and jobs run until nothing triggers
        any more. What triggers nothing is checked when a job starts that gets it (atc/db/check_factory.go and
        atc/scheduler/buildstarter.go have both rules)."""
        inputs = [step for job in self._jobs for step in self._gets(job) if not step.get("passed")]
        watched = {step.get("resource", step["get"]) for step in inputs
                   if step.get("trigger") or self.resource(step.get("resource", step["get"])).history.latest is None}
        for name in sorted(watched):
            self.check(name)
        played = []
        while triggered := [name for name in self._jobs if self.is_triggered(name)]:
            for name in triggered:
                for step in self._gets(name):
                    if not step.get("passed") and not step.get("trigger"):
                        self.check(step.get("resource", step["get"]))
                played.append(self._start(name, self.next_inputs(name)).wait())
        return played

    def is_triggered(self, name: str) -> bool:
        """A trigger is an input that the job never used, whatever became of the build that used it."""
        inputs = self.next_inputs(name)
        if inputs is None:
            return False
        return any(step.get("trigger") and not self._has_used(name, step, inputs[step["get"]]) for step in self._gets(name))

    def next_inputs(self, name: str) -> dict[str, dict] | None:
        """The newest versions that fit together: inputs that passed the same job come from one build of it."""
        return self._choose(self._gets(name), {}, {})

    def archive_unset(self, build: Build) -> None:
        """Pipelines that the job's build before this one set, and this one did not (concourse-ci.org/set-pipeline-step.html)."""
        builds = [other for other in self._builds[build.job["name"]][:-1] if other.status == "succeeded"]
        for made in builds[-1].set_pipelines if builds else []:
            now = self.concourse.pipelines[made.name, key(made.instance)]
            now.archived = now not in build.set_pipelines

    def _start(self, name: str, inputs: dict) -> Build:
        id = self.concourse.next_build_id()
        build = Build(self, self._jobs[name], len(self._builds[name]) + 1, id, inputs, self.concourse.work / "builds" / str(id))
        self._builds[name].append(build)
        return build.start()

    def _gets(self, job: str) -> list[dict]:
        return [step for step in walk(self._jobs[job]["plan"]) if "get" in step]

    def _has_used(self, job: str, step: dict, version: dict) -> bool:
        resource = step.get("resource", step["get"])
        names = [other["get"] for other in self._gets(job) if other.get("resource", other["get"]) == resource]
        return any(build.inputs.get(name) == version for build in self._builds[job] for name in names)

    def _choose(self, steps: list[dict], chosen: dict, common: dict[str, list[Build]]) -> dict | None:
        if not steps:
            return chosen
        step, rest = steps[0], steps[1:]
        for version in self._candidates(step):
            builds = dict(common)
            for job in step.get("passed", []):
                builds[job] = [build for build in builds.get(job, self._succeeded(job)) if self._holds(build, step, version)]
            if all(builds[job] for job in step.get("passed", [])):
                result = self._choose(rest, {**chosen, step["get"]: version}, builds)
                if result is not None:
                    return result
        return None

    def _candidates(self, step: dict) -> list[dict]:
        resource = self.resource(step.get("resource", step["get"]))
        history = resource.history
        wanted = step.get("version", resource.pinned or "latest")
        if wanted == "every":
            raise PipelineError(f"get {step['get']}: version: every is not played here")
        newest_first = [saved.version for saved in reversed(history.versions)]
        if step.get("passed"):
            # By the newest build of the job it passed, not by the version's own place in the history.
            builds = reversed(self._succeeded(step["passed"][0]))
            newest_first = [version for build in builds for version in self._used(build, resource.name)]
        if isinstance(wanted, dict):
            return [version for version in newest_first if wanted.items() <= version.items()]
        return newest_first if step.get("passed") else newest_first[:1]

    def _succeeded(self, job: str) -> list[Build]:
        return [build for build in self._builds[job] if build.status == "succeeded"]

    def _holds(self, build: Build, step: dict, version: dict) -> bool:
        return key(version) in map(key, self._used(build, step.get("resource", step["get"])))

    def _used(self, build: Build, resource: str) -> list[dict]:
        """The resource's versions in a build, what it put before what it got."""
        put = [version for name, version in reversed(build.outputs) if name == resource]
        gets = [step["get"] for step in self._gets(build.job["name"]) if step.get("resource", step["get"]) == resource]
        return put + [build.inputs[name] for name in gets]
