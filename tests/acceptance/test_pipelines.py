"""Every source and every params that people are shown, in pipelines/ and in the README, is one that the programs take."""

import json
import pathlib
import re

import pytest
import yaml

from support.concourse import read_pipeline
from support.concourse.config import fill, walk
from support.git_server import Repository
from support.program import run_program
from support.ssh_server import SshServer

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


@pytest.mark.parametrize("path", PIPELINES, ids=lambda path: path.name)
def test_one_account_of_a_private_registry_and_one_of_a_private_git_host_serve_for_all(path):
    config = yaml.safe_load(path.read_text())
    sources = [entry["source"] for entry in config["resource_types"] + config["resources"]]
    assert sources
    for source in sources:
        wanted = {"username": "((git_username))", "password": "((git_password))", "private_key": "((git_private_key))"}
        if "repository" in source or "fleet" in source:
            wanted = {"username": "((registry_username))", "password": "((registry_password))"}
        elif "image" in source:  # kpack's: it has accounts of its own
            continue
        assert {name: source.get(name) for name in wanted} == wanted, source
    for job in config["jobs"]:
        for step in walk(job["plan"]):
            if "task" in step:
                assert {"kubectl_image", "registry_username", "registry_password"} == set(step["vars"]), step["task"]


@pytest.mark.parametrize("path", sorted((PROJECT / "pipelines/tasks").glob("*.yml")), ids=lambda path: path.name)
def test_a_task_has_its_script_in_a_file_and_its_image_from_a_private_registry(path):
    task = yaml.safe_load(path.read_text())
    assert task["image_resource"]["source"] == {
        "repository": "((kubectl_image))", "username": "((registry_username))", "password": "((registry_password))"}
    assert task["run"] == {"path": "sh", "args": [f"tasks/pipelines/tasks/{path.stem}.sh"]} and path.with_suffix(".sh").exists()


def test_a_key_serves_where_there_is_no_token(programs, tmp_path):
    repository = Repository(tmp_path / "petclinic.git")
    commit = repository.commit("The application")
    with SshServer() as server:
        given = {"source_uri": server.url(repository.path), "git_username": "", "git_password": "",
                 "git_private_key": server.key}
        config = read_pipeline(PROJECT / "pipelines/petclinic.yml", vars_file(PROJECT / "pipelines/petclinic.yml"), given)
        source = next(entry["source"] for entry in config["resources"] if entry["name"] == "petclinic-source")
        result = run_program(programs, "check", {"source": source, "version": None})
    assert result.status == 0, result.stderr
    assert json.loads(result.stdout) == [{"ref": commit}]


def test_what_the_readme_shows_is_taken(programs):
    secrets = {name: "word" for block in readme_blocks() for name in re.findall(r"\(\(([-\w]+)\)\)", block)}
    assert explained(programs, fill(readme_pipeline(), secrets)) > 0


def test_a_wrong_field_would_be_seen(programs):
    config = read_pipeline(PIPELINES[0], vars_file(PIPELINES[0]))
    config["resources"][0]["source"]["brnch"] = "main"
    with pytest.raises(AssertionError, match="brnch"):
        explained(programs, config)
