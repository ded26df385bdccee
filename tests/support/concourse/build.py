"""One build of a job: its plan played step by step."""

import contextlib
import dataclasses
import itertools
import json
import os
import pathlib
import re
import threading
import time

from support import log_rules, screens
import yaml

from support.concourse.config import HOOKS, PipelineError, fill, kind_of, read_task
from support.concourse.container import PATH, ResourceError, bounded_set, copy_tree, link_tree, remove_tree, run

ARTIFACT = re.compile(r"[^/]+")


class BuildFailed(Exception):
    """A step ended the build. `status` is failed, errored or aborted, as Concourse tells them apart."""

    def __init__(self, status: str, message: str):
        super().__init__(message)
        self.status = status


@dataclasses.dataclass
class Step:
    kind: str
    name: str
    log: str = ""
    version: dict | None = None
    metadata: list = dataclasses.field(default_factory=list)
    cached: bool = False
    seconds: float = 0
    status: int | None = None

    @property
    def facts(self) -> dict:
        """The metadata by name."""
        return {entry["name"]: entry["value"] for entry in self.metadata}


class Build:
    def __init__(self, pipeline, job: dict, number: int, id: int, inputs: dict[str, dict], workdir: pathlib.Path):
        self.pipeline = pipeline
        self.job = job
        self.number = number
        self.id = id
        self.inputs = inputs  # step name -> version
        self.outputs: list[tuple[str, dict]] = []  # resource name, version
        self.status = "started"
        self.error: Exception | None = None
        self.steps: list[Step] = []
        self.artifacts: dict[str, pathlib.Path] = {}
        self.workdir = workdir
        self._vars: dict[str, object] = {}  # ".:name", of load_var and across
        self.set_pipelines: list = []
        self._aborted = threading.Event()
        self._containers = 0
        self._thread = threading.Thread(target=self._play)

    # What a test asks of a build

    @property
    def log(self) -> str:
        return "".join(f"--- {step.kind} {step.name}\n{step.log}" for step in self.steps)

    def step(self, name: str, kind: str | None = None) -> Step:
        """The last step of that name; `kind` tells a put from its implicit get."""
        found = [step for step in self.steps if step.name == name and kind in (None, step.kind)]
        if not found:
            raise KeyError(f"no step {name} in {[(step.kind, step.name) for step in self.steps]}")
        return found[-1]

    def start(self) -> "Build":
        self._thread.start()
        return self

    def abort(self) -> None:
        self._aborted.set()

    def wait(self, timeout: float = 600) -> "Build":
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise TimeoutError(f"build {self.job['name']} #{self.number} is still running\n{self.log}")
        return self

    def expect(self, status: str = "succeeded") -> "Build":
        self.wait()
        if self.status != status:
            raise AssertionError(f"build {self.job['name']} #{self.number} {self.status}: {self.error}\n{self.log}")
        return self

    # Playing the plan

    def _play(self) -> None:
        try:
            self._hooked(self.job, lambda: self._do(self.job["plan"]))
            self.status = "succeeded"
            self.pipeline.archive_unset(self)
        except BuildFailed as failure:
            self.status, self.error = failure.status, failure
        except Exception as error:  # a defect of the stand-in is shown as what it is
            self.status, self.error = "errored", error

    def _do(self, plan: list) -> None:
        for step in plan:
            self._hooked(step, lambda step=step: self._attempts(step))

    def _hooked(self, step: dict, action) -> None:
        """Runs `action`, then the hooks of its outcome. Hooks run after an abort too, so they get no abort signal."""
        hooks = {name: step[name] for name in HOOKS if name in step}
        try:
            action()
        except BuildFailed as failure:
            hook = {"failed": "on_failure", "errored": "on_error", "aborted": "on_abort"}[failure.status]
            with self._undisturbed():
                for name in (hook, "ensure"):
                    if name in hooks:
                        self._do([hooks[name]])
            raise
        for name in ("on_success", "ensure"):
            if name in hooks:
                self._do([hooks[name]])

    @contextlib.contextmanager
    def _undisturbed(self):
        before, self._aborted = self._aborted, threading.Event()
        try:
            yield
        finally:
            self._aborted = before

    def _attempts(self, step: dict) -> None:
        attempts = int(step.get("attempts", 1))
        for attempt in range(1, attempts + 1):
            try:
                return self._run_step(step)
            except BuildFailed as failure:
                if attempt == attempts or failure.status == "aborted":
                    raise

    def _run_step(self, step: dict) -> None:
        if "across" in step:
            return self._across(step)
        kind = kind_of(step)
        if kind in ("do", "in_parallel"):
            inner = step[kind]
            return self._do(inner["steps"] if isinstance(inner, dict) else inner)
        if kind == "try":
            with contextlib.suppress(BuildFailed):
                self._do([step["try"]])
            return None
        with self._deadline(step.get("timeout")) as abort:
            step = fill(step, self._vars)
            {"get": self._get, "put": self._put, "task": self._task, "load_var": self._load_var,
             "set_pipeline": self._set_pipeline}[kind](step, abort)

    def _across(self, step: dict) -> None:
        """Once for each combination of the vars' values, one after the other; the rest also where one fails."""
        inner = {name: value for name, value in step.items() if name not in ("across", "fail_fast", *HOOKS)}
        across, outside, failures = fill(step["across"], self._vars), self._vars, []
        for values in itertools.product(*(each["values"] for each in across)):
            self._vars = outside | {f".:{each['var']}": value for each, value in zip(across, values)}
            try:
                self._run_step(inner)
            except BuildFailed as failure:
                failures.append(failure)
        self._vars = outside
        if failures:
            raise failures[0]

    @contextlib.contextmanager
    def _deadline(self, timeout: str | None):
        """The event that ends the step: the build's abort, or the step's own timeout, which is a failure."""
        if timeout is None:
            yield self._aborted
            return
        event, over = threading.Event(), threading.Event()
        deadline = time.monotonic() + seconds_of(timeout)

        def watch() -> None:
            while not over.wait(0.05):
                if self._aborted.is_set() or time.monotonic() > deadline:
                    event.set()

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield event
        except BuildFailed as failure:
            if failure.status == "aborted" and not self._aborted.is_set():
                raise BuildFailed("failed", f"timeout exceeded after {timeout}") from failure
            raise
        finally:
            over.set()
            watcher.join()

    # Steps

    def _get(self, step: dict, abort) -> None:
        resource = self.pipeline.resource(step.get("resource", step["get"]))
        self._fetch(step["get"], resource, self.inputs[step["get"]], step.get("params"), abort)

    def _fetch(self, name: str, resource, version: dict, params: dict | None, abort) -> None:
        record = Step("get", name, version=version)
        self.steps.append(record)
        cache = self.pipeline.concourse.cache
        found = cache.find(resource, version, params)
        if found is None:
            request = {"source": resource.source, "version": version}
            if params:
                request["params"] = params
            with self._container(resource) as container:
                volume, inside = container.volume("get")
                answer = self._step(record, container, "in", [inside], request, abort)
                if answer["version"] != version:
                    raise BuildFailed("errored", f"get {name}: asked for {version}, in answered {answer['version']}")
                found = cache.keep(resource, version, params, volume, answer["metadata"])
        else:
            record.cached = True
        record.metadata = found.metadata
        resource.history.set_metadata(version, found.metadata)
        self.artifacts[name] = found.path

    def _put(self, step: dict, abort) -> None:
        resource = self.pipeline.resource(step.get("resource", step["put"]))
        record = Step("put", step["put"])
        self.steps.append(record)
        request = {"source": resource.source}
        if step.get("params"):
            request["params"] = step["params"]
        with self._container(resource) as container:
            sources, inside = container.volume("put")
            for name in inputs_of_put(step, self.artifacts):
                (sources / name).mkdir()
                copy_tree(self.artifacts[name], sources / name)
            answer = self._step(record, container, "out", [inside], request, abort)
        record.version, record.metadata = answer["version"], answer["metadata"]
        resource.history.save_put(record.version, record.metadata)
        self.outputs.append((resource.name, record.version))
        if not step.get("no_get"):
            self._fetch(step["put"], resource, record.version, step.get("get_params"), abort)

    def _task(self, step: dict, abort) -> None:
        record = Step("task", step["task"])
        self.steps.append(record)
        config = step["config"] if "config" in step else self._task_file(step)
        work = self._new_directory() / "task"
        image = self._task_root(step, work.parent)
        inside = work
        if image is not None:
            work, inside = image.root / "tmp/build/task", pathlib.Path("/tmp/build/task")
        work.mkdir(parents=True)
        for entry in config.get("inputs", []):
            name = step.get("input_mapping", {}).get(entry["name"], entry["name"])
            if name in self.artifacts:
                target = work / entry.get("path", entry["name"])
                target.mkdir(parents=True)
                copy_tree(self.artifacts[name], target)
            elif not entry.get("optional"):
                raise BuildFailed("errored", f"task {step['task']}: missing inputs: {name}")
        for entry in config.get("outputs", []):
            (work / entry.get("path", entry["name"])).mkdir(parents=True, exist_ok=True)
        params = {**config.get("params", {}), **step.get("params", {})}
        env = {"PATH": os.pathsep.join([*map(str, self.pipeline.concourse.task_path), PATH]), "HOME": "/root"}
        command = [config["run"]["path"], *config["run"].get("args", [])]
        where = inside / config["run"].get("dir", "")
        if image is not None:
            env = {"PATH": PATH, "HOME": "/root", **image.env}
            command = image.command(command, where)
        # What has no value is empty, as Concourse has it.
        env |= {name: "" if value is None else value if isinstance(value, str) else json.dumps(value) for name, value in params.items()}
        observer = self.pipeline.concourse.observer
        observer.began("task", record.name, config["run"]["path"], {})
        outcome = run(command, b"", env, cwd="/" if image else str(where), abort=abort, show=observer.wrote)
        observer.ended(outcome)
        record.log = outcome.stdout.decode(errors="replace") + outcome.stderr
        record.seconds, record.status = outcome.seconds, outcome.status
        self._judge(record, outcome.status, abort)
        for entry in config.get("outputs", []):
            name = step.get("output_mapping", {}).get(entry["name"], entry["name"])
            self.artifacts[name] = work / entry.get("path", entry["name"])

    def _load_var(self, step: dict, abort) -> None:
        path = self._file(step["file"], f"load_var {step['load_var']}")
        by_name = {".json": "json", ".yml": "yaml", ".yaml": "yaml"}.get(path.suffix, "trim")
        text, kind = path.read_text(), step.get("format", by_name)
        read = {"trim": str.strip, "raw": str, "json": json.loads, "yaml": yaml.safe_load}[kind]
        self._vars[f".:{step['load_var']}"] = read(text)

    def _set_pipeline(self, step: dict, abort) -> None:
        self.steps.append(Step("set_pipeline", step["set_pipeline"]))
        path = self._file(step["file"], f"set_pipeline {step['set_pipeline']}")
        instance = step.get("instance_vars", {})
        try:
            made = self.pipeline.concourse.set_pipeline(path, vars={**step.get("vars", {}), **instance}, name=step["set_pipeline"],
                                                        instance=instance)
        except PipelineError as error:
            raise BuildFailed("failed", f"set_pipeline {step['set_pipeline']}: {error}") from error
        self.set_pipelines.append(made)

    def _file(self, name: str, what: str) -> pathlib.Path:
        artifact, _, path = name.partition("/")
        if artifact not in self.artifacts or not (self.artifacts[artifact] / path).is_file():
            raise BuildFailed("errored", f"{what}: no such file: {name}")
        return self.artifacts[artifact] / path

    def _task_file(self, step: dict) -> dict:
        artifact, _, path = step["file"].partition("/")
        if artifact not in self.artifacts:
            raise BuildFailed("errored", f"task {step['task']}: no such artifact: {artifact}")
        try:
            return read_task(self.artifacts[artifact] / path, step)
        except (OSError, PipelineError) as error:
            raise BuildFailed("errored", f"task {step['task']}: {error}") from error

    def _task_root(self, step: dict, directory: pathlib.Path):
        if "image" not in step:
            return None  # image_resource: the task's tools are this machine's
        return TaskRoot(self.artifacts[step["image"]], directory)

    # Running a resource's program

    @contextlib.contextmanager
    def _container(self, resource):
        container = resource.type.new_container(self._new_directory() / "container")
        try:
            yield container
        finally:
            container.remove()

    def _new_directory(self) -> pathlib.Path:
        self._containers += 1
        path = self.workdir / f"step-{self._containers}"
        path.mkdir(parents=True)
        return path

    def _step(self, record: Step, container, program: str, arguments: list, request: dict, abort) -> dict:
        observer = self.pipeline.concourse.observer
        observer.began(record.kind, record.name, program, request)
        outcome = container.run(program, arguments, request, self._env(), abort=abort, show=observer.wrote)
        observer.ended(outcome)
        record.log, record.seconds, record.status = outcome.stderr, outcome.seconds, outcome.status
        screens.keep(program, outcome.status, outcome.stdout.decode(errors="replace"), outcome.stderr)
        log_rules.require_readable(program, outcome.status, outcome.stderr)
        self._judge(record, outcome.status, abort)
        try:
            return read_answer(outcome.stdout, f"{record.kind} {record.name}")
        except ResourceError as error:
            raise BuildFailed("errored", str(error)) from error

    def _judge(self, record: Step, status: int, abort) -> None:
        if abort.is_set():
            raise BuildFailed("aborted", f"{record.kind} {record.name} was aborted")
        if status != 0:
            raise BuildFailed("failed", f"{record.kind} {record.name}: exit status {status}")

    def _env(self) -> dict:
        return self.pipeline.concourse.env | {
            "BUILD_ID": str(self.id),
            "BUILD_NAME": str(self.number),
            "BUILD_JOB_NAME": self.job["name"],
            "BUILD_JOB_ID": "1",
            "BUILD_PIPELINE_NAME": self.pipeline.name,
            "BUILD_PIPELINE_ID": "1",
            "BUILD_TEAM_NAME": "main",
            "BUILD_TEAM_ID": "1",
        }


