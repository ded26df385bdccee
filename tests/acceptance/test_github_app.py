"""Sources that are read by the tokens of a GitHub App, on github.com and on an enterprise host."""

import json
import os
import stat

import pytest

from support.git_server import Repository, git
from support.github_server import STORAGE, GithubServer
from support.program import run_program

LFS = {".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n"}


@pytest.fixture
def repositories(tmp_path):
    return tmp_path / "repositories"


@pytest.fixture
def app_repository(repositories):
    return Repository(repositories / "acme/app.git")


@pytest.fixture
def github(tmp_path, repositories):
    with GithubServer(tmp_path, repositories) as server:
        yield server


def check(programs, github, app, name="acme/app", **source):
    request = {"source": {"uri": github.url(name), "github_app": app, "debug": True, **source}}
    return run_program(programs, "check", request, env=github.environment)


def get(programs, github, app, ref, destination, name="acme/app", **source):
    request = {"source": {"uri": github.url(name), "github_app": app, "debug": True, **source}, "version": {"ref": ref}}
    return run_program(programs, "in", request, destination, env=github.environment)


def require_secret(github, app, result, *directories):
    """No token and nothing of the key is in what was printed or written."""
    secrets = [*github.tokens, *[line for line in app["private_key"].splitlines() if len(line) > 40]]
    assert secrets and github.tokens
    texts = [result.stdout, result.stderr]
    for directory in directories:
        for folder, _, names in os.walk(directory):
            for path in (os.path.join(folder, name) for name in names):
                if stat.S_ISREG(os.lstat(path).st_mode):
                    with open(path, "rb") as file:
                        texts.append(file.read().decode(errors="replace"))
    for secret in secrets:
        assert not any(secret in text for text in texts)
    assert github.wrong == []


def test_a_check_reads_by_a_token_for_the_one_repository(programs, github, app_repository):
    commit = app_repository.commit("first")
    app = github.app("acme", ["app", "other"])
    result = check(programs, github, app)
    assert result.answer == [{"ref": commit}]
    assert github.of_api() == ["POST api.github.com/app/installations/678/access_tokens"]
    (token,) = github.tokens.values()
    assert token.repositories == ["app"] and token.permissions == {"contents": "read"}
    assert github.connected == {"api.github.com:443", "github.com:443"}
    require_secret(github, app, result)


def test_an_app_is_known_by_its_client_id_and_finds_its_installation(programs, github, app_repository):
    commit = app_repository.commit("first")
    github.app("other", ["app"], app_id="Iv23liAbCdEf")
    app = github.app("acme", ["app"], app_id="Iv23liAbCdEf")
    del app["installation_id"]
    assert check(programs, github, app).answer == [{"ref": commit}]
    assert github.of_api() == ["GET api.github.com/repos/acme/app/installation",
                               "POST api.github.com/app/installations/679/access_tokens"]


def test_a_get_reads_submodules_and_lfs_by_tokens_of_their_own(programs, github, app_repository, repositories, tmp_path):
    library, elsewhere, public = (Repository(repositories / f"{name}.git") for name in ("acme/lib", "partner/part", "acme/open"))
    github.open.add("acme/open")
    content = b"large\n" * 1000
    modules = {path: repository.commit("part", {**LFS, "part.bin": github.add_object(path.encode())}) for path, repository in
               (("lib", library), ("part", elsewhere), ("open", public))}
    # A relative address, one by ssh, as teams write them, and one that the app is not installed on.
    addresses = {"lib": "../lib.git", "part": "git@github.com:partner/part.git", "open": "https://github.com/acme/open"}
    written = "".join(f'[submodule "{path}"]\n\tpath = {path}\n\turl = {url}\n' for path, url in addresses.items())
    commit = app_repository.commit("with submodules", {
        **LFS, "large.bin": github.add_object(content), ".gitmodules": written,
        **{path: ("160000", made) for path, made in modules.items()}})
    app = github.app("acme", ["app", "lib"])
    github.app("partner", ["part"])
    destination = tmp_path / "destination"
    result = get(programs, github, app, commit, destination)
    result.answer
    assert (destination / "large.bin").read_bytes() == content
    for path in modules:
        assert (destination / path / "part.bin").read_bytes() == path.encode()
    assert sorted(token.repositories for token in github.tokens.values()) == [["app"], ["lib"], ["part"]]
    assert all(token.permissions == {"contents": "read"} for token in github.tokens.values())
    assert len(github.of_api()) == 5  # one each, the installation of the partner, and a question for the open one
    assert git("config", "submodule.part.url", directory=destination) == addresses["part"]
    assert f"{STORAGE}:443" in github.connected
    require_secret(github, app, result, destination)


