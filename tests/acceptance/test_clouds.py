"""Logins to the registries of clouds, by the names that they have: each endpoint checks what its documentation demands."""

import base64
import json

import pytest

from support.cloud_machine import Metadata, in_own_network
from support.cloud_server import AzureCloud, CloudServer, DockerHub, EcrCloud, GoogleCloud
from support.faulty_registry import layer
from support.images import Pusher
from support.program import run_program
from support.registry_server import RegistryServer

KEYS = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "the-secret-of-aws", "aws_region": "eu-west-1"}
ROLES = ["arn:aws:iam::999999999999:role/first", "arn:aws:iam::012345678901:role/second"]


@pytest.fixture
def registry(tmp_path):
    with RegistryServer(tmp_path / "registry") as server:
        yield server


@pytest.fixture
def digest(registry):
    return Pusher(registry).image("main", [layer([("hello", b"world")])])


@pytest.fixture
def ecr(tmp_path, registry):
    with CloudServer(tmp_path / "cloud", EcrCloud({ROLES[0]: "user", ROLES[1]: ROLES[0]}), registry) as server:
        yield server


@pytest.fixture
def google(tmp_path, registry):
    with CloudServer(tmp_path / "cloud", GoogleCloud(tmp_path / "google"), registry) as server:
        yield server


@pytest.fixture
def azure(tmp_path, registry):
    with CloudServer(tmp_path / "cloud", AzureCloud(), registry) as server:
        yield server


def check(programs, cloud, **source):
    request = {"source": {"tag": "main", "ca_certs": cloud.ca_certs, "debug": True, **source}}
    return run_program(programs, "check", request, env=cloud.environment)


def get(programs, cloud, digest, destination, **source):
    request = {"source": {"ca_certs": cloud.ca_certs, **source}, "version": {"tag": "main", "digest": digest}}
    return run_program(programs, "in", request, destination, env=cloud.environment)


def test_a_repository_of_ecr_is_found_by_its_name_and_keys(programs, ecr, digest, tmp_path):
    result = check(programs, ecr, repository="acme/app", **KEYS)
    assert result.answer == [{"tag": "main", "digest": digest}]
    assert "the-secret-of-aws" not in result.stderr and "password-0" not in result.stderr
    assert len([line for line in ecr.requests if "api.ecr" in line]) == 1
    destination = tmp_path / "got"
    assert get(programs, ecr, digest, destination, repository="acme/app", **KEYS).answer["version"]["digest"] == digest
    assert (destination / "repository").read_text() == f"{ecr.cloud.host}/acme/app"
    assert (destination / "image").read_text() == f"{ecr.cloud.host}/acme/app@{digest}"
    assert (destination / "rootfs/hello").read_text() == "world"


@pytest.mark.parametrize("told", ["https://evil.example", "https://012345678901.dkr.ecr.us-east-1.amazonaws.com", ""],
                         ids=["another host", "another region", "nothing"])
def test_what_is_not_a_registry_of_the_region_gets_no_password(programs, ecr, told):
    ecr.cloud.told = told
    result = check(programs, ecr, repository="acme/app", **KEYS)
    assert result.error == (f'cannot find the registry of repository acme/app: ECR names "{told.removeprefix("https://")}", which '
                            "is not one in eu-west-1; give source.aws_account_id")
    assert ecr.connected == {f"{ecr.cloud.endpoints[1]}:443"}


def test_roles_of_aws_are_assumed_one_from_another(programs, ecr, digest):
    result = check(programs, ecr, repository="acme/app", aws_role_arns=ROLES, **KEYS)
    assert result.answer == [{"tag": "main", "digest": digest}]
    assert [session.startswith("build-service-") for session in ecr.cloud.sessions] == [True, True]
    assert list(ecr.cloud.passwords) == [f"password-0-of-{ROLES[1]}"]
    assert ecr.connected == {f"{name}:443" for name in (*ecr.cloud.endpoints, ecr.cloud.host)}


def test_a_password_that_ends_in_the_middle_of_a_push_is_renewed(programs, ecr, registry, tmp_path):
    Pusher(registry, "from").image("main", [layer([("a", b"1")]), layer([("b", b"2")])])
    source = {"repository": f"{registry.host}/from", "tag": "main"}
    found = run_program(programs, "check", {"source": source}).answer[0]
    run_program(programs, "in", {"source": source, "version": found, "params": {"format": "oci-layout"}}, tmp_path / "image").answer
    ecr.cloud.uses = 4
    request = {"source": {"repository": "acme/app", "tag": "pushed", "ca_certs": ecr.ca_certs, **KEYS}, "params": {"image": "image/oci"}}
    result = run_program(programs, "out", request, tmp_path, env=ecr.environment)
    assert result.answer["version"] == {"tag": "pushed", "digest": found["digest"]}
    assert list(ecr.cloud.passwords) == ["password-0-of-user", "password-1-of-user"]