class TaskRoot:
    """An image that a get left as rootfs/ and metadata.json, used as a task's image."""

    def __init__(self, artifact: pathlib.Path, directory: pathlib.Path):
        metadata = json.loads((artifact / "metadata.json").read_text())
        self.root = directory / "rootfs"
        link_tree(artifact / "rootfs", self.root)
        self.user = metadata.get("user") or "0:0"
        self.env = dict(entry.split("=", 1) for entry in metadata.get("env") or [])

    def command(self, command: list[str], where: pathlib.Path) -> list[str]:
        enter = 'cd "$1" && shift && exec "$@"'
        user = self.user if ":" in self.user else f"{self.user}:"
        return [*bounded_set(), "chroot", f"--userspec={user}", str(self.root), "/bin/sh", "-c", enter, "sh", str(where), *command]


def read_answer(stdout: bytes, what: str) -> dict:
    """The version and metadata that in and out print."""
    try:
        answer = json.loads(stdout)
    except ValueError as error:
        raise ResourceError(f"{what}: stdout is not JSON: {stdout[:200]!r}") from error
    if not isinstance(answer, dict):
        raise ResourceError(f"{what}: the answer is not an object: {answer!r}")
    check_version(answer.get("version"), what)
    metadata = answer.get("metadata") or []
    for entry in metadata:
        if set(entry) != {"name", "value"} or not all(isinstance(text, str) for text in entry.values()):
            raise ResourceError(f"{what}: metadata are names and values, both text: {entry!r}")
    return {"version": answer["version"], "metadata": metadata}


