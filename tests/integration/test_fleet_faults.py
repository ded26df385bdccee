"""A put of a fleet that is interrupted, raced or let down by its registry: no tag names what is not whole, and a second
put finishes what the first began."""

import collections
import gzip
import json
import random
import re
import signal
import time

import pytest

from support.fault_proxy import CutResponse, FaultProxy, Status
from support.fleet import Layer, Storage, base_layers
from support.fleet_put import APPLICATIONS, Fleet
from support.program import run_program
from support.registry_server import RegistryServer, TokenServer, free_port

@pytest.fixture
def server(tmp_path):
    with RegistryServer(tmp_path / "registry") as server:
        yield server


@pytest.fixture
def fleet(programs, server, tmp_path):
    return Fleet(programs, server, tmp_path)


def interrupted(fleet, number: int, points: int) -> None:
    """Ends puts at points that are spread over the time that one takes, then lets one finish."""
    began = time.monotonic()
    assert fleet.put().status == 0
    whole = time.monotonic() - began
    for point in range(points):
        fleet.rewind()
        process = fleet.start()
        time.sleep(whole * point / points)
        process.send_signal(number)
        _, log = process.communicate(timeout=30)
        assert process.returncode in (0, -number, 128 + number), log.decode()
        fleet.assert_whole()
    assert fleet.put().status == 0
    fleet.assert_patched()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_put_that_is_ended_anywhere_leaves_whole_images_and_is_finished_by_the_next(fleet, number):
    interrupted(fleet, number, 5)


@pytest.mark.release
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_put_that_is_ended_at_fifty_points(fleet, number):
    interrupted(fleet, number, 50)


def test_a_put_that_is_told_to_end_says_and_records_what_it_did(programs, server, tmp_path):
    fleet = Fleet(programs, server, tmp_path, applications=60)
    fleet.params = {"rate": 3000}  # eleven seconds for all of it
    process = fleet.start()
    log = []
    for line in process.stderr:
        log.append(line.decode())
        if "[ 1/60]" in log[-1]:
            process.send_signal(signal.SIGTERM)
            break
    log.append(process.communicate(timeout=30)[1].decode())
    said = "".join(log)
    assert process.returncode == 128 + signal.SIGTERM, said
    told = re.search(r"told to end: (\d+) of 60 done, (\d+) under way, (\d+) untouched", said)
    assert told and sum(map(int, told.groups())) == 60, said
    version = run_program(fleet.programs, "check", {"source": fleet.request["source"], "version": None}).answer[-1]
    states = collections.Counter(fleet.states_of(version))
    assert set(states) <= {"rebased", "untouched", "failed"} and states["rebased"] >= 1
    assert f"{states['rebased']} rebased" in said and "as put #1" in said
    fleet.assert_whole()
    fleet.params = {}
    assert fleet.put().status == 0
    fleet.assert_patched()


def test_two_puts_at_once_both_succeed_and_leave_two_records(fleet):
    processes = [fleet.start() for _ in range(2)]
    logs = [process.communicate(timeout=60)[1].decode() for process in processes]
    assert [process.returncode for process in processes] == [0, 0], logs
    fleet.assert_patched()
    assert fleet.states(fleet.put()) == ["current"] * APPLICATIONS


def test_statuses_and_broken_connections_are_retried(programs, server, tmp_path):
    with FaultProxy(server.host) as proxy:
        fleet = Fleet(programs, server, tmp_path, proxy.host)
        rolled = random.Random(4)
        for repository in fleet.repositories:
            path = f"/{repository.partition('/')[2]}/"
            fault = rolled.choice([Status(path, status=429, headers={"Retry-After": "0"}), Status(path, status=503),
                                   CutResponse(f"{path}blobs/sha256", after=10), Status(path, method="PUT", status=502)])
            proxy.faults.append(fault)
        result = fleet.put()
        assert result.status == 0 and not [fault for fault in proxy.faults if fault.times]
        fleet.assert_whole()
        assert fleet.put().status == 0
        fleet.assert_patched()


@pytest.mark.release
def test_one_registry_that_is_down_holds_nothing_else_up(fleet):
    fleet.images.append(f"127.0.0.1:{free_port()}/acme/away:main")
    assert sorted(fleet.states(fleet.put())) == ["failed"] + ["rebased"] * APPLICATIONS
    fleet.assert_patched()


def test_tokens_that_end_in_the_middle_are_fetched_anew(programs, tmp_path):
    with TokenServer(tmp_path / "tokens", {"robot": "word"}, lifetime=1) as tokens, \
            RegistryServer(tmp_path / "registry", "robot", "word", tokens=tokens) as server:
        fleet = Fleet(programs, server, tmp_path)
        result = fleet.put(rate=3000)
        assert result.status == 0 and fleet.states(result) == ["rebased"] * APPLICATIONS
        fleet.assert_patched()


def test_a_user_who_may_only_read_moves_nothing(programs, tmp_path):
    with TokenServer(tmp_path / "tokens", {"robot": "word"}) as tokens, \
            RegistryServer(tmp_path / "registry", "robot", "word", tokens=tokens) as server:
        fleet = Fleet(programs, server, tmp_path)
        fleet.extra = {"username": "", "password": ""}
        result = fleet.put()
        assert result.status == 1 and "nothing was moved" in result.error
        assert all(fleet.storage.tag(name, "main") == digest for name, digest in fleet.before.items())


def test_bases_and_images_of_odd_shapes_are_rebased(programs, server, tmp_path):
    fleet = Fleet(programs, server, tmp_path)
    storage, labels = fleet.storage, {"io.buildpacks.base.distro.name": "debian", "io.buildpacks.base.distro.version": "12"}
    empty = Layer.of({})
    twice = [*base_layers("3.0.11-1"), empty, Layer.of({"etc/between": "x"}), empty]  # the top layer's diffID occurs twice
    odd = storage.image("run", "odd", twice, labels)
    storage.application("acme/twice", "main", "", odd, layers=twice)
    history = [{"created_by": "one"}, {"created_by": "empty", "empty_layer": True}, {"created_by": "two"}]
    storage.application("acme/history", "main", "3.0.11-1", fleet.old, history=history)
    storage.application("acme/noted", "main", "3.0.11-1", fleet.old, labels={"note": "x" * 3_000_000})
    fleet.images = [f"{fleet.host}/acme/{name}:main" for name in ("twice", "history", "noted", "noted")]
    assert fleet.states(fleet.put()) == ["rebased"] * 3
    new = [layer["digest"] for layer in storage.document(fleet.new)["layers"]]
    for name in ("twice", "history", "noted"):
        layers = storage.layers(f"acme/{name}", "main")
        assert layers[:3] == new and len(layers) == 5
        assert storage.is_whole(f"acme/{name}", "main")
    assert gzip.decompress(empty.blob)  # an empty archive is a layer, too


def test_forged_referrers_by_the_thousand_do_not_hold_an_image_up(fleet):
    storage, repository = fleet.storage, fleet.repositories[0]
    entries = [{"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": f"sha256:{number:064x}", "size": 7,
                "artifactType": "application/vnd.build-service.build.v1+json",
                "annotations": {"io.build-service.build.number": "99999999999999999999"}} for number in range(10_000)]
    tag = "sha256-" + fleet.before[repository].partition(":")[2]
    storage.manifest(repository, tag, {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": entries})
    assert fleet.states(fleet.put()) == ["rebased"] * APPLICATIONS
    fleet.assert_patched()
