"""pipelines/tasks without a cluster: which images are meant, which params are refused, where credentials go."""

import json
import os
import pathlib
import subprocess

import pytest

from support.deploy import TASKS, Task, image

OLD, NEW = image("1"), image("2")
HERE = "registry.example.com:5000/acme/app"
# What a workload may run, and whether a rollout of the repository before it is for that.
MATCHES = [
    (HERE, HERE, True), (HERE, f"{HERE}:1.2", True), (HERE, f"{HERE}@sha256:{'a' * 64}", True),
    (HERE, f"{HERE}:1.2@sha256:{'a' * 64}", True), (HERE, "REGISTRY.example.com:5000/acme/app:1", True),
    (HERE, f"{HERE}2", False), (HERE, f"{HERE}2:1", False), (HERE, f"{HERE}/tool", False), (HERE, "acme/app", False),
    (HERE, "registry.example.com/acme/app", False), (HERE, "registry.example.com:5001/acme/app", False),
    (HERE, "other.example.com/registry.example.com:5000/acme/app", False), (HERE, "app", False),
    ("docker.io/acme/app", "acme/app:1", True), ("acme/app", "docker.io/acme/app", True), ("acme/app", "index.docker.io/acme/app:2", True),
    ("nginx", "docker.io/library/nginx:1.27", True), ("docker.io/library/nginx", "nginx", True), ("nginx", "library/nginx", True),
    ("nginx", "acme/nginx", False), ("nginx", "nginx2", False), ("nginx", "quay.io/nginx", False),
    ("localhost/app", "localhost/app:1", True), ("localhost:5000/app", "localhost:5000/app", True), ("localhost/app", "app", False),
    ("registry:5000/app", "registry:5000/app:1", True), ("registry:5000/app", "registry/app", False),
    ("registry.example.com/a.b_c--d/e", "registry.example.com/a.b_c--d/e:x", True),
    ("registry.example.com/a.b/e", "registry.example.com/axb/e", False),
]


def row(*containers: str, kind: str = "Deployment", name: str = "web") -> str:
    """A line of workloads.tpl."""
    columns = [kind, "shop", name, "uid", "1", "1", "1", "1", "1", "1", "1", "RollingUpdate", "0", "-", "1", "-", ""]
    return "\t".join([*columns, *(f"containers:{place}:c{place}:{json.dumps(what)}" for place, what in enumerate(containers))]) + "\n"


def plan(directory: pathlib.Path, rows: str, moves: dict[str, str], awk: list[str], **variables: str) -> tuple[list[list[str]], str]:
    (directory / "rows").write_text(rows)
    (directory / "moves").write_text("".join(f"{name}\t{to}\n" for name, to in moves.items()))
    given = {"moves": directory / "moves", "plan": directory / "plan", "workloads": directory / "workloads", "containers": "", "image": "",
             **variables}
    (directory / "plan").write_text("")
    done = subprocess.run([*awk, "-f", TASKS / "lib/images.awk", "-f", TASKS / "lib/plan.awk",
                           *(word for name, value in given.items() for word in ("-v", f"{name}={value}")), directory / "rows"],
                          capture_output=True, text=True)
    assert done.stderr == "" and (done.returncode == 0) == (done.stdout == "")
    return [line.split("\t") for line in (directory / "plan").read_text().splitlines()], done.stdout


@pytest.fixture(params=["busybox", "mawk"])
def awk(request) -> list[str]:
    return ["busybox", "awk"] if request.param == "busybox" else ["mawk"]


def test_a_repository_is_matched_by_its_whole_name_whatever_the_tag(tmp_path, awk):
    for repository, running, matches in MATCHES:
        to = f"{repository}@sha256:{'b' * 64}"
        entries, _ = plan(tmp_path, row(running), {to: to}, awk)
        assert entries == ([["1", "containers", "0", "c0", running, to]] if matches else []), (repository, running)