def test_another_registry_than_the_own_may_be_one_of_ecr(programs, ecr, digest):
    entry = {"host": ecr.cloud.host, "ca_certs": ecr.ca_certs, **KEYS}
    result = check(programs, ecr, repository=f"{ecr.cloud.host}/acme/app", registries=[entry])
    assert result.answer == [{"tag": "main", "digest": digest}]


def test_a_fleet_keeps_its_record_in_ecr(programs, ecr, digest):
    source = {"fleet": {"record": f"{ecr.cloud.host}/acme/app:fleet", "images": [f"{ecr.cloud.host}/acme/app:main"]},
              "ca_certs": ecr.ca_certs, **KEYS}
    result = run_program(programs, "check", {"source": source}, env=ecr.environment)
    assert result.answer == []  # there is none yet
    assert ecr.requests[-1] == f"GET {ecr.cloud.host}/v2/acme/app/manifests/fleet"
    assert list(ecr.cloud.passwords) == ["password-0-of-user"]


@pytest.mark.parametrize("fields, told", [
    ({"aws_secret_access_key": "another"}, "InvalidSignatureException: The request signature we calculated does not match the "
     "signature you provided; check source.aws_secret_access_key"),
    ({"aws_access_key_id": "AKIAOTHER"}, "UnrecognizedClientException: The security token included in the request is invalid; "
     "check source.aws_access_key_id"),
    ({"aws_role_arn": ROLES[1]}, f"AccessDenied: User: user is not authorized to perform: sts:AssumeRole on resource: {ROLES[1]}; "
     f"allow the key AKIAEXAMPLE to assume it (sts:AssumeRole, and the trust policy of {ROLES[1]})"),
], ids=["secret", "key", "role"])
def test_a_login_that_aws_refuses_is_told_in_its_words(programs, ecr, fields, told):
    result = check(programs, ecr, repository="acme/app", **{**KEYS, **fields})
    assert result.status != 0
    assert result.error.endswith(told), result.stderr


def test_keys_that_have_expired_are_told_of(programs, ecr):
    ecr.cloud.expired = True
    result = check(programs, ecr, repository="acme/app", **{**KEYS, "aws_session_token": "old"})
    assert result.error == ("cannot log in to ECR in eu-west-1: ExpiredTokenException: The security token included in the request "
                            "is expired; give a new source.aws_session_token, or keys that last")


@pytest.mark.parametrize("user", ["_json_key", "_json_key_base64"])
def test_a_key_of_google_stays_here_and_a_token_goes_out(programs, google, digest, user):
    key = json.dumps(google.cloud.key())
    password = base64.b64encode(key.encode()).decode() if user.endswith("base64") else key
    result = check(programs, google, repository=f"{google.cloud.host}/acme/app", username=user, password=password)
    assert result.answer == [{"tag": "main", "digest": digest}]
    assert google.cloud.logins == ["oauth2accesstoken"]
    assert "PRIVATE KEY" not in result.stderr and "ya29" not in result.stderr


def test_a_key_of_google_is_the_password_where_only_the_registry_is_reached(programs, google, digest):
    google.cloud.down = True
    result = check(programs, google, repository=f"{google.cloud.host}/acme/app", username="_json_key",
                   password=json.dumps(google.cloud.key()))
    assert result.answer == [{"tag": "main", "digest": digest}]
    assert google.cloud.logins == ["_json_key"]
    assert f"the key itself goes to {google.cloud.host} instead of a token" in result.stderr


def test_an_access_token_of_google_is_taken_as_it_is(programs, google, digest):
    source = {"repository": f"{google.cloud.host}/acme/app", "username": "oauth2accesstoken"}
    assert check(programs, google, password="ya29.token", **source).answer == [{"tag": "main", "digest": digest}]
    assert google.connected == {f"{google.cloud.host}:443"}
    result = check(programs, google, password="ya29.old", **source)
    assert result.error.endswith("check password, which is a token of an hour (the key of _json_key is renewed), in source and "
                                 "what they may do")


def test_an_application_of_azure_logs_in_to_acr(programs, azure, digest):
    source = {"repository": f"{azure.cloud.host}/acme/app", "azure_acr": True, "azure_tenant_id": azure.cloud.tenant}
    result = check(programs, azure, **source, **azure.cloud.client)
    assert result.answer == [{"tag": "main", "digest": digest}]
    for secret in ("the+secret/of=azure", "entra-token", "refresh-token", "registry-token"):
        assert secret not in result.stderr
    result = check(programs, azure, **source, **{**azure.cloud.client, "azure_client_secret": "another"})
    assert result.error == ("cannot log in to registry acme.azurecr.io: invalid_client: AADSTS7000215: Invalid client secret "
                            "provided.? Trace ID: 1; check azure_client_id, azure_client_secret and azure_tenant_id in source")


