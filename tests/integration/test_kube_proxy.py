"""The proxy before the apiserver breaks what tests of clients need broken, and nothing else."""

import http.client
import json
import ssl
import threading

import pytest

from support.kube.client import ApiError, Client, WatchExpired
from support.kube.proxy import Alter, Cut, Drop, Hold, Slow, Status, WatchError, WatchGarbage


@pytest.fixture
def proxy(kube_proxy):
    return kube_proxy


@pytest.fixture
def client(kube_server, proxy) -> Client:
    return Client(proxy.address, proxy.ca, kube_server.admin_token)


def make(client: Client, name: str, namespace: str, **data) -> dict:
    return client.create("configmaps", {"metadata": {"name": name}, "data": data}, namespace)


def test_without_faults_nothing_is_seen_of_it(proxy, client, namespace):
    made = make(client, "one", namespace, text="x" * 300_000)
    with client.watch("configmaps", namespace, made["metadata"]["resourceVersion"]) as watch:
        make(client, "two", namespace)
        assert next(iter(watch))["object"]["metadata"]["name"] == "two"
    assert client.get("configmaps", "one", namespace) == made
    assert proxy.count("POST", "/configmaps") == 2 and proxy.count("GET", "watch=true") == 1


def test_its_certificate_is_of_a_ca_of_its_own(kube_server, proxy):
    with pytest.raises(ssl.SSLCertVerificationError):
        Client(proxy.address, kube_server.ca, kube_server.admin_token).list("nodes")


def test_answers_are_put_in_the_apiservers_place_for_as_many_requests_as_wanted(proxy, client, namespace):
    make(client, "one", namespace)
    conflict = Status("/configmaps/one", method="PATCH", status=409, body=proxy.status_body(409, "Conflict"))
    slow_down = Status("/configmaps/one", method="PATCH", status=429, headers={"Retry-After": "1"})
    proxy.faults += [conflict, slow_down, Status("/html", status=200, content_type="text/html", body=b"<html>")]
    reasons = []
    for _ in range(2):
        with pytest.raises(ApiError) as refused:
            client.patch("configmaps", "one", {"data": {"a": "1"}}, namespace)
        reasons.append((refused.value.status, refused.value.reason))
    assert reasons == [(409, "Conflict"), (429, "")]
    assert client.patch("configmaps", "one", {"data": {"a": "2"}}, namespace)["data"] == {"a": "2"}
    assert client.request("GET", "/html").headers["Content-Type"] == "text/html"


def test_a_watch_expires_in_both_forms_and_can_turn_to_garbage(proxy, client, namespace):
    version = client.list_whole("configmaps", namespace)["metadata"]["resourceVersion"]
    for name in "ab":
        make(client, name, namespace)
    proxy.faults += [WatchError("watch=true", events=1), WatchGarbage("watch=true"),
                     Status("watch=true", status=410, body=proxy.status_body(410, "Expired"))]
    seen = []
    with pytest.raises(WatchExpired):
        seen.extend(event["object"]["metadata"]["name"] for event in client.watch("configmaps", namespace, version))
    assert seen == ["a"]
    with pytest.raises(json.JSONDecodeError):
        list(client.watch("configmaps", namespace, version))
    with pytest.raises(WatchExpired):
        client.watch("configmaps", namespace, version)
    with client.watch("configmaps", namespace, version) as watch:
        assert next(iter(watch))["object"]["metadata"]["name"] == "a"


def test_bodies_are_cut_held_altered_and_answers_lost_after_the_deed(proxy, client, namespace):
    make(client, "one", namespace, text="x" * 1000)
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    proxy.faults += [Cut(f"{path}/one", after=100, times=2), Drop(path, method="POST", after=True)]
    with pytest.raises((http.client.HTTPException, OSError)):
        client.request("GET", f"{path}/one")
    with pytest.raises((http.client.HTTPException, OSError)):
        make(client, "two", namespace)
    assert client.get("configmaps", "two", namespace)
    held = Hold(f"{path}/one")
    proxy.faults += [held, Alter(f"{path}/two", change=lambda body: body.replace(b"two", b"2" * 2_000_000))]
    answers = []
    thread = threading.Thread(target=lambda: answers.append(client.get("configmaps", "one", namespace)))
    thread.start()
    assert held.struck.wait(10) and not answers
    held.release()
    thread.join(10)
    assert answers[0]["data"]["text"] == "x" * 1000
    assert len(client.request("GET", f"{path}/two").body) > 2_000_000


def test_it_is_lost_in_both_ways_and_comes_back_under_its_address(proxy, client, namespace):
    make(client, "one", namespace)
    ended = threading.Event()
    watch = client.watch("configmaps", namespace)

    def follow() -> None:
        try:
            list(watch)
        except (OSError, http.client.HTTPException):
            pass
        ended.set()

    threading.Thread(target=follow, daemon=True).start()
    proxy.lose()
    assert ended.wait(10)
    with pytest.raises(OSError):
        client.get("configmaps", "one", namespace)
    proxy.restore()
    assert client.get("configmaps", "one", namespace)
    proxy.lose(silent=True)
    answers = []
    thread = threading.Thread(target=lambda: answers.append(client.get("configmaps", "one", namespace)))
    thread.start()
    thread.join(0.5)
    assert not answers
    proxy.restore()
    thread.join(20)
    assert answers


def test_one_watch_can_tell_later_than_another(proxy, client, namespace):
    version = client.list_whole("configmaps", namespace)["metadata"]["resourceVersion"]
    proxy.faults.append(Slow(("/configmaps", "watch=true"), pause=1.0))
    late, prompt = (client.watch("configmaps", namespace, version) for _ in range(2))
    make(client, "one", namespace)
    came = []
    threads = [threading.Thread(target=lambda name=name, watch=watch: came.append((next(iter(watch)), name)))
               for name, watch in (("late", late), ("prompt", prompt))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [name for _, name in came] == ["prompt", "late"]
    late.close()
    prompt.close()