def test_other_containers_and_hostile_images_are_left_alone(tmp_path, awk):
    hostile = ['a"b', "a\tcontainers:0:c0:x", f"{HERE}:1\n", "$(touch x)", f"{HERE} ", "", f"{HERE}\\"]
    entries, _ = plan(tmp_path, row("busybox", *hostile, OLD), {NEW: NEW}, awk)
    assert [entry[3] for entry in entries] == [f"c{len(hostile) + 1}"]


def test_named_containers_are_set_whatever_they_run_and_must_be_there(tmp_path, awk):
    entries, _ = plan(tmp_path, row("placeholder", "busybox"), {NEW: NEW}, awk, containers="c0", image=NEW)
    assert entries == [["1", "containers", "0", "c0", "placeholder", NEW]]
    _, problem = plan(tmp_path, row("placeholder", "busybox"), {NEW: NEW}, awk, containers="app", image=NEW)
    assert problem == "deployment/web in shop has no container app; it has c0, c1\n"


def test_of_a_fleet_the_tag_says_which_image_and_a_repository_that_moved_once_needs_none(tmp_path, awk):
    moves = {"r.example/a:main": "r.example/a@sha256:1", "r.example/a@sha256:0": "r.example/a@sha256:1",
             "r.example/b:main": "r.example/b@sha256:2", "r.example/b:next": "r.example/b@sha256:3"}
    rows = row("r.example/a:anything", "r.example/b:next", "r.example/b:other", "r.example/a@sha256:0")
    entries, _ = plan(tmp_path, rows, moves, awk)
    assert [(entry[3], entry[5]) for entry in entries] == [
        ("c0", "r.example/a@sha256:1"), ("c1", "r.example/b@sha256:3"), ("c3", "r.example/a@sha256:1")]


KUBECTL = """#!/bin/sh
printf '%s\\n' "$@" >>"$TMPDIR/arguments"
env >>"$TMPDIR/environment"
cat "$KUBECONFIG" >>"$TMPDIR/kubeconfig"
echo 'Error from server (Forbidden): deployments.apps is forbidden' >&2
exit 1
"""


@pytest.fixture
def task(tmp_path) -> Task:
    """With a kubectl that keeps what it was given, and is refused everything."""
    (tmp_path / "kubectl").write_text(KUBECTL)
    (tmp_path / "kubectl").chmod(0o755)
    return Task(tmp_path / "task", tmp_path / "kubectl", "kind: Config\nusers: [{user: {token: s3cr3t}}]")


BY_TOKEN = {"SERVER": "https://10.0.0.1:6443", "TOKEN": "s3cr3t", "CA": "-----BEGIN CERTIFICATE-----"}


@pytest.mark.parametrize("params", [{}, BY_TOKEN], ids=["kubeconfig", "token"])
def test_a_credential_is_in_a_file_alone(task, params):
    done = task.run(NEW, NAMESPACES="shop", **params)
    assert done.status == 1 and done.last == "error: the cluster: (Forbidden): deployments.apps is forbidden; nothing was changed"
    seen = {name: (task.directory / name).read_text() for name in ("arguments", "environment", "kubeconfig")}
    assert "s3cr3t" not in done.log + seen["arguments"] + seen["environment"] and "KUBECONFIG_YAML=" not in seen["environment"]
    assert ("s3cr3t" in seen["kubeconfig"]) != bool(params)
    assert "tokenFile: token" in seen["kubeconfig"] or not params


def test_credentials_may_be_files_of_an_input(task):
    (task.directory / "credentials").mkdir()
    (task.directory / "credentials/kubeconfig").write_text("kind: Config\n# of the input\n")
    assert task.run(NEW, KUBECONFIG_FILE="credentials/kubeconfig").status == 1
    assert "# of the input" in (task.directory / "kubeconfig").read_text()
    done = task.run(NEW, KUBECONFIG_FILE="credentials/other")
    assert done.status == 2 and "cannot read credentials/other" in done.last


@pytest.mark.parametrize("shell", ["busybox", "dash"])
def test_a_context_reaches_kubectl_as_one_word(tmp_path, task, shell):
    task = task if shell == "busybox" else Task(tmp_path / "dash", tmp_path / "kubectl", task.kubeconfig, shell)
    assert task.run(NEW, CONTEXT="a  b $(touch hostile) *").status == 1
    assert "--context=a  b $(touch hostile) *\n" in (task.directory / "arguments").read_text()
    assert not (task.directory / "hostile").exists()


