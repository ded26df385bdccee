"""The stand-in for Concourse keeps the rules it is there for. Its resource here is a counter in a file."""

import json
import pathlib
import shutil
import textwrap
import time

import pytest

from support.concourse import Concourse, HostPrograms, PipelineError, ResourceError, RootDirectory, read_pipeline

# Every program notes its call in source.state/calls; versions and misbehaviour come from files beside it.
PROGRAM = '''#!/usr/bin/python3
import json, os, pathlib, signal, sys, time
request = json.load(sys.stdin)
state = pathlib.Path(request["source"]["state"])
step = pathlib.Path(sys.argv[0]).name
tmp = pathlib.Path(os.environ["TMPDIR"])
marker = tmp / "marker"
place = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else None
call = {"step": step, "request": request, "env": dict(os.environ), "marker": marker.exists(), "cwd": os.getcwd(),
        "found": sorted(str(p.relative_to(place)) for p in place.rglob("*")) if place else []}
marker.touch()
with open(state / "calls", "a") as calls: calls.write(json.dumps(call) + "\\n")
def said(name, default):
    path = state / name
    return path.read_text() if path.exists() else default
if said("ignore-term", ""): signal.signal(signal.SIGTERM, signal.SIG_IGN)
if said(f"hang-{step}", ""):
    (state / "hanging").touch()
    time.sleep(60)
print("log of", step, file=sys.stderr)
if said(f"fail-{step}", ""): sys.exit(print("error: told to fail", file=sys.stderr) or 3)
metadata = [{"name": "by", "value": step}, {"name": "call", "value": said("note", "")}]
if step == "check": print(said("versions", "[]"))
elif step == "in":
    (place / "version").write_text(json.dumps(request["version"]))
    print(json.dumps({"version": request["version"], "metadata": metadata}))
else: print(json.dumps({"version": json.loads(said("put", '{"n": "9"}')), "metadata": metadata}))
'''

PIPELINE = '''
resource_types:
- {name: counter, type: registry-image, source: {repository: registry.example.com/counter}}
resources:
- {name: thing, type: counter, source: {state: ((state))}}
- {name: made, type: counter, source: {state: ((state))/made}}
jobs:
- name: build
  plan:
  - {get: thing, trigger: true}
  - put: made
    params: {source: thing/inner}
    get_params: {brief: true}
- name: deploy
  plan:
  - {get: made, trigger: true, passed: [build]}
  - {get: thing, passed: [build]}
  - task: show
    config:
      platform: linux
      image_resource: {type: registry-image, source: {repository: registry.example.com/tools}}
      inputs: [{name: made}]
      outputs: [{name: shown}]
      params: {NUMBER: 1}
      run: {path: sh, args: [-ec, 'cp made/version shown/; echo "number $NUMBER"']}
'''


class World:
    def __init__(self, tmp: pathlib.Path):
        self.state = tmp / "state"
        (self.state / "made").mkdir(parents=True)
        programs = tmp / "programs"
        (programs / "opt/resource").mkdir(parents=True)
        for step in ("check", "in", "out"):
            path = programs / "opt/resource" / step
            path.write_text(PROGRAM)
            path.chmod(0o755)
        self.file = tmp / "pipeline.yml"
        self.concourse = Concourse(tmp / "work", {"counter": HostPrograms(programs)})
        self.pipeline = self.set(PIPELINE)

    def set(self, text: str):
        self.file.write_text(textwrap.dedent(text))
        return self.concourse.set_pipeline(self.file, vars={"state": str(self.state)})

    def say(self, name: str, value, at: str = "") -> None:
        (self.state / at / name).write_text(value if isinstance(value, str) else json.dumps(value))

    def versions(self, *numbers: int) -> None:
        self.say("versions", [{"n": str(number)} for number in numbers])

    def puts(self, number: int) -> None:
        self.say("put", {"n": str(number)}, "made")

    def calls(self, step: str, at: str = "") -> list[dict]:
        path = self.state / at / "calls"
        calls = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        return [call for call in calls if call["step"] == step]


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def numbers(history) -> list[str]:
    return [saved.version["n"] for saved in history.versions]


def test_the_first_check_has_no_version_and_the_next_the_latest(world):
    world.versions(1, 2)
    assert world.pipeline.check("thing") == [{"n": "1"}, {"n": "2"}]
    assert world.pipeline.check("thing") == []
    assert [call["request"]["version"] for call in world.calls("check")] == [None, {"n": "2"}]


