"""Bad input gets one clear line, a status that is not 0, an empty stdout, and leaves nothing half-written."""

import json
import os
import pathlib
import resource
import signal
import subprocess
import time

import pytest

from support.faulty_registry import Answer, FaultyRegistry, layer
from support.program import ENVIRONMENT, Result, run_program

# Names that nobody can answer to: what should be refused at once is not sent anywhere.
IMAGE = {"repository": "registry.invalid/app", "tag": "main"}
SOURCE = {"uri": "https://git.invalid/app.git", "branch": "main"}
DIGEST = "sha256:" + "0" * 64
IMAGE_VERSION = {"tag": "main", "digest": DIGEST}
SOURCE_VERSION = {"ref": "0" * 40}
ALL = ("check", "in", "out")


class Bench:
    """A program, directories of its own, and what must hold after every refusal."""

    def __init__(self, programs: pathlib.Path, tmp: pathlib.Path, golden):
        self.programs = programs
        self.golden = golden
        self.destination = tmp / "destination"
        self.sources = tmp / "sources"
        self.temporary = tmp / "temporary"
        (self.sources / "app").mkdir(parents=True)
        self.temporary.mkdir()

    @property
    def environment(self) -> dict:
        return {"TMPDIR": str(self.temporary)}

    def arguments(self, program: str) -> list:
        return {"check": [], "in": [self.destination], "out": [self.sources]}[program]

    def run(self, program: str, request, *arguments, **options) -> Result:
        return run_program(self.programs, program, request, *(arguments or self.arguments(program)), env=self.environment, **options)

    def refused(self, result: Result) -> str:
        assert result.status not in (0, None) and result.status > 0, f"status {result.status}\n{result.stderr}"
        assert result.stdout == ""
        self.nothing_left()
        return self.golden(result.error)

    def nothing_left(self) -> None:
        assert list(self.temporary.rglob("*")) == []
        assert not self.destination.exists() or list(self.destination.rglob("*")) == []

    def refuses(self, program: str, request, *arguments, **options) -> str:
        return self.refused(self.run(program, request, *arguments, **options))

    def refuses_at_once(self, program: str, request, *arguments) -> str:
        """Nothing was begun, so the error is all there is to say."""
        result = self.run(program, request, *arguments)
        line = self.refused(result)
        assert result.lines == [f"error: {line}"]
        return line


@pytest.fixture
def bench(programs, tmp_path, golden):
    return Bench(programs, tmp_path, golden)


@pytest.fixture
def registry():
    with FaultyRegistry() as registry:
        yield registry


def says(line: str, *parts: str) -> None:
    missing = [part for part in parts if part.lower() not in line.lower()]
    assert not missing, f"{missing} not in: {line}"


# The request itself

@pytest.mark.parametrize("program", ALL)
@pytest.mark.parametrize("request_text, parts", [
    ("", ["the request on stdin", "empty"]),
    (" \n", ["the request on stdin", "empty"]),
    ("nonsense", ["the request on stdin", "JSON"]),
    ('{"source": {"repository": "r.example.com/a"', ["the request on stdin", "JSON"]),
    (b'{"source": {"repository": "\xff\xfe"}}', ["the request on stdin"]),
    ("[" * 200_000, ["the request on stdin"]),
    ("[]", ["the request on stdin", "object"]),
    ("null", ["the request on stdin", "object"]),
    ("{}", ["source"]),
    ('{"source": 5}', ["source", "object"]),
    ('{"source": null}', ["source"]),
    ('{"sorce": {}}', ["sorce", "source"]),
    ('{"source": {}}', ["source", "source.uri", "source.repository", "source.image", "source.fleet"]),
    ('{"source": {"repositry": "r.example.com/a"}}', ["repositry", "repository"]),
    ('{"source": {"uri": "https://g.example.com/a", "repository": "r.example.com/a"}}', ["uri and repository", "two kinds"]),
    ('{"source": {"repository": "r.example.com/a"}, "version": {"tag": "a", "digest": "b"}, "params": []}', ["params", "object"]),
], ids=lambda value: None if isinstance(value, list) else repr(value)[:40])
def test_a_request_that_is_not_one(bench, program, request_text, parts):
    says(bench.refuses_at_once(program, request_text), *parts)


def test_a_request_larger_than_any_real_one(bench):
    says(bench.refuses_at_once("check", json.dumps({"source": {**IMAGE, "password": "x" * (5 << 20)}})), "4 MiB")