def test_a_token_that_ends_during_a_get_is_renewed(programs, github, app_repository, tmp_path):
    files = {f"{number}.bin": github.add_object(b"%d" % number) for number in range(3)}
    commit = app_repository.commit("lfs", {**LFS, **files})
    app = github.app("acme", ["app"])
    github.uses = 2  # the list of refs and the pack; LFS needs the next
    result = get(programs, github, app, commit, tmp_path / "destination")
    result.answer
    assert len(github.tokens) == 2
    assert (tmp_path / "destination/2.bin").read_bytes() == b"2"
    require_secret(github, app, result, tmp_path / "destination")


def test_a_new_token_may_take_a_moment_to_be_known(programs, github, app_repository):
    commit = app_repository.commit("first")
    github.spreads_after = 1
    assert check(programs, github, github.app("acme", ["app"])).answer == [{"ref": commit}]
    assert len(github.tokens) == 1


def test_an_enterprise_host_has_its_api_and_its_authority(programs, repositories, app_repository, tmp_path):
    commit = app_repository.commit("first")
    with GithubServer(tmp_path, repositories, host="github.example.com") as github:
        app = github.app("acme", ["app"])
        environment = {"https_proxy": github.environment["https_proxy"]}
        source = {"uri": github.url("acme/app"), "github_app": app, "ca_certs": [github.authority.certificate.read_text()]}
        result = run_program(programs, "check", {"source": source}, env=environment)
        assert result.answer == [{"ref": commit}]
        assert github.of_api() == ["POST github.example.com/api/v3/app/installations/678/access_tokens"]
        assert github.connected == {"github.example.com:443"}
        require_secret(github, app, result)


def test_a_commit_and_its_author_are_links_on_the_page(programs, repositories, app_repository, tmp_path):
    """By an app the host is known to be GitHub, whatever its name."""
    commit = app_repository.commit("first")
    hidden = app_repository.commit("second", author="Ann Author <1+ann@users.noreply.git.example.com>")
    with GithubServer(tmp_path, repositories, host="git.example.com") as github:
        app = github.app("acme", ["app"])
        for number, (ref, author) in enumerate([(commit, f"acme/app/commits/{commit}?author=ann%40example.com"), (hidden, "ann")]):
            answer = get(programs, github, app, ref, tmp_path / f"get-{number}").answer
            facts = {entry["name"]: entry["value"] for entry in answer["metadata"]}
            assert facts["url"] == f"https://git.example.com/acme/app/commit/{ref}"
            assert facts["author_url"] == f"https://git.example.com/{author}"


def test_a_host_of_data_residency_has_its_api_beside_it(programs, repositories, app_repository, tmp_path):
    commit = app_repository.commit("first")
    with GithubServer(tmp_path, repositories, host="octocorp.ghe.com") as github:
        assert check(programs, github, github.app("acme", ["app"])).answer == [{"ref": commit}]
        assert github.connected == {"api.octocorp.ghe.com:443", "octocorp.ghe.com:443"}


def test_a_wrong_clock_of_the_worker_is_told_and_made_up_for(programs, github, app_repository):
    commit = app_repository.commit("first")
    github.skew = 20 * 60
    result = check(programs, github, github.app("acme", ["app"]))
    assert result.answer == [{"ref": commit}]
    assert "behind that of api.github.com: set it" in result.log


def refusals(github):
    good = github.app("acme", ["app"])
    other = github.app("acme", ["app"], app_id="777")
    suspended = github.app("acme", ["app"], is_suspended=True)
    powerless = github.app("acme", ["app"])
    github.installations[powerless["installation_id"]].permissions = {"metadata": "read"}
    elsewhere = github.app("acme", ["lib"])
    return {
        "a wrong app": {**good, "app_id": "99"},
        "a key of another app": {**good, "private_key": other["private_key"]},
        "an installation that is not there": {**good, "installation_id": 1},
        "an installation of another app": {**good, "installation_id": other["installation_id"]},
        "a suspended installation": suspended,
        "an installation without the right": powerless,
        "an installation without the repository": elsewhere,
    }


def test_each_refusal_is_one_line_that_says_what_to_do(programs, github, app_repository, golden):
    app_repository.commit("first")
    told = []
    for what, app in refusals(github).items():
        result = check(programs, github, app, debug=False)
        assert result.status == 1 and result.stdout == ""
        told.append(f"{what}: {result.error}")
    not_installed = {name: value for name, value in github.app("acme", ["app"]).items() if name != "installation_id"}
    told.append("no installation: " + check(programs, github, not_installed, name="acme/none", debug=False).error)
    golden("\n".join(told))
    github.faults.append((403, "API rate limit exceeded for installation ID 678.", {"X-RateLimit-Remaining": "0",
                                                                                     "X-RateLimit-Reset": "4102444800"}))
    limited = check(programs, github, github.app("acme", ["app"]), debug=False).error
    assert "GitHub takes no more requests of the app for now" in limited and "it takes them again at 20" in limited