REFUSED = [
    ({"IMAGE": f"{HERE}:1"}, "is not an image by digest"),
    ({"IMAGE": f"{NEW}\n{NEW}"}, "is not an image by digest"),
    ({"IMAGE": f'{HERE}"}}@sha256:{"2" * 64}'}, "is not an image by digest"),
    ({"IMAGE": NEW[:-1]}, "is not an image by digest"),
    ({"REPOSITORY": "$(touch hostile)"}, "is not an image by digest"),
    ({"NAMESPACES": "shop $(touch hostile)"}, 'NAMESPACES: "$(touch" is not a name of Kubernetes'),
    ({"NAMESPACES": "--all-namespaces"}, 'NAMESPACES: "--all-namespaces" is not a name'),
    ({"NAMESPACES": "*", "WORKLOADS": "deployment/web"}, "WORKLOADS need namespaces with a name"),
    ({"NAMESPACES": "\x1b[2J"}, 'NAMESPACES: "[2J" is not a name'),
    ({"WORKLOADS": "web"}, 'WORKLOADS: "web" is not like deployment/web'),
    ({"WORKLOADS": "pod/web"}, 'WORKLOADS: "pod/web" is not like deployment/web'),
    ({"WORKLOADS": "deployment/`touch hostile`"}, "WORKLOADS: "),
    ({"CONTAINERS": "a;touch hostile"}, 'CONTAINERS: "a;touch" is not a name'),
    ({"KINDS": "pods"}, 'KINDS: "pods" is not one of'),
    ({"TIMEOUT": "soon"}, "TIMEOUT is not a duration like 300, 90s or 5m"),
    ({"TIMEOUT": "1$(touch hostile)"}, "TIMEOUT is not a duration"),
    ({"ROLLBACK": "some"}, "ROLLBACK is one of all, failed and none"),
    ({"LOG_LINES": "-1"}, "LOG_LINES is a number of lines"),
    ({"SERVER": "http://k.example.com", "TOKEN": "x"}, "SERVER is not a URL that begins with https://"),
    ({"SERVER": 'https://k.example.com"\nusers: x', "TOKEN": "x"}, "SERVER is not a URL"),
    ({"SERVER": "https://k.example.com"}, "SERVER needs TOKEN, or TOKEN_FILE"),
    ({"KUBECONFIG_YAML": "x", "SERVER": "https://k.example.com"}, "give one of KUBECONFIG_YAML, KUBECONFIG_FILE and SERVER"),
    ({"KUBECONFIG_YAML": ""}, "no cluster is given: set KUBECONFIG_YAML"),
]


@pytest.mark.parametrize("params,words", REFUSED, ids=lambda value: None if isinstance(value, dict) else value[:30])
def test_a_wrong_param_is_refused_before_anything_is_asked(task, params, words):
    done = task.run(NEW, **params)
    assert done.status == 2 and done.log.startswith("error: ") and words in done.log
    assert "\x1b" not in done.log and not (task.directory / "arguments").exists()
    assert not [name for name in os.listdir(task.directory) if name.startswith("hostile")]


def test_without_an_image_the_input_is_named(task):
    done = task.run(None)
    assert done.status == 2 and done.last == "error: there is no image: map a get of it to the input image, or set IMAGE"


@pytest.mark.parametrize("shell", ["busybox", "dash"])
@pytest.mark.parametrize("text,seconds", [("300", 300), ("90s", 90), ("5m", 300), ("1h", 3600), ("1m30s", 90), ("0", 0)])
def test_a_duration_is_read_as_kubectl_reads_it(shell, text, seconds):
    script = f'lib={TASKS}/lib; . "$lib/cluster.sh"; seconds_of TIMEOUT "$1"'
    command = ["busybox", "sh"] if shell == "busybox" else ["dash"]
    assert subprocess.run([*command, "-c", script, f"{TASKS}/deploy.sh", text], capture_output=True, text=True).stdout == f"{seconds}\n"
