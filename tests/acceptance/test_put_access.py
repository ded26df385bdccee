"""What a put may do at the registry is known before any work is done, and a refusal is never taken for absence."""

import pytest

from support.concourse.container import Outcome
from support.fault_proxy import FaultProxy, Status
from support.faulty_registry import layer
from support.images import Pusher
from support.put_bench import RUN_CONFIG, PutBench, says
from support.registry_server import RegistryServer, TokenServer


PASSWORD = "correct horse battery"


class Rights(TokenServer):
    """Knows of users what they may do in which repository; others may pull."""

    rights: dict[str, dict[str, set[str]]] = {}

    def token(self, user: str, scopes: list[str]) -> str:
        granted = []
        for scope in scopes:
            kind, _, rest = scope.partition(":")
            name, _, actions = rest.rpartition(":")
            may = self.rights.get(user, {}).get(name, {"pull"})
            granted.append(f"{kind}:{name}:{','.join(action for action in actions.split(',') if action in may)}")
        return super().token("x", granted)


@pytest.fixture
def tokens(tmp_path):
    with Rights(tmp_path / "tokens", {"robot": PASSWORD}) as tokens:
        tokens.rights = {"robot": {"app": {"pull", "push"}, "run": {"pull", "push"}}}
        yield tokens


@pytest.fixture
def bench(as_root, programs, tmp_path, tokens):
    with RegistryServer(tmp_path / "registry", "robot", PASSWORD, tokens=tokens) as registry:
        Pusher(registry, "run").image("base", [layer([("etc/motd", b"base")])], RUN_CONFIG)
        bench = PutBench(programs, tmp_path, registry.host).builder(build="echo building")
        bench.registry = registry
        yield bench


def refused_at_once(bench: PutBench, outcome: Outcome) -> str:
    line = bench.refused(outcome)
    assert "building" not in outcome.stderr and "DETECTING" not in outcome.stderr and "first build" not in outcome.stderr
    assert not any((bench.container.root / "workspace").iterdir())  # nothing was copied
    return line


def put(bench: PutBench, source: dict, **params) -> Outcome:
    return bench.put(bench.request(source, **params))


def test_a_good_login_builds_and_then_finds_nothing_changed(bench):
    outcome = put(bench, bench.registry.source)
    assert outcome.status == 0 and "first build" in outcome.stderr, outcome.stderr
    assert "nothing has changed" in put(bench, bench.registry.source).stderr


@pytest.mark.parametrize("login", ["wrong", "none", "read-only"])
def test_a_login_that_may_not_write_is_refused_before_any_work(bench, tokens, login):
    assert put(bench, bench.registry.source).status == 0
    for path in (bench.container.root / "workspace").iterdir():
        path.unlink()
    source = {"wrong": {"username": "robot", "password": "another"}, "none": {}, "read-only": bench.registry.source}[login]
    if login == "read-only":
        tokens.rights["robot"]["app"] = {"pull"}
    for params in ({}, {"force": True}):
        line = refused_at_once(bench, put(bench, source, **params))
        says(line, bench.host, "401", "source")
    if login == "none":
        says(line, "give username and password in source")
    else:
        says(line, "check username and password in source")


@pytest.mark.parametrize("status", [401, 403])
def test_a_login_that_may_write_and_not_read_is_not_the_first_build(bench, status):
    """docker-registry wants the right to read of whoever writes; others do not."""
    with FaultProxy(bench.host) as proxy:
        headers = {"Www-Authenticate": 'Basic realm="tests"'} if status == 401 else {}
        proxy.faults.append(Status("/v2/app/manifests/", status=status, headers=headers, times=10_000))
        request = {"source": {"repository": f"{proxy.host}/app", "tag": "main", **bench.registry.source},
                   "params": {"source": "app", "run_image": f"{proxy.host}/run:base"}}
        line = refused_at_once(bench, bench.put(request))
        says(line, f"image {proxy.host}/app:main", str(status), "may write here and not read")


def test_the_repository_of_the_cache_must_be_writable_too(bench, tokens):
    source = {**bench.registry.source, "cache": f"{bench.host}/cache:app"}
    tokens.rights["robot"]["cache"] = {"pull"}
    says(refused_at_once(bench, put(bench, source)), f"repository {bench.host}/cache")
    tokens.rights["robot"]["cache"] = {"pull", "push"}
    assert put(bench, source).status == 0


def test_a_rebase_alone_asks_for_the_right_to_write_too(bench, tokens):
    assert put(bench, bench.registry.source).status == 0
    tokens.rights["robot"]["app"] = {"pull"}
    request = {"source": {"repository": f"{bench.host}/app", "tag": "main", **bench.registry.source}, "params": {"rebase": "only"}}
    says(bench.refused(bench.put(request)), "cannot write to repository")