@pytest.mark.parametrize("program", ALL)
@pytest.mark.parametrize("source, parts", [
    ({**IMAGE, "usrname": "x"}, ["source.usrname", "username"]),
    ({**IMAGE, "tga": "main"}, ["source.tga", "did you mean source.tag?"]),
    ({**IMAGE, "insecure": "yes"}, ["source.insecure", "true or false"]),
    ({**IMAGE, "tag": ["main"]}, ["source.tag", "text"]),
    ({**IMAGE, "tag": "no tag"}, ["source.tag"]),
    ({**IMAGE, "repository": "Not A Name"}, ["source.repository"]),
    ({**IMAGE, "ca_certs": "text"}, ["source.ca_certs", "list"]),
    ({**IMAGE, "registries": [{"host": "r.example.com", "pasword": "x"}]}, ["source.registries[0].pasword", "password"]),
])
def test_a_field_that_is_wrong_is_named_with_its_path(bench, program, source, parts):
    request = {"source": source, **({"version": IMAGE_VERSION} if program == "in" else {})}
    says(bench.refuses_at_once(program, request), *parts)


@pytest.mark.parametrize("source, parts", [
    ({**SOURCE, "brnch": "main"}, ["source.brnch", "branch"]),
    ({**SOURCE, "paths": "src"}, ["source.paths", "list"]),
    ({**SOURCE, "uri": {}}, ["source.uri", "text"]),
])
def test_a_wrong_field_of_a_git_source(bench, source, parts):
    says(bench.refuses_at_once("check", {"source": source}), *parts)


@pytest.mark.parametrize("program, params, parts", [
    ("in", {"skip_downlod": True}, ["params.skip_downlod", "skip_download"]),
    ("in", {"skip_download": "yes"}, ["params.skip_download", "true or false"]),
    ("out", {"sorce": "app"}, ["params.sorce", "source"]),
    ("out", {"source": ["app"]}, ["params.source", "text"]),
    ("out", {}, ["params.source: it is missing"]),
])
def test_a_wrong_param(bench, program, params, parts):
    request = {"source": IMAGE, "params": params, **({"version": IMAGE_VERSION} if program == "in" else {})}
    says(bench.refuses_at_once(program, request), *parts)


def test_a_version_that_cannot_be_one(bench):
    request = {"source": IMAGE, "version": {"tag": "main", "digest": "sha256:short"}}
    says(bench.refuses_at_once("in", request), "version.digest")


@pytest.mark.parametrize("program", ["check", "in"])
@pytest.mark.parametrize("source, version, parts", [
    (IMAGE, SOURCE_VERSION, ["version", "ref", "tag", "digest"]),
    (SOURCE, IMAGE_VERSION, ["version", "ref"]),
    (IMAGE, {"tag": "main", "digest": [7]}, ["version.digest", "text"]),
    (SOURCE, {"ref": ""}, ["version", "ref"]),
    (IMAGE, "latest", ["version", "object"]),
])
def test_a_version_of_another_kind(bench, program, source, version, parts):
    says(bench.refuses_at_once(program, {"source": source, "version": version}), *parts)


def test_in_without_a_version(bench):
    says(bench.refuses_at_once("in", {"source": IMAGE}), "version")


def test_a_put_to_a_git_source(bench):
    says(bench.refuses_at_once("out", {"source": SOURCE, "params": {}}), "source.uri", "git resource")


@pytest.mark.parametrize("program", ALL)
def test_a_wrong_option(bench, program):
    says(bench.refuses_at_once(program, {"source": IMAGE}, "--explian"), "explian")


# Directories

@pytest.mark.parametrize("program", ["in", "out"])
def test_a_missing_directory_argument(bench, program):
    result = run_program(bench.programs, program, {"source": IMAGE, "version": IMAGE_VERSION}, env=bench.environment)
    says(bench.refused(result), "missing", "first argument")


def test_a_destination_that_is_a_file(bench, tmp_path):
    (tmp_path / "file").touch()
    says(bench.refuses_at_once("in", {"source": IMAGE, "version": IMAGE_VERSION}, tmp_path / "file"), str(tmp_path / "file"))