def test_order_moves_only_when_a_check_returns_something_new(world):
    world.versions(1, 2)
    world.pipeline.check("thing")
    world.versions(1)
    world.pipeline.check("thing")
    assert numbers(world.pipeline.resource("thing").history) == ["1", "2"]
    world.versions(1, 3)
    world.pipeline.check("thing")
    assert numbers(world.pipeline.resource("thing").history) == ["2", "1", "3"]


def test_resources_of_one_source_share_history_and_check_container(world):
    twin = "- {name: twin, type: counter, source: {state: ((state))}}"
    pipeline = world.set(PIPELINE.replace("jobs:", twin + "\njobs:\n- {name: other, plan: [{get: twin}]}"))
    world.versions(1)
    pipeline.check("thing")
    assert numbers(pipeline.resource("twin").history) == ["1"]
    pipeline.check("twin")
    assert [call["marker"] for call in world.calls("check")] == [False, True]
    world.concourse.expire_check_containers()
    pipeline.check("twin")
    assert world.calls("check")[-1]["marker"] is False


def test_get_and_put_start_in_new_directories(world):
    world.versions(1)
    world.pipeline.run_job("build").expect()
    world.versions(1, 2)
    world.puts(10)
    world.pipeline.run_job("build").expect()
    assert [call["marker"] for call in world.calls("in")] == [False, False]
    assert [call["found"] for call in world.calls("in")] == [[], []]


def test_build_variables_are_set_in_get_and_put_and_not_in_check(world):
    world.versions(1)
    world.pipeline.run_job("build").expect()
    named = [{name for name in call["env"] if name.startswith("BUILD_")} for step in ("check", "in") for call in world.calls(step)]
    assert named[0] == set() and {"BUILD_ID", "BUILD_NAME", "BUILD_JOB_NAME"} <= named[1]
    assert world.calls("out", "made")[0]["env"]["ATC_EXTERNAL_URL"] == "https://ci.example.com"
    assert world.calls("check")[0]["cwd"] == "/"


def test_a_put_sees_the_inputs_its_params_name(world):
    world.versions(1)
    world.pipeline.run_job("build").expect()
    assert world.calls("out", "made")[0]["found"] == ["thing", "thing/version"]
    pipeline = world.set(PIPELINE.replace("source: thing/inner", "source: elsewhere"))
    pipeline.run_job("build").expect()
    assert world.calls("out", "made")[1]["found"] == []


def test_a_put_is_followed_by_a_get_whose_metadata_stay(world):
    world.versions(1)
    build = world.pipeline.run_job("build").expect()
    assert [(step.kind, step.name) for step in build.steps] == [("get", "thing"), ("put", "made"), ("get", "made")]
    assert world.calls("in", "made")[0]["request"]["params"] == {"brief": True}
    assert world.pipeline.resource("made").history.latest.facts["by"] == "in"


def test_equal_gets_run_in_once_and_keep_the_first_metadata(world):
    world.versions(1)
    world.say("note", "first")
    world.pipeline.run_job("build").expect()
    world.say("note", "second")
    again = world.pipeline.run_job("build").expect()
    assert len(world.calls("in")) == 1 and again.step("thing").cached
    assert again.step("thing").facts["call"] == "first"
    assert len(world.calls("in", "made")) == 1, "the put answered the same version: its implicit get is cached too"


def test_a_version_a_job_has_used_never_triggers_it_again(world):
    world.versions(1)
    assert [build.job["name"] for build in world.pipeline.tick()] == ["build", "deploy"]
    assert world.pipeline.tick() == []
    world.versions(1, 2)
    world.puts(9)  # moves the tag back to what it was: nothing new for deploy
    assert [build.job["name"] for build in world.pipeline.tick()] == ["build"]
    assert numbers(world.pipeline.resource("made").history) == ["9"]


def test_what_triggers_nothing_is_checked_when_its_job_starts_and_not_before(world):
    pipeline = world.set(PIPELINE.replace("  - put: made\n", "  - {get: tools, resource: made}\n  - put: made\n"))
    world.versions(1)
    world.say("versions", [{"n": "1"}], "made")
    first = pipeline.tick()
    assert first[0].inputs["tools"] == {"n": "1"} and len(world.calls("check", "made")) == 2
    world.say("versions", [{"n": "2"}], "made")
    assert pipeline.tick() == [] and len(world.calls("check", "made")) == 2
    world.versions(1, 2)
    assert pipeline.tick()[0].inputs["tools"] == {"n": "2"}


def test_a_failed_build_has_used_its_versions_too(world):
    world.versions(1)
    world.say("fail-out", "yes", "made")
    assert [(build.status, str(build.error)) for build in world.pipeline.tick()] == [("failed", "put made: exit status 3")]
    assert world.pipeline.tick() == []


