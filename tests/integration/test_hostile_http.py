"""check and in against web servers that are slow, refuse, redirect, or would have credentials that are not theirs."""

import base64
import pathlib
import subprocess
import threading
import time

import pytest
from support.hostile_git_server import Answer, HostileGitServer, packet, packets
from support.packs import History
from support.program import ENVIRONMENT
from support.refusals import Refusals

GOOD = History(("100644", "file", b"hello\n"))
SECRET = "geheim4711"


@pytest.fixture
def refused(programs, tmp_path):
    return Refusals(programs, tmp_path)


@pytest.fixture
def server():
    with HostileGitServer(GOOD.head, GOOD.pack.bytes()) as running:
        yield running


def once(answer: Answer):
    left = [answer]
    return lambda request: left.pop() if left else None


@pytest.mark.parametrize("status, words", [
    (401, ["HTTP status 401 Unauthorized", "give source.username and source.password"]),
    (403, ["HTTP status 403 Forbidden", "give source.username and source.password"]),
    (404, ["HTTP status 404 Not Found", "check source.uri"]),
    (400, ["HTTP status 400"]),
    (418, ["HTTP status 418"]),
])
@pytest.mark.parametrize("stage", ["advertise", "fetch"])
def test_a_refusal_is_asked_once(refused, server, status, words, stage):
    server.first = lambda request: Answer(status, body=b"<html>no</html>") if request.command == stage else None
    refused("in", {"uri": server.url}, server.url, *words, version=GOOD.head)
    assert [request.command for request in server.requests].count(stage) == 1


def test_wrong_credentials_are_said_to_be_wrong(refused, server):
    server.first = lambda request: Answer(401, {"WWW-Authenticate": "Basic"})
    result = refused("check", {"uri": server.url, "username": "ann", "password": SECRET}, "check source.username and source.password")
    assert SECRET not in result.stderr


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_asks_to_wait_is_waited_for(refused, server, status):
    server.first = once(Answer(status, {"Retry-After": "1"}))
    start = time.monotonic()
    result = refused.run("check", {"uri": server.url})
    assert result.answer == [{"ref": GOOD.head}] and time.monotonic() - start >= 1
    assert f"HTTP status {status}; attempt 2 of" in result.stderr


@pytest.mark.parametrize("status, pause, said", [(429, "3600", "3600 s"), (503, "Sat, 01 Jan 2180 00:00:00 GMT", "Sat, 01 Jan 2180")])
def test_a_server_that_asks_to_wait_for_long_is_not_waited_for(refused, server, status, pause, said):
    server.first = lambda request: Answer(status, {"Retry-After": pause})
    refused("check", {"uri": server.url}, f"HTTP status {status}", f"the server asks to wait {said}")
    assert len(server.requests) == 1


def test_a_server_that_is_overloaded_for_good(refused, server):
    server.first = lambda request: Answer(503)
    refused("check", {"uri": server.url}, "HTTP status 503 Service Unavailable", within=80)
    assert len(server.requests) == 8


def test_a_page_that_is_no_repository(refused, server):
    server.first = lambda request: Answer(200, {"Content-Type": "text/html"}, b"<html>Welcome</html>")
    refused("check", {"uri": server.url}, "check that source.uri is the address of a git repository")
    server.first = lambda request: Answer(200, {"Content-Type": "text/plain"}, GOOD.head.encode() + b"\trefs/heads/main\n")
    refused("check", {"uri": server.url}, "check that source.uri is the address of a git repository")


def test_an_advertised_bundle_is_not_asked_for(refused, server):
    """CVE-2025-48385: what a bundle list names is nobody's to fetch."""
    with HostileGitServer(GOOD.head) as other:
        server.answers["advertise"] = packets(b"version 2\n", b"ls-refs=unborn\n", b"fetch=shallow filter\n", b"bundle-uri\n",
                                              f"bundle-uri=http://{other.host}/bundle\n".encode()) + b"0000"
        for program in ("check", "in"):
            assert refused.run(program, {"uri": server.url}, GOOD.head).status == 0
        assert {request.command for request in server.requests} == {"advertise", "ls-refs", "fetch"}
        assert not any(b"bundle" in request.body for request in server.requests) and other.requests == []


LOGIN = b'<!DOCTYPE html><html><title>Sign in &middot; Forge</title><form><input name=user><input type="password"></form>'


def test_a_login_page_is_said_to_be_one(refused, server, golden):
    server.first = lambda request: Answer(200, {"Content-Type": "text/html; charset=utf-8"}, LOGIN)
    golden(refused("check", {"uri": server.url}, "a login page").error)
    server.first = lambda request: (Answer(302, {"Location": "/users/sign_in"}) if request.path.startswith("/app.git")
                                    else Answer(200, {"Content-Type": "text/html"}, b"<html>"))
    golden(refused("check", {"uri": server.url}, "a login page").error)
    server.first = lambda request: Answer(200, {"Content-Type": "text/html"}, LOGIN) if request.command == "fetch" else None
    golden(refused("in", {"uri": server.url}, "a login page", version=GOOD.head).error)
    server.first = lambda request: Answer(200, {"Content-Type": "text/html"}, b"<title>Welcome</title>", endless=b"<p>" * 10000)
    golden(refused("check", {"uri": server.url}, "a web page").error)


