"""source.git_config where it says how repositories are reached: addresses that stand for others, headers, certificates."""

import base64

import pytest
from support.certificates import Authority
from support.git_server import GitServer, Repository, git
from support.hostile_git_server import Answer, HostileGitServer
from support.program import run_program

SECRET = base64.b64encode(b"ann:geheim4711").decode()


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "repositories/app.git")


def setting(name: str, value: str) -> dict:
    return {"name": name, "value": value}


def check(programs, uri: str, *settings: dict, **source):
    return run_program(programs, "check", {"source": {"uri": uri, "debug": True, "git_config": list(settings), **source}})


def test_an_address_may_stand_for_another(programs, repository, tmp_path):
    library = Repository(tmp_path / "repositories/library.git")
    first = library.commit("one", {"lib": "1"})
    modules = ('[submodule "lib"]\n\tpath = lib\n\turl = git@code.example:library.git\n'
               '[submodule "old"]\n\tpath = old\n\turl = git://code.example/library.git\n'
               '[submodule "beside"]\n\tpath = beside\n\turl = ../library.git\n')
    made = repository.commit("app", {".gitmodules": modules, **{name: ("160000", first) for name in ("lib", "old", "beside")}})
    destination = tmp_path / "destination"
    with GitServer(repository.path.parent) as server:
        settings = [setting(f"url.{server.base}/.insteadOf", prefix) for prefix in ("git@code.example:", "git://code.example/")]
        assert check(programs, "git@code.example:app.git", *settings).answer == [{"ref": made}]
        run_program(programs, "in", {"source": {"uri": "git@code.example:app.git", "git_config": settings},
                                     "version": {"ref": made}}, destination).answer
        # As git itself has it: the address as it was given, and the settings that lead on from it.
        assert git("config", "remote.origin.url", directory=destination) == "git@code.example:app.git"
        git("fetch", "--quiet", "origin", directory=destination)
    for name in ("lib", "old", "beside"):
        assert (destination / name / "lib").read_text() == "1"
    assert git("config", "submodule.lib.url", directory=destination) == "git@code.example:library.git"


def test_a_header_opens_a_repository_and_is_never_shown(programs, repository):
    made = repository.commit("app", {"x": "1"})
    with GitServer(repository.path.parent, user="ann", password="geheim4711") as server:
        assert check(programs, server.url("app")).status == 1
        for name in ("http.extraHeader", f"http.{server.base}/.extraheader"):
            result = check(programs, server.url("app"), setting(name, f"AUTHORIZATION: basic {SECRET}"))
            assert result.answer == [{"ref": made}]
            assert SECRET not in result.stderr
        elsewhere = check(programs, server.url("app"), setting("http.http://127.0.0.1:1/.extraHeader", f"Authorization: Basic {SECRET}"))
        assert elsewhere.status == 1 and "401" in elsewhere.error


def test_settings_that_are_lists_are_all_written(programs, repository, tmp_path):
    made = repository.commit("app", {"x": "1"})
    headers = ["X-Dropped: 1", "", "X-One: 1", "X-Two: 2"]
    settings = [setting("http.extraHeader", header) for header in headers] + [setting("user.name", "a"), setting("user.name", "b")]
    destination = tmp_path / "destination"
    run_program(programs, "in", {"source": {"uri": str(repository.path), "git_config": settings}, "version": {"ref": made}},
                destination).answer
    assert git("config", "--get-all", "http.extraheader", directory=destination).split("\n") == headers
    assert git("config", "--get-all", "user.name", directory=destination) == "b"


def test_a_header_goes_to_no_other_host(programs):
    with HostileGitServer("1" * 40) as other, HostileGitServer("1" * 40) as own:
        own.first = lambda request: Answer(302, {"Location": other.url + "/info/refs?service=git-upload-pack"})
        result = run_program(programs, "check", {"version": {"ref": "1" * 40}, "source": {
            "uri": own.url, "disable_ci_skip": True, "git_config": [setting("http.extraHeader", f"X-Token: {SECRET}")]}})
        assert result.answer == [{"ref": "1" * 40}]
        assert own.requests[0].headers["X-Token"] == SECRET
        assert other.requests and not any("X-Token" in request.headers for request in other.requests)


def test_certificates_are_not_verified_where_the_settings_say_so(programs, repository, tmp_path):
    made = repository.commit("app", {"x": "1"})
    with GitServer(repository.path.parent, authority=Authority(tmp_path / "authority")) as server:
        assert check(programs, server.url("app")).status == 1
        assert check(programs, server.url("app"), setting("http.sslVerify", "false")).answer == [{"ref": made}]
        assert check(programs, server.url("app"), setting("http.https://other/.sslVerify", "false")).status == 1


def test_settings_without_effect_are_named_with_what_has_one(programs, repository):
    repository.commit("app", {"x": "1"})
    result = check(programs, str(repository.path), setting("credential.helper", "store"), setting("user.name", "Ann"))
    assert result.status == 0
    assert "credential.helper has no effect on how the repository is reached; use source.username and source.password" in result.stderr
    assert "user.name" not in result.stderr