def test_a_github_that_is_down_for_a_moment_is_asked_again(programs, github, app_repository):
    commit = app_repository.commit("first")
    github.faults += [(502, "Server Error", {}), (403, "You have exceeded a secondary rate limit", {"Retry-After": "1"}),
                      (429, "Too many requests", {"Retry-After": "1"})]
    result = check(programs, github, github.app("acme", ["app"]))
    assert result.answer == [{"ref": commit}]
    assert "asking again in" in result.log


def test_what_would_be_contacted_is_explained_and_nothing_is(programs, github):
    app = github.app("acme", ["app"])
    request = {"source": {"uri": github.url("acme/app"), "github_app": app}}
    result = run_program(programs, "check", request, "--explain", env=github.environment)
    assert "with tokens of the GitHub App 12345 from https://api.github.com" in result.stdout + result.stderr
    assert github.requests == [] and json.dumps(app["private_key"])[1:40] not in result.stdout + result.stderr


def test_commits_of_an_image_that_kpack_builds_are_looked_up_by_an_app(world, programs, tmp_path):
    """The cluster reads by ssh; the app reads the same repository by https."""
    world.built(world.commit("one"))
    repository = Repository(tmp_path / "repositories/acme/app.git")
    commit = repository.commit("there")
    world.admin.patch("images", "app", {"spec": {"source": {"git": {"url": "git@github.com:acme/app.git"}}}}, world.namespace)
    with GithubServer(tmp_path, tmp_path / "repositories") as github:
        app = github.app("acme", ["app"])
        environment = {**github.environment, "no_proxy": "127.0.0.1"}
        absent = world.put(commit="f" * 40, changed_source={"git": {"github_app": app}}, environment=environment)
        assert absent.error.startswith(f"cannot read params.commitish: there is no {'f' * 40} in git@github.com:acme/app.git")
        put = world.put(commit=commit, changed_source={"git": {"github_app": app}}, environment=environment, wait=False)
        assert put.answer and commit in str(world.now())
        assert [token.permissions for token in github.tokens.values()] == [{"contents": "read"}] * 2
        assert github.wrong == []
        elsewhere = world.put(commit="e" * 40, changed_source={"git": {"github_app": github.app("acme", ["lib"])}}, environment=environment)
        assert elsewhere.error.startswith("cannot get a token for acme/app from https://api.github.com: ")


def test_an_image_of_another_host_is_given_nothing_of_the_app(world, programs, tmp_path):
    """Whoever may write Images could name a host of their own, and be told who the app is."""
    world.built(world.commit("one"))
    world.admin.patch("images", "app", {"spec": {"source": {"git": {"url": "https://git.example.com/acme/app.git"}}}}, world.namespace)
    with GithubServer(tmp_path, tmp_path / "repositories") as github:
        put = world.put(commit="f" * 40, changed_source={"git": {"github_app": github.app("acme", ["app"])}},
                        environment={**github.environment, "no_proxy": "127.0.0.1"})
        assert put.error.startswith("cannot look up the commit in https://git.example.com/acme/app.git: "
                                    "source.git.github_app is for another host; check the Image's spec.source.git.url")
        assert github.requests == []


def test_a_pipeline_with_an_app_is_judged_before_fly(programs, tmp_path):
    """What a credential manager knows is left open; what stands there and cannot be is told with its line."""
    path = tmp_path / "pipeline.yml"
    path.write_text("""\
resource_types:
- {name: build-service, type: registry-image, source: {repository: registry.example.com/build-service}}
resources:
- name: app
  type: build-service
  source:
    uri: https://github.com/acme/app.git
    github_app: {app_id: ((app.id)), private_key: ((app.key))}
jobs:
- name: build
  plan:
  - {get: app, trigger: true}
""")
    result = run_program(programs, "check", "", "--lint", path)
    assert result.status == 0, result.stdout + result.stderr
    path.write_text(path.read_text().replace("https://github.com/", "git@github.com:"))
    result = run_program(programs, "check", "", "--lint", path)
    assert result.status != 0
    said = result.stdout + result.stderr
    assert "give it as https://github.com/acme/app.git" in said and "pipeline.yml:7" in said