def test_a_failed_put_saves_no_version(world):
    world.versions(1)
    world.say("fail-out", "yes", "made")
    build = world.pipeline.run_job("build")
    assert build.status == "failed" and "log of out" in build.log
    assert world.pipeline.resource("made").history.latest is None
    with pytest.raises(PipelineError, match="deploy"):
        world.pipeline.run_job("deploy")


def test_inputs_that_passed_a_job_come_from_one_build_of_it(world):
    world.versions(1)
    world.puts(10)
    world.pipeline.run_job("build").expect()
    world.versions(1, 2)
    world.say("fail-out", "yes", "made")
    world.pipeline.run_job("build").expect("failed")
    assert world.pipeline.next_inputs("deploy") == {"made": {"n": "10"}, "thing": {"n": "1"}}


def test_tasks_get_their_inputs_and_leave_their_outputs(world):
    world.versions(1)
    world.pipeline.tick()
    build = world.pipeline.builds("deploy")[0]
    assert build.step("show").log == "number 1\n"
    assert json.loads((build.artifacts["shown"] / "version").read_text()) == {"n": "9"}


def test_a_new_type_image_begins_a_new_history(world, tmp_path):
    world.versions(1)
    world.pipeline.check("thing")
    shutil.copytree(tmp_path / "programs", tmp_path / "new")
    world.concourse.types["counter"] = HostPrograms(tmp_path / "new")
    assert world.pipeline.resource("thing").history.latest is None


def hang(world, build):
    for _ in range(500):
        if (world.state / "made/hanging").exists():
            return
        time.sleep(0.01)
    raise AssertionError(build.log)


def test_an_abort_sends_sigterm(world):
    world.versions(1)
    world.say("hang-out", "yes", "made")
    build = world.pipeline.start_job("build")
    hang(world, build)
    build.abort()
    build.expect("aborted")
    assert build.step("made").status == -15
    assert world.pipeline.resource("made").history.latest is None


def test_who_ignores_sigterm_is_killed(world, monkeypatch):
    monkeypatch.setattr("support.concourse.container.GRACE", 0.3)
    world.versions(1)
    world.say("hang-out", "yes", "made")
    world.say("ignore-term", "yes", "made")
    build = world.pipeline.start_job("build")
    hang(world, build)
    build.abort()
    build.expect("aborted")
    assert build.step("made").status == -9


def test_a_timeout_is_a_failure_and_runs_its_hook(world):
    world.versions(1)
    world.say("hang-out", "yes", "made")
    text = PIPELINE.replace("    get_params: {brief: true}", '''    timeout: 300ms
    on_failure:
      task: mourn
      config:
        platform: linux
        image_resource: {type: registry-image, source: {repository: registry.example.com/tools}}
        run: {path: echo, args: [alas]}''')
    build = world.set(text).run_job("build").expect("failed")
    assert "timeout" in str(build.error) and build.step("mourn").log == "alas\n"


@pytest.mark.parametrize("versions", ["null", "{}", "nonsense", '[{"n": 1}]', "[{}]"])
def test_answers_that_break_the_protocol_are_errors(world, versions):
    world.say("versions", versions)
    with pytest.raises(ResourceError):
        world.pipeline.check("thing")


def test_a_put_without_a_version_is_an_error(world):
    world.versions(1)
    world.say("put", "null", "made")
    assert world.pipeline.run_job("build").status == "errored"


@pytest.mark.parametrize("before, after, complaint", [
    ("trigger: true}", "triger: true}", "triger"),
    ("get: thing", "get: thingy", "no such resource"),
    ("passed: [build]", "passed: [bild]", "bild"),
    ("((state))", "((stat))", "stat"),
    ("type: counter", "type: countr", "countr"),
])
def test_a_pipeline_that_fly_would_refuse_is_refused(world, before, after, complaint):
    with pytest.raises(PipelineError, match=complaint):
        world.set(PIPELINE.replace(before, after, 1))


def test_vars_keep_their_types_and_the_command_line_wins_over_the_file(tmp_path):
    (tmp_path / "p.yml").write_text(PIPELINE.replace("((state))/made", "((state))/((n))").replace("{brief: true}", "((list))"))
    (tmp_path / "v.yml").write_text("{state: file, n: 4, list: {a: [1]}}")
    config = read_pipeline(tmp_path / "p.yml", tmp_path / "v.yml", {"state": "given"})
    assert config["resources"][1]["source"]["state"] == "given/4"
    assert config["jobs"][0]["plan"][1]["get_params"] == {"a": [1]}


