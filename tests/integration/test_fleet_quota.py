"""A registry that bounds the writes of a minute: the put learns it from the first 429, and none follows."""

import time

import pytest

from support.fleet import Storage
from support.program import run_program
from support.quota_proxy import Bucket, QuotaProxy, Window
from support.registry_server import RegistryServer


def put(programs, tmp_path, shape, applications: int):
    """The proxy after a put of so many images, how long that took, and its log."""
    with RegistryServer(tmp_path / "registry") as server, QuotaProxy(server.host, shape) as proxy:
        storage = Storage(server.data, proxy.host)
        old, _ = storage.base("3.0.11-1", tag="1"), storage.base("3.0.15-1", tag="2")
        names = [f"acme/app{number}" for number in range(applications)]
        for name in names:
            storage.application(name, "main", "3.0.11-1", old)
        source = {"fleet": {"record": f"{proxy.host}/acme/fleet:main", "images": [f"{proxy.host}/{name}:main" for name in names]}}
        began = time.monotonic()
        result = run_program(programs, "out", {"source": source, "params": {"run_image": f"{proxy.host}/run:2"}}, tmp_path, timeout=400)
        assert result.status == 0, result.stderr
        assert f"{applications} images: {applications} rebased, in" in result.lines[-1]
        return proxy, time.monotonic() - began, result.lines


def test_after_the_first_429_no_other_one_comes(programs, tmp_path):
    proxy, _, log = put(programs, tmp_path, Window(74, left=2), 8)
    assert proxy.refusals and proxy.later_refusals() == 0
    said = [line for line in log if "takes no more writes for now (429)" in line]
    assert len(said) == 1 and "all wait 3.0 s, then go on at " in said[0]
    assert not [line for line in log if "attempt 2 of" in line], "each of 32 writers repeats what was said once"


@pytest.mark.release
@pytest.mark.parametrize(("shape", "quota"), [(Window(150), 150), (Bucket(150), 150), (Window(200, others=50), 150)],
                         ids=["window", "bucket", "shared address"])
def test_a_quota_is_used_to_its_end_and_refuses_once(programs, tmp_path, shape, quota):
    proxy, took, _ = put(programs, tmp_path, shape, 24)
    assert proxy.refusals and proxy.later_refusals() == 0
    assert took <= 1.1 * proxy.writes / quota * 60 + 10
