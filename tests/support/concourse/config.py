"""Reading a pipeline: ((vars)) filled in, every key known, every name resolved, as `fly set-pipeline` would insist."""

import pathlib
import re

import yaml

STEP_KEYS = {
    "get": {"resource", "version", "params", "passed", "trigger"},
    "put": {"resource", "params", "inputs", "get_params", "no_get"},
    "task": {"config", "file", "image", "params", "vars", "input_mapping", "output_mapping", "privileged"},
    "load_var": {"file", "format", "reveal"},
    "set_pipeline": {"file", "vars", "var_files", "instance_vars"},
    "in_parallel": set(),
    "do": set(),
    "try": set(),
}
HOOKS = ("on_success", "on_failure", "on_error", "on_abort", "ensure")
MODIFIERS = {"timeout", "attempts", "tags", "across", "fail_fast", *HOOKS}
JOB_KEYS = {"name", "plan", "serial", "serial_groups", "public", "max_in_flight", "build_log_retention", *HOOKS}
RESOURCE_KEYS = {
    "name", "type", "source", "version", "check_every", "check_timeout", "webhook_token", "icon", "public", "tags",
    "expose_build_created_by", "old_name",
}
TYPE_KEYS = {"name", "type", "source", "params", "defaults", "privileged", "check_every", "tags"}
TASK_KEYS = {"platform", "image_resource", "inputs", "outputs", "caches", "params", "run", "rootfs_uri", "container_limits"}
TOP_KEYS = {"resource_types", "resources", "jobs", "groups", "display"}

CORE_TYPES = {"time"}  # Concourse has them built in; a test gives programs for them
VAR = re.compile(r"\(\(([-/.\w:]+)\)\)")


class PipelineError(Exception):
    """The pipeline is not one that Concourse would take."""


def read_pipeline(path: pathlib.Path, vars_file: pathlib.Path | None = None, vars: dict | None = None) -> dict:
    """The pipeline with every ((var)) replaced. `vars` win over the file's, as fly's -v over -l."""
    values = {}
    if vars_file is not None:
        values.update(yaml.safe_load(vars_file.read_text()) or {})
    values.update(vars or {})
    config = fill(yaml.safe_load(path.read_text()), values)
    validate(config)
    return config


def fill(node, values: dict):
    if isinstance(node, dict):
        return {fill(key, values): fill(value, values) for key, value in node.items()}
    if isinstance(node, list):
        return [fill(item, values) for item in node]
    if not isinstance(node, str):
        return node
    whole = VAR.fullmatch(node)
    if whole:
        return node if is_local(whole[1], values) else look_up(whole[1], values)  # keeps its type: a list stays a list

    def text(match) -> str:
        if is_local(match[1], values):
            return match[0]
        value = look_up(match[1], values)
        if isinstance(value, (dict, list)) or value is None:
            raise PipelineError(f"(({match[1]})) stands inside text and is not text")
        return str(value).lower() if isinstance(value, bool) else str(value)

    return VAR.sub(text, node)


def is_local(name: str, values: dict) -> bool:
    """Of the build that runs (load_var, across): known only then, and given as ".:name"."""
    return name.startswith(".:") and f".:{name[2:].partition('.')[0]}" not in values


def look_up(name: str, values: dict):
    node = values
    first, *rest = name.removeprefix(".:").split(".")
    for part in [f".:{first}" if name.startswith(".:") else first, *rest]:
        if not isinstance(node, dict) or part not in node:
            raise PipelineError(f"(({name})) is not defined")
        node = node[part]
    return node


def validate(config: dict) -> None:
    known(config, TOP_KEYS, "the pipeline")
    types = names_of(config, "resource_types", TYPE_KEYS)
    resources = names_of(config, "resources", RESOURCE_KEYS)
    jobs = names_of(config, "jobs", JOB_KEYS)
    for name, resource in resources.items():
        if resource.get("type") not in types.keys() | CORE_TYPES:
            raise PipelineError(f"resource {name}: type {resource.get('type')} is not among resource_types")
    for name, job in jobs.items():
        if not job.get("plan"):
            raise PipelineError(f"job {name}: no plan")
        for step in walk(job["plan"]):
            validate_step(step, f"job {name}", resources, jobs)
        for hook in HOOKS:
            for step in walk([job[hook]] if hook in job else []):
                validate_step(step, f"job {name}", resources, jobs)
    unused = set(resources) - {step.get("resource", step.get("get", step.get("put")))
                               for job in jobs.values() for step in walk(all_steps(job)) if "get" in step or "put" in step}
    if unused:
        raise PipelineError(f"unused resources: {', '.join(sorted(unused))}")


def all_steps(job: dict) -> list:
    return job["plan"] + [job[hook] for hook in HOOKS if hook in job]


def names_of(config: dict, section: str, keys: set) -> dict:
    result = {}
    for entry in config.get(section) or []:
        name = entry.get("name")
        if not name or name in result:
            raise PipelineError(f"{section}: {name!r} is not a new name")
        known(entry, keys, f"{section} {name}")
        result[name] = entry
    return result


def known(entry: dict, keys: set, where: str) -> None:
    unknown = set(entry) - keys
    if unknown:
        raise PipelineError(f"{where}: unknown key {sorted(unknown)[0]}")


def kind_of(step: dict) -> str:
    kinds = [kind for kind in STEP_KEYS if kind in step]
    if len(kinds) != 1:
        raise PipelineError(f"a step is exactly one of {', '.join(STEP_KEYS)}: {step}")
    return kinds[0]


def validate_step(step: dict, where: str, resources: dict, jobs: dict) -> None:
    kind = kind_of(step)
    where = f"{where}, {kind} {step[kind]}" if kind in ("get", "put", "task") else f"{where}, {kind}"
    known(step, STEP_KEYS[kind] | MODIFIERS | {kind}, where)
    if kind in ("get", "put") and step.get("resource", step[kind]) not in resources:
        raise PipelineError(f"{where}: no such resource")
    for name in step.get("passed", []):
        if name not in jobs:
            raise PipelineError(f"{where}: passed names no job: {name}")
        used = {inner.get("resource", inner.get("get", inner.get("put"))) for inner in walk(jobs[name]["plan"])}
        if step.get("resource", step["get"]) not in used:
            raise PipelineError(f"{where}: job {name} neither gets nor puts it")
    if kind == "task":
        if ("config" in step) == ("file" in step):
            raise PipelineError(f"{where}: a task has either a config or a file")
        if "config" in step:
            validate_task(step["config"], step, where)


def validate_task(config: dict, step: dict, where: str) -> None:
    known(config, TASK_KEYS, f"{where}, config")
    if "run" not in config or "platform" not in config:
        raise PipelineError(f"{where}: config needs platform and run")
    if "image" not in step and "image_resource" not in config:
        raise PipelineError(f"{where}: a task needs an image")


def read_task(path: pathlib.Path, step: dict) -> dict:
    """The config of a task's file, with the step's vars filled in."""
    config = fill(yaml.safe_load(path.read_text()), step.get("vars", {}))
    validate_task(config, step, f"task {step['task']}")
    return config


def walk(plan: list):
    """Every get, put and task of a plan, in order, with what stands in hooks."""
    for step in plan:
        kind = kind_of(step)
        if kind in ("do", "in_parallel"):
            inner = step[kind]
            yield from walk(inner["steps"] if isinstance(inner, dict) else inner)
        elif kind == "try":
            yield from walk([step["try"]])
        else:
            yield step
        for hook in HOOKS:
            if hook in step:
                yield from walk([step[hook]])
