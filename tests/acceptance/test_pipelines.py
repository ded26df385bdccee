"""Every source and every params that people are shown, in pipelines/ and in the README, is one that the programs take."""

import pathlib
import re

import pytest
import yaml

from support.concourse import read_pipeline
from support.concourse.config import fill, walk
from support.program import run_program

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent
PIPELINES = sorted(path for path in (PROJECT / "pipelines").glob("*.yml") if not path.name.endswith(".vars.example.yml"))
TYPES = {"build-service", "build-service-builder"}
VERSIONS = {
    "uri": {"ref": "1" * 40},
    "repository": {"tag": "main", "digest": "sha256:" + "1" * 64},
    "image": {"image": "registry.example.com/app@sha256:" + "1" * 64},
    "fleet": {"fleet": "sha256:" + "1" * 64, "run_image": "registry.example.com/run@sha256:" + "2" * 64},
}


def vars_file(pipeline: pathlib.Path) -> pathlib.Path:
    return pipeline.with_name(f"{pipeline.stem}.vars.example.yml")


def readme_blocks() -> list[str]:
    text = (PROJECT / "README.md").read_text()
    return re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def readme_pipeline() -> dict:
    """The README's pipeline; its examples of one resource are judged with the other pages."""
    whole: dict = {"resource_types": [], "resources": [], "jobs": []}
    for block in map(yaml.safe_load, readme_blocks()):
        for section, entries in block.items() if isinstance(block, dict) else ():
            whole[section] += entries
    return whole


def explained(programs, config: dict) -> int:
    """Asks check, in and out about everything of ours in the pipeline; how many questions that were."""
    resources = {entry["name"]: entry for entry in config["resources"] if entry["type"] in TYPES}
    asked = 0

    def ask(program: str, request: dict, *arguments) -> None:
        nonlocal asked
        result = run_program(programs, program, request, "--explain", *arguments)
        assert result.status == 0 and result.stdout, f"{program} {request}: {result.stderr}"
        asked += 1

    for entry in resources.values():
        ask("check", {"source": entry["source"]})
    for job in config["jobs"]:
        for step in walk(job["plan"]):
            name = step.get("resource", step.get("get", step.get("put")))
            if "task" in step or name not in resources:
                continue
            source = resources[name]["source"]
            version = next(version for field, version in VERSIONS.items() if field in source)
            if "put" in step:
                ask("out", {"source": source, "params": step.get("params", {})})
            params = step.get("get_params" if "put" in step else "params", {})
            ask("in", {"source": source, "version": version, "params": params})
    return asked


@pytest.mark.parametrize("path", PIPELINES, ids=lambda path: path.name)
def test_a_pipeline_with_its_example_vars_is_taken(programs, path):
    assert explained(programs, read_pipeline(path, vars_file(path))) > 0


@pytest.mark.parametrize("path", PIPELINES, ids=lambda path: path.name)
def test_the_example_vars_are_the_pipelines_vars(path):
    used = set(re.findall(r"\(\(([-\w]+)[.\w]*\)\)", path.read_text()))
    assert used == set(yaml.safe_load(vars_file(path).read_text()))


def test_what_the_readme_shows_is_taken(programs):
    secrets = {name: "word" for block in readme_blocks() for name in re.findall(r"\(\(([-\w]+)\)\)", block)}
    assert explained(programs, fill(readme_pipeline(), secrets)) > 0


def test_a_wrong_field_would_be_seen(programs):
    config = read_pipeline(PIPELINES[0], vars_file(PIPELINES[0]))
    config["resources"][0]["source"]["brnch"] = "main"
    with pytest.raises(AssertionError, match="brnch"):
        explained(programs, config)