def test_a_destination_that_cannot_be_written_to(bench, registry, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir()
    os.chown(closed, 1000, 1000)
    closed.chmod(0o555)
    digest = registry.add_image("app", "main", [layer([("etc/motd", b"hello")])])
    # uid 0 may write anywhere unless it lacks this capability.
    command = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search,-fowner", str(bench.programs / "opt/resource/in"), str(closed)]
    request = {"source": {"repository": f"{registry.host}/app"}, "version": {"tag": "main", "digest": digest}}
    done = subprocess.run(command, input=json.dumps(request).encode(), capture_output=True, env={**ENVIRONMENT, **bench.environment})
    says(bench.refused(Result(done.returncode, done.stdout.decode(), done.stderr.decode())), str(closed), "permission denied")


def test_inputs_that_are_not_there(bench, tmp_path):
    says(bench.refuses_at_once("out", {"source": IMAGE, "params": {"source": "app"}}, tmp_path / "nowhere"), str(tmp_path / "nowhere"))


@pytest.mark.parametrize("source", ["elsewhere", "app/deeper", "../outside", "/etc", "file", "link"])
def test_a_source_that_is_not_a_directory_of_the_inputs(bench, source):
    (bench.sources / "file").touch()
    (bench.sources.parent / "outside").mkdir()
    (bench.sources / "link").symlink_to("/etc")
    says(bench.refuses_at_once("out", {"source": IMAGE, "params": {"source": source}}), "params.source", source)


# Registries that refuse

BASIC = {"Www-Authenticate": 'Basic realm="tests"'}


def image_request(registry, digest: str = DIGEST, **source) -> dict:
    return {"source": {"repository": f"{registry.host}/app", "tag": "main", **source}, "version": {"tag": "main", "digest": digest}}


@pytest.mark.parametrize("program", ["check", "in"])
@pytest.mark.parametrize("answer, parts", [
    (Answer(401, BASIC), ["401", "username and password in source"]),
    (Answer(403), ["403"]),
    (Answer(200, {"Content-Type": "text/html"}, b"<html>a captive portal</html>"), []),
], ids=["401", "403", "html"])
def test_a_registry_that_refuses(bench, registry, program, answer, parts):
    registry.fault = lambda request: answer
    says(bench.refuses(program, image_request(registry)), f"{registry.host}/app", *parts)


@pytest.mark.parametrize("program, answer", [
    ("check", Answer(429, {"Retry-After": "0"})),
    ("check", Answer(500)),
], ids=["429", "500"])
def test_a_registry_that_goes_on_to_fail(bench, registry, program, answer):
    """It is asked again some times, each of which is a line of the log, and the error is still one."""
    registry.fault = lambda request: answer
    says(bench.refuses(program, image_request(registry)), f"{registry.host}/app", str(answer.status))
    assert 2 <= len(registry.requests) <= 20


def test_wrong_credentials_are_not_shown(bench, registry):
    registry.fault = lambda request: Answer(401, BASIC, b'{"errors":[{"code":"UNAUTHORIZED","message":"pass is s3cr3t-word"}]}')
    result = bench.run("check", image_request(registry, username="robot", password="s3cr3t-word"))
    says(bench.refused(result), "401", "username and password in source")
    assert "s3cr3t-word" not in result.stderr


def test_an_image_that_is_gone(bench, registry):
    says(bench.refuses("in", image_request(registry)), f"{registry.host}/app", DIGEST)


def test_a_host_without_a_name(bench):
    says(bench.refuses("check", {"source": {"repository": "registry.invalid/app", "tag": "main"}}), "registry.invalid")


# Images that lie

def altered(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1:]


def test_a_layer_with_altered_bytes(bench, registry):
    digest = registry.add_image("app", "main", [layer([("bin/app", os.urandom(300_000))])])
    largest = max(registry.blobs, key=lambda name: len(registry.blobs[name]))
    registry.blobs[largest] = altered(registry.blobs[largest])
    says(bench.refuses("in", image_request(registry, digest)), largest, "digest")


def test_a_manifest_with_altered_bytes(bench, registry):
    digest = registry.add_image("app", "main", [layer([("bin/app", b"app")])])
    registry.manifests["app", digest] = registry.manifests["app", digest].replace(b'"size":', b'"size" :', 1)
    says(bench.refuses("in", image_request(registry, digest)), digest)


def test_a_layer_that_inflates_to_something_else(bench, registry):
    digest = registry.add_image("app", "main", [layer([("bin/app", b"app")])])
    manifest = json.loads(registry.manifests["app", digest])
    config = json.loads(registry.blobs[manifest["config"]["digest"]])
    config["rootfs"]["diff_ids"] = [DIGEST]
    manifest["config"].update(registry.add_blob(json.dumps(config).encode()))
    digest = registry.add_manifest("app", "main", json.dumps(manifest).encode())
    says(bench.refuses("in", image_request(registry, digest)), DIGEST)


@pytest.mark.parametrize("entries, name", [
    ([("../../escaped", b"x")], "../../escaped"),
    ([("a/../../escaped", b"x")], "a/../../escaped"),
    ([("link", "-> ../.."), ("link/escaped", b"x")], "link/escaped"),
    ([("d", None), ("d/link", "-> ../../.."), ("d/link/escaped", b"x")], "d/link/escaped"),
], ids=["dots", "inner dots", "relative link", "deep link"])
def test_an_entry_that_would_leave_the_destination(bench, registry, tmp_path, entries, name):
    digest = registry.add_image("app", "main", [layer(entries)])
    says(bench.refuses("in", image_request(registry, digest)), name)
    assert list(tmp_path.rglob("escaped")) == []


@pytest.mark.parametrize("layers", ["one layer", "two layers"])
def test_a_file_through_an_absolute_link_lies_within_the_image_where_that_leads(bench, registry, tmp_path, layers):
    outside = tmp_path / "outside"
    outside.mkdir()
    link, file = ("etc", f"-> {outside}"), ("etc/escaped", b"x")
    made = [layer([link, file])] if layers == "one layer" else [layer([link]), layer([file])]
    digest = registry.add_image("app", "main", made)
    result = bench.run("in", image_request(registry, digest))
    assert result.status == 0, result.stderr
    assert list(outside.iterdir()) == []
    assert [path.relative_to(bench.destination) for path in bench.destination.rglob("escaped")] == [
        pathlib.Path("rootfs") / outside.relative_to("/") / "escaped"]


# A machine at its end

def test_a_full_disk(bench, registry, tmp_path):
    digest = registry.add_image("app", "main", [layer([("bin/app", os.urandom(6 << 20))])])
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(small)], capture_output=True).returncode == 0
    try:
        if mounted:
            bench.destination = small / "destination"
            line = bench.refuses("in", image_request(registry, digest))
            says(line, "no space left")
        else:
            line = bench.refuses("in", image_request(registry, digest), restore_signals=False, preexec_fn=small_files)
            says(line, "file too large")
    finally:
        if mounted:
            subprocess.run(["umount", str(small)], check=True)


