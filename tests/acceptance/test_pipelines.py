"""Every source and every params that people are shown, in pipelines/ and in the README, is one that the programs take."""

import json
import pathlib
import re
import shutil
import subprocess

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
    """The README's YAML blocks, taken together as the one pipeline they describe."""
    whole: dict = {"resource_types": [], "resources": [], "jobs": []}
    for block in readme_blocks():
        for section, entries in yaml.safe_load(block).items():
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
    assert explained(programs, fill(readme_pipeline(), {})) > 0


def test_a_wrong_field_would_be_seen(programs):
    config = read_pipeline(PIPELINES[0], vars_file(PIPELINES[0]))
    config["resources"][0]["source"]["brnch"] = "main"
    with pytest.raises(AssertionError, match="brnch"):
        explained(programs, config)


def rollout_of(path: pathlib.Path) -> dict:
    config = read_pipeline(path, vars_file(path))
    return next(step["config"] for job in config["jobs"] for step in walk(job["plan"]) if step.get("task") == "rollout")


@pytest.mark.parametrize("history", ["first", "second"])
@pytest.mark.parametrize("path", [path for path in PIPELINES if path.stem in ("petclinic", "promote")], ids=lambda path: path.name)
def test_a_rollout_that_fails_ends_in_what_the_cluster_says_and_not_in_the_error_of_the_way_back(tmp_path, path, history):
    image = "registry.example.com/acme/petclinic@sha256:" + "1" * 64
    shutil.copy(PROJECT / "tests/support/kubectl", tmp_path / "kubectl")
    before = [] if history == "first" else [image.replace("1" * 64, "2" * 64)]
    (tmp_path / "cluster.json").write_text(json.dumps({"history": before, "broken": [image], "commands": []}))
    (tmp_path / "petclinic-image").mkdir()
    (tmp_path / "petclinic-image/image").write_text(image)
    run = rollout_of(path)["run"]
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "KUBECONFIG_YAML": "x", "NAMESPACE": "n", "DEPLOYMENT": "petclinic",
                   "CONTAINER": "petclinic", "TMPDIR": str(tmp_path)}
    done = subprocess.run([run["path"], *run["args"]], cwd=tmp_path, env=environment, capture_output=True, text=True)
    last = done.stdout.splitlines()[-1]
    assert done.returncode == 1 and "exceeded its progress deadline" in done.stderr
    assert last == ("there is no earlier rollout to go back to" if history == "first" else
                    "deployment/petclinic successfully rolled out")
