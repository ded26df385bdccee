"""check --lint: a pipeline is judged before fly sets it, by the code that reads its fields in a step."""

import re
import subprocess

import pytest

PIPELINES = ("petclinic", "monorepo", "promote", "fleet", "petclinic-kpack", "fleet-kpack", "applications")


def lint(programs, *arguments) -> subprocess.CompletedProcess:
    return subprocess.run([programs / "opt/resource/check", "--lint", *arguments], capture_output=True, text=True)


@pytest.mark.parametrize("name", PIPELINES)
def test_the_pipelines_that_ship_are_right_with_their_vars_and_without(project, programs, name):
    pipeline = project / f"pipelines/{name}.yml"
    with_vars = lint(programs, pipeline, "--load-vars-from", pipeline.with_suffix(".vars.example.yml"))
    assert with_vars.returncode == 0 and with_vars.stdout.endswith("0 errors, 0 warnings\n"), with_vars.stdout
    assert "not judged" not in with_vars.stdout
    without = lint(programs, pipeline)
    assert without.returncode == 0 and without.stdout.endswith("0 errors, 0 warnings\n"), without.stdout
    assert "not judged" not in without.stdout


def test_every_pipeline_that_ships_is_among_them(project):
    shipped = {path.stem for path in project.glob("pipelines/*.yml")} - {f"{name}.vars.example" for name in PIPELINES}
    assert shipped == set(PIPELINES)


PIPELINE = """
resource_types:
- {name: builder, type: registry-image, source: {repository: registry.example.com/build-service-builder}}
resources:
- name: code
  type: git
  source: {uri: https://github.com/acme/app.git, branch: main}
- name: old-image
  type: registry-image
  source: {repository: registry.example.com/app, tag: 1.2, content_trust: {server: a}}
- name: image
  type: builder
  source: &image
    repository: registry.example.com/app
    tag: main
    usrname: robot
- name: other
  type: builder
  source:
    <<: *image
    repository: registry.example.com/((name))
jobs:
- name: build
  plan:
  - across:
    - {var: name, values: [a, b]}
    do:
    - {get: code, trigger: true}
    - put: image
      params: {source: code, rebase: sometimes}
      get_params: {formt: oci}
"""


def test_what_is_wrong_has_its_line(programs, tmp_path):
    pipeline = tmp_path / "pipeline.yml"
    pipeline.write_text(PIPELINE)
    said = lint(programs, pipeline)
    assert said.returncode == 1 and said.stderr == ""
    lines = [line.removeprefix(f"{pipeline}:") for line in said.stdout.splitlines()]
    found = {int(line.split(":")[0]): line.split(": ", 1)[1] for line in lines[:-1]}
    assert found[5].startswith("note: resource code of type git: `type: build-service` takes it as it stands")
    assert found[8].startswith("note: resource old-image of type registry-image: `type: build-service` would not take it: ")
    assert "content_trust" in found[8]
    wrong = "cannot read source.usrname: there is no such field; did you mean source.username?"
    # Once for each resource that merges the line.
    assert [line for line in lines if line.startswith("16: ")] == [f"16: error: resource {name}: {wrong}" for name in ("image", "other")]
    assert lines[-1].endswith("2 resources of build-service, in 1 step: 2 errors, 0 warnings")
    pipeline.write_text(PIPELINE.replace("    usrname: robot\n", "    username: robot\n    password: word\n"))
    lines = lint(programs, pipeline).stdout.splitlines()
    errors = [line.removeprefix(f"{pipeline}:") for line in lines if ": error: " in line]
    assert errors[0].startswith("31: error: job build: put image: cannot read params.rebase: ")
    assert errors[1].startswith("32: error: job build: put image (get_params): cannot read params.formt: there is no such field")
    assert len(errors) == 2


INPUTS = """
resource_types:
- {name: builder, type: registry-image, source: {repository: registry.example.com/build-service-builder}}
resources:
- {name: code, type: builder, source: {uri: https://github.com/acme/app.git}}
- {name: image, type: builder, source: {repository: registry.example.com/app}}
jobs:
- name: build
  plan:
  - {get: code, trigger: true}
  - put: image
    params: {source: cde/app}
  - put: image
    inputs: []
    params: {source: code}
    no_get: true
  - {put: image, params: {image: "*/image.tar"}}
  - task: pack
    config:
      platform: linux
      run: {path: "true"}
      outputs: [{name: out}]
    output_mapping: {out: packed}
  - {put: image, params: {source: packed}}
  - {task: more, file: code/task.yml}
  - {put: image, params: {source: whatever-that-task-leaves}}
"""


