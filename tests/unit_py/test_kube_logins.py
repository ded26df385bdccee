"""The servers that clients of clusters sign in at take what is right and refuse what is not."""

import base64
import json
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

from support.kube.logins import EMAIL, GRANT, LoginServer


@pytest.fixture
def logins(tmp_path):
    with LoginServer(tmp_path / "logins", give=lambda: "the-token", users={"ann": "word"}) as running:
        yield running


def post(url: str, **form) -> tuple[int, dict]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, urllib.parse.urlencode(form).encode(), timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def assertion(key: dict, directory, **claims) -> str:
    def encoded(content: bytes) -> str:
        return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
    now = int(time.time())
    given = {"iss": key["client_email"], "aud": key["token_uri"], "iat": now, "exp": now + 3600,
             "scope": "https://www.googleapis.com/auth/cloud-platform", **claims}
    signed = f'{encoded(b"""{"alg":"RS256","typ":"JWT"}""")}.{encoded(json.dumps(given).encode())}'
    (directory / "key").write_text(key["private_key"])
    signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", directory / "key"], input=signed.encode(),
                               capture_output=True, check=True).stdout
    return f"{signed}.{encoded(signature)}"


def test_an_assertion_signed_by_the_key_gets_a_token_and_one_that_is_altered_or_old_none(logins, tmp_path):
    key = logins.google_key()
    good = assertion(key, tmp_path)
    status, answer = post(key["token_uri"], grant_type=GRANT, assertion=good)
    assert (status, answer["access_token"]) == (200, "the-token") and logins.claims[0]["iss"] == EMAIL
    old = int(time.time()) - 7200
    for wrong in (good[:-8] + "AAAAAAAA", assertion(key, tmp_path, iat=old, exp=old + 3600), assertion(key, tmp_path, aud="x")):
        status, answer = post(key["token_uri"], grant_type=GRANT, assertion=wrong)
        assert (status, answer["error"]) == (400, "invalid_grant")


def test_a_password_gets_an_id_token_and_a_wrong_one_says_so(logins):
    form = {"grant_type": "password", "client_id": "pks_cluster_client", "client_secret": "", "username": "ann"}
    assert post(f"{logins.url}/oauth/token", password="word", **form)[1]["id_token"] == "the-token"
    status, answer = post(f"{logins.url}/oauth/token", password="other", **form)
    assert (status, answer["error_description"]) == (401, "Bad credentials")
