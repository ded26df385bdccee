"""check and in against servers that can do less: no version 2, no filters, no single objects."""

import pytest
from support.git_server import GitServer, Repository
from support.program import run_program


def configured(tmp_path, **settings):
    repository = Repository(tmp_path / "repositories/app.git")
    for name, value in {"allowFilter": "false", "allowAnySHA1InWant": "false", **settings}.items():
        repository.git("config", f"uploadpack.{name}", value)
    return repository


@pytest.mark.parametrize("protocol", ["version=0", "version=1", "version=2"])
@pytest.mark.parametrize("settings", [{}, {"allowFilter": "true"}, {"allowAnySHA1InWant": "true"},
                                      {"allowFilter": "true", "allowAnySHA1InWant": "true"}])
def test_every_server_gives_the_same_versions(programs, tmp_path, protocol, settings):
    repository = configured(tmp_path, **settings)
    made = [repository.commit(f"change {i}", {f"dir{i}/file": f"{i}", "top": f"{i}"}) for i in range(6)]
    repository.git("update-ref", "refs/heads/noisy", made[2])
    for i in range(40):
        repository.commit(f"noise {i} [ci skip]", branch="noisy")
    repository.commit("merged", branch="noisy", parents=[repository.tip("noisy"), made[4]])
    repository.commit("more [ci skip]", branch="noisy")
    repository.tag("v1", made[1])
    repository.tag("v2", made[3], "annotated")
    extra = f'setenv.add-environment += ( "GIT_PROTOCOL" => "{protocol}" )'
    with GitServer(repository.path.parent, extra=extra) as server:
        number = 0

        def check(version=None, **source):
            nonlocal number
            number += 1
            (memory := tmp_path / f"tmp{number}").mkdir()
            request = {"source": {"uri": server.url("app"), **source}}
            if version:
                request["version"] = {"ref": version}
            return [v["ref"] for v in run_program(programs, "check", request, env={"TMPDIR": str(memory)}).answer]

        assert check() == [made[5]]
        assert check(made[5]) == [made[5]]
        assert check(made[2]) == made[2:]
        assert check(version_depth=3) == made[3:]
        assert check("1" * 40) == [made[5]]
        assert check(branch="noisy", version_depth=2) == [made[2], repository.git("rev-parse", "noisy~1")]
        assert check(branch="noisy", commit_filter={"include": ["nothing"]}) == []
        assert check(paths=["dir1"]) == [made[1]]
        assert check(made[1], paths=["dir1", "dir4"]) == [made[1], made[4]]
        assert check(tag_filter="v*", version_depth=5) == ["v1", "v2"]
        assert check(tag_filter="v*", version_depth=5, branch="main", paths=["dir3"]) == ["v2"]
        for depth in (0, 1, 3):
            destination = tmp_path / f"out{depth}"
            run_program(programs, "in", {"source": {"uri": server.url("app")}, "version": {"ref": made[2]},
                                         "params": {"depth": depth}}, destination).answer
            assert (destination / "top").read_text() == "2"


@pytest.mark.parametrize("protocol", ["version=0", "version=2"])
@pytest.mark.parametrize(("settings", "tried"), [
    ({"tree.maxDepth": "0"}, 1),  # as hosting services have it: what they compute is bounded
    ({"allow": "false", "blob:none.allow": "true"}, 2),
    ({"allow": "false"}, 3),
])
def test_a_filter_that_is_refused_is_not_tried_again(programs, tmp_path, protocol, settings, tried):
    repository = configured(tmp_path, allowFilter="true")
    for name, value in settings.items():
        repository.git("config", f"uploadpackfilter.{name}", value)
    made = [repository.commit(f"change {i}", {f"dir{i}/sub/file": f"{i}"}) for i in range(6)]
    extra = f'setenv.add-environment += ( "GIT_PROTOCOL" => "{protocol}" )'
    with GitServer(repository.path.parent, extra=extra) as server:
        def check(version):
            """The versions, and how many requests were refused."""
            before = len(server.requests())
            answer = run_program(programs, "check", {"source": {"uri": server.url("app"), "paths": ["dir3/sub", "dir5/sub", "dir7/sub"]},
                                                     "version": {"ref": version}}, env={"TMPDIR": str(tmp_path)}).answer
            sizes = [int(line.rsplit(" ", 1)[1]) for line in server.requests()[before + exchange:]]
            return [v["ref"] for v in answer], sum(size < smallest_pack for size in sizes)

        exchange = 2 if protocol == "version=2" else 1  # capabilities and refs
        smallest_pack = 100
        assert check(made[3]) == ([made[3], made[5]], tried)
        more = [repository.commit(f"change {i}", {f"dir{i}/sub/file": f"{i}"}) for i in (6, 7)]
        assert check(made[5]) == ([made[5], more[1]], 0)