@pytest.mark.parametrize("login", [
    "username: _json_key, password: ((key))",
    "username: _json_key_base64, password: ((key))",
    "aws_region: eu-west-1, aws_role_arn: ((role))",
    "aws_region: eu-west-1, aws_role_arns: [((first)), ((second))]",
    "registries: [{host: gcr.io, username: _json_key, password: ((key))}]",
])
def test_logins_of_clouds_are_judged_behind_their_secrets(programs, tmp_path, login):
    pipeline = tmp_path / "pipeline.yml"
    pipeline.write_text(f"resources: [{{name: image, type: build-service, source: {{repository: app, {login}, tagg: main}}}}]\n")
    said = lint(programs, pipeline)
    assert said.returncode == 1 and "cannot read source.tagg: there is no such field" in said.stdout, said.stdout
    pipeline.write_text(pipeline.read_text().replace("tagg", "tag"))
    said = lint(programs, pipeline)
    assert said.returncode == 0 and "not judged" not in said.stdout, said.stdout


def test_an_input_that_nothing_leaves_is_told_before_a_build_finds_out(programs, tmp_path):
    pipeline = tmp_path / "pipeline.yml"
    pipeline.write_text(INPUTS)
    said = lint(programs, pipeline)
    assert [line.removeprefix(f"{pipeline}:") for line in said.stdout.splitlines()[:-1]] == [
        "12: error: job build: put image: params.source: nothing before this step is called cde; did you mean code?",
        "15: error: job build: put image: params.source: `inputs` of the put does not list code"]


@pytest.mark.parametrize("leaves", [
    "{task: make, config: ((config))}",
    "{task: make, config: {platform: linux, outputs: ((outputs))}}",
    "{task: make, config: {platform: linux, outputs: [{name: ((name))}]}}",
    "{task: make, config: {platform: linux, outputs: [{name: some}]}, output_mapping: ((mapping))}",
    "{get: ((name)), resource: image}",
    "((step))",
    "{do: ((steps))}",
])
def test_an_input_that_a_var_may_leave_is_not_told(programs, tmp_path, leaves):
    pipeline = tmp_path / "pipeline.yml"
    pipeline.write_text("resources: [{name: image, type: build-service, source: {repository: r.example.com/app, tag: main}}]\n"
                        f"jobs: [{{name: build, plan: [{leaves}, {{put: image, params: {{source: made}}}}]}}]\n")
    said = lint(programs, pipeline)
    assert said.returncode == 0 and "nothing before this step" not in said.stdout, said.stdout


def test_the_params_that_name_inputs_are_params_of_some_kind(project):
    names = re.search(r"paths_of_inputs\{(.*?)\}", (project / "common/pipeline/lint.cpp").read_text())[1]
    schema = (project / "docs/schema/out.json").read_text()
    assert all(f"{name}: {{" in schema for name in names.split(", "))


@pytest.mark.parametrize("text, remedy", [
    ("#@ for name in names:\nresources: []\nresources: []\n", "it is a template of ytt: give what ytt makes of it"),
    ("resources: [{name: {{name}}}]\n", "write vars as ((name)), not as {{name}}"),
])
def test_a_template_is_told_from_a_pipeline(programs, tmp_path, text, remedy):
    (tmp_path / "template.yml").write_text(text)
    said = lint(programs, tmp_path / "template.yml")
    assert said.returncode == 1 and said.stderr.endswith(f"; {remedy}\n"), said.stderr


def test_a_file_that_is_not_a_pipeline_is_one_line(programs, tmp_path):
    said = lint(programs, tmp_path / "none.yml")
    assert said.returncode == 1 and said.stdout == "" and len(said.stderr.splitlines()) == 1 and "none.yml" in said.stderr
    (tmp_path / "odd.yml").write_text("resources: [\n")
    said = lint(programs, tmp_path / "odd.yml")
    assert said.returncode == 1 and "odd.yml: line 2, column 1: it is not YAML" in said.stderr
