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
