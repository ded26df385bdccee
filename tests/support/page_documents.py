"""What pages show of pipelines and of other documents, judged as far as it goes.

A page shows fragments: a resource, two steps, the params of a put. Each is completed to a pipeline, together with the
resources that the same page showed before, and `check --lint` reads that.
"""

import configparser
import json
import pathlib
import re
import subprocess
import tempfile
import tomllib
import xml.etree.ElementTree

import yaml

from support.concourse.config import JOB_KEYS, RESOURCE_KEYS, STEP_KEYS, TASK_KEYS, TOP_KEYS, TYPE_KEYS, PipelineError, known
from support.pages import Block

SOURCES = {
    "image": {"repository": "registry.example.com/acme/app", "tag": "main"},
    "fleet": {"fleet": {"record": "registry.example.com/acme/fleet:main", "images": ["registry.example.com/acme/app:main"]}},
    "kpack fleet": {"fleet": {"record": "registry.example.com/acme/fleet:kpack", "cluster_stack": "base"}, "kubeconfig": "((kubeconfig))"},
    "kpack": {"image": "app", "namespace": "apps", "kubeconfig": "((kubeconfig))"},
    "source": {"uri": "https://github.com/acme/app.git", "branch": "main"},
}


class DocumentError(Exception):
    """A block that a reader could not use as it stands."""


def is_manifest(document) -> bool:
    return isinstance(document, dict) and "apiVersion" in document and "kind" in document


class Judge:
    """Judges the YAML blocks of one page, in their order. `kinds` are what its fragments without a resource may be of."""

    def __init__(self, programs: pathlib.Path, kinds: tuple[str, ...]):
        self.programs = programs
        self.kinds = kinds
        self.resources: dict[str, dict] = {}  # shown so far

    def judge(self, block: Block) -> None:
        document = yaml.safe_load(block.text)
        if isinstance(document, dict) and {"platform", "run"} <= set(document):
            known(document, TASK_KEYS, "the task")
            return
        pipeline = completed(document)
        self.check_keys(pipeline)
        own = {entry["name"]: entry for entry in pipeline.get("resources") or []}
        if not own and not pipeline.get("jobs"):
            return  # types alone: the keys are all that there is
        said = ""
        for kind in self.kinds:
            said, good = self.lint(block, {**pipeline, "resources": self.with_known(pipeline, own, kind)})
            if good:
                self.resources.update(own)
                return
        raise DocumentError(f"{block}: check --lint says:\n{said}")

    def with_known(self, pipeline: dict, own: dict, kind: str) -> list[dict]:
        """The block's resources, those of the page that its jobs use, and one of `kind` for a put of none that was shown."""
        result = dict(own)
        for step in steps(pipeline):
            name = step.get("resource", step.get("get", step.get("put")))
            if name in result or name is None:
                continue
            if name in self.resources:
                result[name] = self.resources[name]
            elif "put" in step:
                result[name] = {"name": name, "type": "build-service-builder", "source": SOURCES[kind]}
        return list(result.values())

    def check_keys(self, pipeline: dict) -> None:
        known(pipeline, TOP_KEYS | {"var_sources"}, "the pipeline")
        for section, keys in (("resource_types", TYPE_KEYS), ("resources", RESOURCE_KEYS), ("jobs", JOB_KEYS)):
            for entry in pipeline.get(section) or []:
                known(entry, keys, f"{section} {entry.get('name')}")

    def lint(self, block: Block, pipeline: dict) -> tuple[str, bool]:
        """What lint says, and whether the pipeline is right and had something to judge."""
        # A fragment shows a step and not what came before it, which may have left its inputs: as a task in a file may.
        jobs = [{**job, "plan": [{"task": "not-shown", "file": "not/shown.yml"}, *job["plan"]]} if job["name"] == "shown" else job
                for job in pipeline.get("jobs") or []]
        pipeline = {**pipeline, "jobs": jobs}
        with tempfile.TemporaryDirectory(prefix="page.") as directory:
            path = pathlib.Path(directory) / "pipeline.yml"
            path.write_text(yaml.safe_dump(pipeline, sort_keys=False))
            done = subprocess.run([self.programs / "opt/resource/check", "--lint", path], capture_output=True, text=True)
        said = (done.stdout + done.stderr).replace(str(path), str(block))
        judged = re.search(r": (\d+) resources? of build-service", said)
        return said, done.returncode == 0 and (": note: resource" in said or judged is not None and judged[1] != "0")


def steps(pipeline: dict):
    """Every step of every job, inner ones and those of hooks included."""
    waiting = list(pipeline.get("jobs") or [])
    while waiting:
        entry = waiting.pop(0)
        if isinstance(entry, dict):
            if "get" in entry or "put" in entry:
                yield entry
            for key in ("plan", "in_parallel", "do", "steps", "try", "on_success", "on_failure", "on_error", "on_abort", "ensure"):
                waiting += entry[key] if isinstance(entry.get(key), list) else [entry.get(key)]


def completed(document) -> dict:
    """The pipeline that the fragment is a part of."""
    if isinstance(document, list):
        whole: dict = {}
        for entry in document:
            for section, entries in completed(entry).items():
                whole.setdefault(section, []).extend(entries)
        plan = [step for job in whole.get("jobs", []) if job["name"] == "shown" for step in job["plan"]]
        others = [job for job in whole.get("jobs", []) if job["name"] != "shown"]
        return {**whole, "jobs": others + ([{"name": "shown", "plan": plan}] if plan else [])}
    if not isinstance(document, dict):
        raise DocumentError(f"a fragment of a pipeline is a list or a mapping, not {document!r}")
    if set(document) & (TOP_KEYS | {"var_sources"}):
        return document
    if set(document) & set(STEP_KEYS):
        return {"jobs": [{"name": "shown", "plan": [document]}]}
    if "plan" in document:
        return {"jobs": [document]}
    if "name" in document and "type" in document:
        image = str((document.get("source") or {}).get("repository", "")).rpartition("/")[2]
        is_type = document["type"] == "registry-image" and image.startswith("build-service")
        return {"resource_types" if is_type else "resources": [document]}
    if set(document) == {"source"}:
        return {"resources": [{"name": "shown", "type": "build-service-builder", **document}]}
    if set(document) <= {"params", "get_params", "no_get", "inputs"}:
        return {"jobs": [{"name": "shown", "plan": [{"put": "shown", **document}]}]}
    raise DocumentError(f"what is it? Neither a part of a pipeline nor a task: {', '.join(map(str, document))}")


# Judged by reading them: there is nothing else that a reader would do with them.
READERS = {
    "json": json.loads,
    "toml": tomllib.loads,
    "python": lambda text: compile(text, "the block", "exec"),
    "xml": xml.etree.ElementTree.fromstring,
    "ini": lambda text: configparser.ConfigParser().read_string(f"[all]\n{text}"),
}
__all__ = ["READERS", "DocumentError", "Judge", "PipelineError", "completed", "is_manifest"]