MANY = '''
resource_types:
- {name: counter, type: registry-image, source: {repository: registry.example.com/counter}}
resources:
- {name: thing, type: counter, source: {state: ((state))}}
jobs:
- name: set
  plan:
  - {get: thing, trigger: true}
  - task: list
    config:
      platform: linux
      image_resource: {type: registry-image, source: {repository: registry.example.com/tools}}
      outputs: [{name: out}]
      inputs: [{name: thing}]
      run:
        path: sh
        args: [-ec, 'cp ((state))/template.yml out/; cp ((state))/list.yml out/']
  - {load_var: list, file: out/list.yml}
  - across:
    - {var: each, values: ((.:list))}
    set_pipeline: many
    file: out/template.yml
    instance_vars: {of: ((.:each.name))}
    vars: {state: ((state))/made}
'''
TEMPLATE = '''
resource_types:
- {name: counter, type: registry-image, source: {repository: registry.example.com/counter}}
resources:
- {name: of-((of)), type: counter, source: {state: ((state))}}
jobs:
- {name: build, plan: [{get: of-((of)), trigger: true}]}
'''


def test_a_pipeline_sets_others_across_a_list_and_archives_what_it_sets_no_more(world):
    pipeline = world.set(MANY)
    world.say("template.yml", TEMPLATE)
    world.say("list.yml", "[{name: a}, {name: b}]")
    world.versions(1)
    pipeline.tick()[0].expect()
    made = {of: world.concourse.pipelines["many", json.dumps({"of": of})] for of in "ab"}
    world.say("versions", [{"n": "1"}], "made")
    assert [build.inputs for build in made["b"].tick()] == [{"of-b": {"n": "1"}}]
    world.say("list.yml", "[{name: b}]")
    world.versions(1, 2)
    pipeline.tick()[0].expect()
    left = world.concourse.pipelines["many", json.dumps({"of": "b"})]
    assert made["a"].archived and not left.archived and left.tick() == []
    world.say("list.yml", "[{name: c}, {nme: d}]")
    assert pipeline.run_job("set").status == "errored"


ROOT_PROGRAM = """#!/bin/sh
set -e
cat >/dev/null
case $0 in
*/check) ls /tmp >&2; touch /tmp/seen; echo '[{"n": "1"}]' ;;
*) { pwd; id -u; grep CapEff /proc/self/status || true; ls /; } >&2
   mount -t tmpfs none /tmp 2>/dev/null && exit 9
   echo mine >/etc/new; touch "$1/left"; echo '{"version": {"n": "1"}}' ;;
esac
"""


def test_a_root_directory_is_entered_without_the_right_to_mount_and_stays_as_it_was(as_root, tmp_path):
    root = tmp_path / "root"
    for name in ("bin", "etc", "opt/resource"):
        (root / name).mkdir(parents=True)
    shutil.copy("/bin/busybox", root / "bin")
    for name in ("sh", "cat", "ls", "touch", "pwd", "id", "grep", "mount", "true"):
        (root / "bin" / name).symlink_to("busybox")
    for step in ("check", "in", "out"):
        (root / "opt/resource" / step).write_text(ROOT_PROGRAM)
        (root / "opt/resource" / step).chmod(0o755)
    concourse = Concourse(tmp_path / "work", {"counter": RootDirectory(root)})
    (tmp_path / "p.yml").write_text(PIPELINE)
    build = concourse.set_pipeline(tmp_path / "p.yml", vars={"state": "x"}).run_job("build").expect()
    assert build.step("thing").log.startswith("/\n0\n")
    assert (build.artifacts["thing"] / "left").exists()
    assert not (root / "etc/new").exists() and not (root / "tmp").exists()


def test_a_var_that_a_build_loads_is_known_to_the_steps_behind_it(tmp_path):
    path = tmp_path / "pipeline.yml"
    path.write_text(textwrap.dedent('''
        resource_types: []
        resources: []
        jobs:
        - name: show
          plan:
          - task: make
            config:
              platform: linux
              image_resource: {type: registry-image, source: {repository: x}}
              outputs: [{name: made}]
              run: {path: sh, args: [-c, "echo 1.2.3 >made/version"]}
          - {load_var: version, file: made/version}
          - task: show
            config:
              platform: linux
              image_resource: {type: registry-image, source: {repository: x}}
              params: {VERSION: "v((.:version))"}
              run: {path: sh, args: [-c, 'echo "it is $VERSION"']}
    '''))
    pipeline = Concourse(tmp_path / "work", types={}).set_pipeline(path)
    assert "it is v1.2.3\n" in pipeline.run_job("show").expect().log
    path.write_text(path.read_text().replace("made/version}", "made/nothing}"))
    build = Concourse(tmp_path / "again", types={}).set_pipeline(path).run_job("show").expect("errored")
    assert "load_var version: no such file: made/nothing" in str(build.error)