def small_files() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, 2 << 20))


def test_an_answer_that_cannot_be_written(bench, registry):
    registry.add_image("app", "main", [layer([("etc/motd", b"hello")])])
    request = json.dumps(image_request(registry)).encode()
    with open("/dev/full", "wb") as full:
        done = subprocess.run([str(bench.programs / "opt/resource/check")], input=request, stdout=full, stderr=subprocess.PIPE,
                              env={**ENVIRONMENT, **bench.environment})
    assert done.returncode != 0
    says(Result(done.returncode, "", done.stderr.decode()).error, "stdout")


# An abort

def started(bench: Bench, program: str, request: dict) -> subprocess.Popen:
    command = [str(bench.programs / "opt/resource" / program), *map(str, bench.arguments(program))]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={**ENVIRONMENT, **bench.environment})
    process.stdin.write(json.dumps(request).encode())
    process.stdin.close()
    process.stdin = None
    return process


def until(condition, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()
        time.sleep(0.01)


def ended_by(process: subprocess.Popen, number: int) -> Result:
    process.send_signal(number)
    sent = time.monotonic()
    stdout, stderr = process.communicate(timeout=10)
    assert time.monotonic() - sent < 8, "an abort is followed by SIGKILL after ten seconds; be done before"
    return Result(process.returncode, stdout.decode(), stderr.decode())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_in_the_middle_of_a_layer(bench, registry, number):
    digest = registry.add_image("app", "main", [layer([("bin/app", os.urandom(100_000))])])
    largest = max(registry.blobs, key=lambda name: len(registry.blobs[name]))
    slow = Answer(200, {}, registry.blobs[largest], pause=0.01)
    registry.fault = lambda request: slow if request.path.endswith(largest) else None
    process = started(bench, "in", image_request(registry, digest))
    until(lambda: any(request.path.endswith(largest) for request in registry.requests), process)
    time.sleep(0.1)
    result = ended_by(process, number)
    assert result.status == 143
    bench.refused(result)


def test_a_signal_while_waiting_for_an_overloaded_registry(bench, registry):
    registry.fault = lambda request: Answer(503, {"Retry-After": "30"})
    process = started(bench, "check", image_request(registry))
    until(lambda: registry.requests, process)
    bench.refused(ended_by(process, signal.SIGTERM))