@pytest.mark.parametrize("status", [401, 403, 404, 410, 451])
def test_what_a_host_says_in_plain_text_is_shown(refused, server, status, golden):
    server.first = lambda request: Answer(status, {"Content-Type": "text/plain"}, b"Ask the\nadmins\x1b[2J" + b"." * 100_000)
    golden(refused("check", {"uri": server.url}, "Ask the admins?[2J").error)


def vanishing(server, error: bytes):
    """The first fetch is refused, as when a ref was moved, or another machine answers that does not have it yet."""
    left = [packets(b"ERR " + error)]
    return lambda request: Answer(200, {}, left.pop()) if request.command == "fetch" and left else None


@pytest.mark.parametrize("error", [b"upload-pack: not our ref " + GOOD.head.encode(), b"want " + GOOD.head.encode() + b" not valid\n"])
@pytest.mark.parametrize("program", ["check", "in"])
def test_a_ref_that_is_refused_once_is_listed_again(refused, server, error, program):
    server.first = vanishing(server, error)
    result = refused.run(program, {"uri": server.url}, GOOD.head)
    assert result.status == 0, result.stderr
    commands = [request.command for request in server.requests]
    assert commands == ["advertise", "ls-refs", "fetch", "ls-refs", "fetch"]


def test_a_ref_that_is_always_refused_is_listed_once_more(refused, server):
    server.first = lambda request: Answer(200, {}, packets(b"ERR upload-pack: not our ref x")) if request.command == "fetch" else None
    refused("check", {"uri": server.url}, "not our ref")
    assert [request.command for request in server.requests].count("ls-refs") == 2


@pytest.mark.parametrize("stage, answer, words", [
    ("advertise", Answer(404, endless=b"<p>not here</p>" * 5000), "HTTP status 404 Not Found"),
    ("fetch", Answer(500, endless=b"x" * 65536), "HTTP status 500"),
    ("advertise", Answer(body=packet(b"version 2\n"), endless=packet(b"agent=x") * 1000), "more than 1000 capabilities"),
    ("ls-refs", Answer(endless=packet(GOOD.head.encode() + b" refs/heads/..") * 2000), "it lists more than 2000000 refs"),
    ("ls-refs", Answer(endless=packet(GOOD.head.encode() + b" refs/heads/" + b"x" * 60000)), "its list of refs is larger"),
    ("fetch", Answer(body=packet(b"packfile\n"), endless=packet(b"\x02" + b"x" * 60000)), "it tells of its progress without end"),
    ("fetch", Answer(body=packet(b"packfile\n"), endless=packet(b"\x01") * 5000), "it tells of its progress without end"),
    ("fetch", Answer(body=packet(b"acknowledgments\n"), endless=packet(b"NAK\n") * 5000), "it has too many lines"),
])
def test_answers_without_end(refused, server, stage, answer, words):
    server.first = lambda request: answer if request.command == stage else None
    refused("in", {"uri": server.url}, words, version=GOOD.head, within=40)


# Credentials

@pytest.mark.parametrize("form", ["{}; charset=utf-8", "{} ;q=1"])
def test_a_content_type_may_have_parameters_and_any_case(refused, server, form):
    def typed(request):
        kind = "advertisement" if request.command == "advertise" else "result"
        return Answer(200, {"Content-Type": form.format(f"Application/X-Git-Upload-Pack-{kind.title()}")}, server.answers[request.command])
    server.first = typed
    assert refused.run("in", {"uri": server.url}, GOOD.head).status == 0


def credentials_of(requests) -> list[str]:
    return [base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode()
            for request in requests if "Authorization" in request.headers]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_credentials_stay_when_another_host_is_pointed_to(refused, server, status):
    with HostileGitServer(GOOD.head, GOOD.pack.bytes()) as other:
        def away(request):
            return Answer(status, {"Location": f"http://{other.host}{request.path}"}) if request.command == "advertise" else None
        server.first = away
        source = {"uri": server.url, "username": "ann", "password": SECRET}
        assert refused.run("check", source).answer == [{"ref": GOOD.head}]
        assert credentials_of(server.requests) == [f"ann:{SECRET}"]
        assert len(other.requests) > 0 and credentials_of(other.requests) == []


def test_a_redirect_within_a_fetch_to_another_host_gets_nothing(refused, server):
    with HostileGitServer(GOOD.head, GOOD.pack.bytes()) as other:
        server.first = lambda request: (Answer(307, {"Location": f"http://{other.host}{request.path}"})
                                        if request.command == "fetch" else None)
        source = {"uri": server.url, "username": "ann", "password": SECRET}
        assert refused.run("in", source, GOOD.head).status == 0
        assert credentials_of(other.requests) == []