@pytest.mark.parametrize("identity", ["", "kubelet"])
def test_a_machine_of_azure_logs_in_to_acr_by_its_identity(programs, as_root, tmp_path, identity):
    def play():
        with RegistryServer(tmp_path / "registry") as registry, CloudServer(tmp_path / "cloud", AzureCloud(), registry) as cloud, \
                Metadata(identity={identity: "entra-token"}):
            digest = Pusher(registry).image("main", [])
            source = {"repository": f"{cloud.cloud.host}/acme/app", "azure_acr": True}
            fields = {"azure_client_id": identity} if identity else {}
            assert check(programs, cloud, **source, **fields).answer == [{"tag": "main", "digest": digest}]
            assert cloud.connected == {f"{cloud.cloud.host}:443"}
            result = check(programs, cloud, **source, azure_client_id="another")
            assert result.error.startswith("cannot log in to registry acme.azurecr.io: invalid_request: Identity not found; give ")

    in_own_network(play)


def test_a_machine_of_aws_logs_in_to_ecr_by_its_role(programs, as_root, tmp_path):
    def play():
        ecr = EcrCloud()
        ecr.keys["ASIAMACHINE"] = ("secret-of-the-machine", "session-of-the-machine", "machine")
        keys = {"Code": "Success", "AccessKeyId": "ASIAMACHINE", "SecretAccessKey": "secret-of-the-machine",
                "Token": "session-of-the-machine"}
        with RegistryServer(tmp_path / "registry") as registry, CloudServer(tmp_path / "cloud", ecr, registry) as cloud:
            digest = Pusher(registry).image("main", [])
            with Metadata(keys) as metadata:
                result = check(programs, cloud, repository="acme/app", aws_region="eu-west-1")
                assert result.answer == [{"tag": "main", "digest": digest}]
                assert "secret-of-the-machine" not in result.stderr and "session-of-the-machine" not in result.stderr
                assert len(metadata.requests) == 3
            assert list(ecr.passwords) == ["password-0-of-machine"]
            result = check(programs, cloud, repository="acme/app", aws_region="eu-west-1")
            assert "the machine's metadata service does not answer; give aws_access_key_id" in result.error

    in_own_network(play)


@pytest.fixture
def hub(tmp_path, registry):
    """Docker Hub, and a mirror of it that wants a password."""
    with CloudServer(tmp_path / "cloud", DockerHub(), registry) as server, \
            RegistryServer(tmp_path / "mirror", username="robot", password="mirror-word") as mirror:
        server.mirror = mirror
        yield server


def with_mirror(hub, password: str = "mirror-word") -> dict:
    return {"repository": "app", "username": "ann", "password": "word",
            "registry_mirror": {"host": hub.mirror.host, "username": "robot", "password": password}}


def test_a_mirror_of_docker_hub_is_the_only_one_that_is_asked(programs, hub, tmp_path):
    digest = Pusher(hub.mirror, "library/app").image("main", [layer([("hello", b"world")])])
    assert check(programs, hub, **with_mirror(hub)).answer == [{"tag": "main", "digest": digest}]
    assert get(programs, hub, digest, tmp_path / "got", **with_mirror(hub)).status == 0
    assert (tmp_path / "got/repository").read_text() == "app"
    assert hub.connected == set()


def test_a_mirror_that_lacks_a_tag_or_refuses_is_passed_by(programs, hub, registry, tmp_path):
    digest = Pusher(registry, "library/app").image("main", [layer([("hello", b"world")])])
    for source in (with_mirror(hub), with_mirror(hub, "another-word")):
        result = check(programs, hub, **source)
        assert result.answer == [{"tag": "main", "digest": digest}]
        assert "docker.io" in [line for line in result.lines if line.startswith("warning: ")][0]
    assert hub.connected == {"registry-1.docker.io:443", "auth.docker.io:443"}
    assert get(programs, hub, digest, tmp_path / "got", **with_mirror(hub)).status == 0
    assert (tmp_path / "got/rootfs/hello").read_text() == "world"


def test_what_is_contacted_is_explained_with_every_host_of_a_cloud(programs):
    source = {"repository": "acme/app", "aws_region": "eu-west-1", "aws_role_arns": ROLES}
    lines = run_program(programs, "check", {"source": source}, "--explain").stdout.splitlines()
    host = "012345678901.dkr.ecr.eu-west-1.amazonaws.com"
    assert f"  {host} by https, as {ROLES[1]} through what AWS gives the worker" in lines
    assert f"  sts.eu-west-1.amazonaws.com by https, for the login to {host}" in lines
    explained = run_program(programs, "check", {"source": {"repository": "app", "aws_region": "eu-west-1"}}, "--explain").stdout
    assert "before dkr.ecr stands the account of the login, which only the login tells" in explained
    lines = run_program(programs, "check", {"source": {"repository": "nginx"}}, "--explain").stdout.splitlines()
    assert "  registry-1.docker.io (Docker Hub) by https, anonymously" in lines
    assert "  auth.docker.io by https, for Docker Hub's tokens" in lines