def check_version(version, what: str) -> None:
    if not isinstance(version, dict) or not version:
        raise ResourceError(f"{what}: {version!r} is not a version")
    for name, value in version.items():
        if not isinstance(value, str):
            raise ResourceError(f"{what}: the version's {name} is not text: {value!r}")


def inputs_of_put(step: dict, artifacts: dict) -> list[str]:
    """Which artifacts a put sees. The default, detect, is the first path segment of each text in its params."""
    wanted = step.get("inputs", "detect")
    if wanted == "all":
        return list(artifacts)
    if wanted == "detect":
        return [name for name in first_segments(step.get("params", {})) if name in artifacts]
    missing = [name for name in wanted if name not in artifacts]
    if missing:
        raise BuildFailed("errored", f"put {step['put']}: missing inputs: {', '.join(missing)}")
    return list(wanted)


def first_segments(node) -> list[str]:
    if isinstance(node, dict):
        found = [name for value in node.values() for name in first_segments(value)]
    elif isinstance(node, list):
        found = [name for value in node for name in first_segments(value)]
    elif isinstance(node, str):
        match = ARTIFACT.search(os.path.normpath(node)) if node else None
        found = [match[0]] if match else []
    else:
        found = []
    return list(dict.fromkeys(found))


def seconds_of(text: str) -> float:
    units = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
    return sum(float(number) * units[unit] for number, unit in re.findall(r"([\d.]+)(ms|s|m|h)", text))


def forget(build: Build) -> None:
    remove_tree(build.workdir)