@pytest.mark.parametrize("location, words", [
    ("file:///etc/passwd", "it redirects to what is not an http(s) URL"),
    ("ftp://127.0.0.1/x", "it redirects to what is not an http(s) URL"),
    ("ext::sh -c id", "redirects"),
    ("http://127.0.0.1:99999/", "it redirects to what is not an http(s) URL"),
    ("/app.git/info/refs?service=git-upload-pack", "it redirects more than 10 times"),
])
def test_redirects_that_lead_nowhere(refused, server, location, words):
    server.first = lambda request: Answer(302, {"Location": location})
    refused("check", {"uri": server.url}, words)


def files_below(directory: pathlib.Path) -> bytes:
    return b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file() and not path.is_symlink())


@pytest.mark.parametrize("fails", [False, True])
def test_credentials_in_the_address_are_used_and_never_shown(refused, server, fails):
    uri = server.url.replace("http://", f"http://ann:{SECRET}@")
    if fails:
        server.first = lambda request: Answer(403) if request.command == "fetch" else None
    result = refused.run("in", {"uri": uri, "debug": True}, GOOD.head)
    assert set(credentials_of(server.requests)) == {f"ann:{SECRET}"}
    assert result.status == int(fails)
    encoded = base64.b64encode(f"ann:{SECRET}".encode()).decode()
    for secret in (SECRET, encoded):
        assert secret not in result.stderr and secret not in result.stdout
        assert secret.encode() not in files_below(refused.destination) + files_below(refused.temporary)
    if not fails:
        assert (refused.destination / ".git/url").read_text().strip() == "" or SECRET not in (refused.destination / ".git/url").read_text()
        assert f"url = {server.url}" in (refused.destination / ".git/config").read_text()
    checked = refused.run("check", {"uri": uri, "debug": True})
    assert SECRET not in checked.stderr + checked.stdout


# Waits

def arguments_of_all_processes() -> str:
    text = ""
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            text += path.read_bytes().replace(b"\0", b" ").decode(errors="replace") + "\n"
        except OSError:
            pass
    return text


def test_a_step_told_to_end_ends_though_the_server_is_silent(programs, refused, server):
    server.first = lambda request: Answer(silent=True) if request.command == "fetch" else None
    request = f'{{"source": {{"uri": "{server.url}", "username": "ann", "password": "{SECRET}"}}, "version": {{"ref": "{GOOD.head}"}}}}'
    process = subprocess.Popen([str(programs / "opt/resource/in"), str(refused.destination)], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={**ENVIRONMENT, "TMPDIR": str(refused.temporary), "HOME": str(refused.home)})
    process.stdin.write(request.encode())
    process.stdin.close()
    deadline = time.monotonic() + 10
    while not any(request.command == "fetch" for request in server.requests):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert SECRET not in arguments_of_all_processes()
    process.terminate()
    # Long before the minute after which a silent server is given up.
    assert process.wait(40) == 143
    process.stdin = None
    stdout, stderr = process.communicate()
    assert stdout == b"" and SECRET.encode() not in stderr
    refused.nothing_left()


SILENT = "the server was silent for 1 min 00 s"
SLOW = {
    "nothing at all": ("advertise", dict(silent=True), SILENT),
    "a byte a second": ("ls-refs", dict(pause=1.0), "did not answer in time"),
    "nothing after the refs": ("fetch", dict(silent=True), SILENT),
    "a pack of a byte a second": ("fetch", dict(pause=1.0), "did not answer in time"),
}


@pytest.mark.release
def test_slow_servers_are_given_up(programs, tmp_path):
    """Some attempts of a minute each: all servers at once, so that this takes minutes and not half an hour."""
    results = {}

    def run(name: str, number: int) -> None:
        stage, how, words = SLOW[name]
        (directory := tmp_path / str(number)).mkdir()
        with HostileGitServer(GOOD.head, GOOD.pack.bytes()) as slow:
            slow.first = lambda request: (Answer(body=slow.answers[stage] + b"0" * 900, **how) if request.command == stage else None)
            try:
                results[name] = Refusals(programs, directory)("in", {"uri": slow.url}, slow.url, words,
                                                              version=GOOD.head, within=400, timeout=400)
            except BaseException as error:  # noqa: BLE001: told below, by name
                results[name] = error

    threads = [threading.Thread(target=run, args=(name, number)) for number, name in enumerate(SLOW)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    failed = [f"{name}: {result}" for name, result in results.items() if isinstance(result, BaseException)]
    assert not failed and len(results) == len(SLOW), "\n".join(failed)


@pytest.mark.release
def test_a_server_that_counts_for_long_is_waited_for(refused, server):
    """git's own server sends an empty packet of the side band every five seconds while it counts (uploadpack.keepAlive)."""
    header = packets(b"packfile\n")
    pieces = [header, *[b"0005\1"] * 15, server.answers["fetch"].removeprefix(header)]
    server.first = lambda request: Answer(pieces=pieces, pause=5) if request.command == "fetch" else None
    start = time.monotonic()
    assert refused.run("in", {"uri": server.url}, GOOD.head, timeout=200).status == 0
    assert time.monotonic() - start > 75
    assert [request.command for request in server.requests].count("fetch") == 1
