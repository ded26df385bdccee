"""check and in of the image kind against docker-registry in each of its guises."""

import contextlib
import gzip
import hashlib
import json
import os
import subprocess
import tarfile
import time

import pytest

from support.certificates import Authority
from support.faulty_registry import FaultyRegistry, layer
from support.images import Pusher, tree
from support.program import run_program
from support.registry_server import RegistryServer, TokenServer


@pytest.fixture
def plain(tmp_path):
    with RegistryServer(tmp_path / "registry") as server:
        yield server


@pytest.fixture(params=["plain", "password", "tls", "token"])
def registry(request, tmp_path):
    with contextlib.ExitStack() as stack:
        options: dict = {}
        if request.param != "plain":
            options = {"username": "robot", "password": "robot-password"}
        if request.param == "tls":
            options["authority"] = Authority(tmp_path / "authority")
        if request.param == "token":
            options["tokens"] = stack.enter_context(TokenServer(tmp_path / "tokens", {"robot": "robot-password"}))
        yield stack.enter_context(RegistryServer(tmp_path / "registry", **options))


@pytest.fixture
def destination(tmp_path):
    directory = tmp_path / "destination"
    directory.mkdir()
    return directory


def source_of(server: RegistryServer, **fields) -> dict:
    return {"repository": f"{server.host}/acme/app", "tag": "main", **server.source, **fields}


def check(programs, source: dict, version: dict | None = None) -> list:
    return run_program(programs, "check", {"source": source, "version": version}).answer


def get(programs, source: dict, digest: str, destination, **params):
    request = {"source": source, "version": {"tag": "main", "digest": digest}, "params": params}
    return run_program(programs, "in", request, destination)


def test_check_sees_an_image_come_and_move(programs, registry):
    pusher = Pusher(registry)
    source = source_of(registry)
    assert check(programs, source) == []
    first = pusher.image("main", [layer([("a", b"1")])])
    assert check(programs, source) == [{"tag": "main", "digest": first}]
    assert check(programs, source, {"tag": "main", "digest": first}) == [{"tag": "main", "digest": first}]
    second = pusher.image("main", [layer([("a", b"2")])])
    both = [{"tag": "main", "digest": first}, {"tag": "main", "digest": second}]
    assert check(programs, source, {"tag": "main", "digest": first}) == both
    pusher.delete(first)
    assert check(programs, source, {"tag": "main", "digest": first}) == both[1:]


def test_in_writes_the_reference_files_and_the_root(programs, registry, destination):
    config = {"Env": ["A=b"], "User": "1000", "Labels": {"x": "y", "org.opencontainers.image.revision": "abc"},
              "Entrypoint": ["/run"], "Cmd": ["-v"]}
    digest = Pusher(registry).image("main", [layer([("etc", None), ("etc/motd", b"hello")]), layer([("b", b"2")])], config)
    result = get(programs, source_of(registry), digest, destination)
    assert result.answer["version"] == {"tag": "main", "digest": digest}
    assert {"name": "commit", "value": "abc"} in result.answer["metadata"]
    repository = f"{registry.host}/acme/app"
    assert tree(destination) == {
        "digest": digest, "image": f"{repository}@{digest}", "repository": repository, "tag": "main",
        "labels.json": '{"org.opencontainers.image.revision":"abc","x":"y"}\n',
        "metadata.json": '{"cmd":["-v"],"entrypoint":["/run"],"env":["A=b"],"user":"1000"}\n',
        "rootfs/b": "2", "rootfs/etc/motd": "hello"}
    assert registry.password == "" or registry.password not in result.stderr


def test_in_without_download_writes_the_reference_files_alone(programs, plain, destination):
    digest = Pusher(plain).image("main", [layer([("a", b"1")])])
    get(programs, source_of(plain), digest, destination, skip_download=True).answer
    assert sorted(tree(destination)) == ["digest", "image", "repository", "tag"]


def test_a_get_takes_a_digest_alone_as_tasks_pin_it(programs, plain, destination):
    digest = Pusher(plain).image("main", [])
    result = run_program(programs, "in", {"source": source_of(plain), "version": {"digest": digest}, "params": {"skip_download": True}},
                         destination)
    assert result.answer["version"] == {"digest": digest}
    assert (destination / "tag").read_text() == "main"


def test_wrong_credentials(programs, tmp_path):
    with RegistryServer(tmp_path / "registry", username="robot", password="right") as registry:
        source = {**source_of(registry), "password": "wrong-password"}
        result = run_program(programs, "check", {"source": source})
        assert result.status == 1
        assert "401" in result.error and "check username and password in source" in result.error
        assert "wrong-password" not in result.stderr


def test_an_unknown_authority_is_refused(programs, tmp_path):
    with RegistryServer(tmp_path / "registry", authority=Authority(tmp_path / "authority")) as registry:
        other = Authority(tmp_path / "other").certificate.read_text()
        result = run_program(programs, "check", {"source": source_of(registry, ca_certs=[other])})
        assert result.status == 1 and "source.ca_certs" in result.error


def test_an_expired_certificate_is_not_said_to_be_mended_by_ca_certs(programs, tmp_path):
    authority = Authority(tmp_path / "authority")
    certificate = authority.issue(days=0)
    time.sleep(1.5)
    with FaultyRegistry(certificate) as registry:
        source = {"repository": f"{registry.host}/app", "tag": "main", "ca_certs": [authority.certificate.read_text()]}
        result = run_program(programs, "check", {"source": source})
    assert result.status == 1
    assert "certificate has expired; have the server's certificate renewed" in result.error and "ca_certs" not in result.error


def test_a_certificate_of_another_name_is_not_said_to_be_mended_by_ca_certs(programs, tmp_path):
    authority = Authority(tmp_path / "authority")
    with FaultyRegistry(authority.issue()) as registry:
        host = registry.host.replace("127.0.0.1", "registry.localhost")
        source = {"repository": f"{host}/app", "tag": "main", "ca_certs": [authority.certificate.read_text()]}
        result = run_program(programs, "check", {"source": source})
    assert result.status == 1 and "registry.localhost" in result.error
    assert "ca_certs" not in result.error and "the certificate is of another name" in result.error


def test_what_is_not_a_certificate_is_refused_with_its_field(programs):
    source = {"repository": "127.0.0.1:1/app", "tag": "main", "ca_certs": ["not a certificate"]}
    result = run_program(programs, "check", {"source": source})
    assert result.status == 1 and "source.ca_certs: it holds what is not a certificate in PEM form" in result.error


def test_in_writes_the_archive_that_docker_load_takes(programs, plain, destination):
    layers = [layer([("a", b"1")]), layer([("b", b"2")])]
    digest = Pusher(plain).image("main", layers, {"Labels": {"a": "b"}})
    get(programs, source_of(plain), digest, destination, format="oci").answer
    with tarfile.open(destination / "image.tar") as tar:
        files = {entry.name: tar.extractfile(entry).read() for entry in tar}
    (image,) = json.loads(files["manifest.json"])
    assert image["RepoTags"] == [f"{plain.host}/acme/app:main"]
    assert [gzip.decompress(files[name]) for name in image["Layers"]] == layers
    config = files[image["Config"]]
    assert image["Config"] == "sha256:" + hashlib.sha256(config).hexdigest()
    assert json.loads(config)["config"]["Labels"] == json.loads((destination / "labels.json").read_text()) == {"a": "b"}


def test_in_writes_a_layout(programs, plain, destination):
    digest = Pusher(plain).image("main", [layer([("a", b"1")])])
    get(programs, source_of(plain), digest, destination, format="oci-layout").answer
    oci = destination / "oci"
    assert json.loads((oci / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
    (entry,) = json.loads((oci / "index.json").read_text())["manifests"]
    assert entry["digest"] == digest == (oci / "single-image-digest").read_text()
    blobs = sorted(path.name for path in (oci / "blobs/sha256").iterdir())
    assert len(blobs) == 3
    assert all(hashlib.sha256((oci / "blobs/sha256" / name).read_bytes()).hexdigest() == name for name in blobs)


def test_an_identity_token_is_exchanged(programs, tmp_path):
    with TokenServer(tmp_path / "tokens", {"robot": "word"}) as tokens:
        tokens.identity_tokens["identity"] = "robot"
        with RegistryServer(tmp_path / "registry", tokens=tokens) as registry:
            digest = Pusher(registry).image("main", [layer([("a", b"1")])])
            source = source_of(registry, username="<token>", password="identity")
            assert check(programs, source) == [{"tag": "main", "digest": digest}]
            assert [method for method, _ in tokens.requests] == ["POST"]


def test_credentials_of_another_entry_for_the_same_host(programs, tmp_path):
    with RegistryServer(tmp_path / "registry", username="robot", password="word-of-robot") as registry:
        digest = Pusher(registry).image("main", [layer([("a", b"1")])])
        source = {"repository": f"{registry.host}/acme/app", "tag": "main",
                  "registries": [{"host": registry.host, "username": "robot", "password": "word-of-robot"}]}
        assert check(programs, source) == [{"tag": "main", "digest": digest}]


@pytest.mark.parametrize("platform, content", [
    ({"architecture": "amd64"}, "amd64"),
    ({"architecture": "arm64"}, "arm64"),
    ({"architecture": "arm64/v8"}, "arm64"),
    ({"architecture": "arm64", "os": "linux", "variant": "v8"}, "arm64"),
    ({"architecture": "arm", "variant": "v6"}, "arm v6"),
    ({"architecture": "arm"}, "arm v7"),
])
def test_a_platform_with_and_without_its_variant(programs, plain, destination, platform, content):
    pusher = Pusher(plain)
    images = {name: pusher.image(name.replace(" ", "-"), [layer([("which", name.encode())])])
              for name in ("amd64", "arm64", "arm v6", "arm v7")}
    digest = pusher.index("main", [
        (images["amd64"], {"os": "linux", "architecture": "amd64"}),
        (images["arm64"], {"os": "linux", "architecture": "arm64", "variant": "v8"}),
        (images["arm v6"], {"os": "linux", "architecture": "arm", "variant": "v6"}),
        (images["arm v7"], {"os": "linux", "architecture": "arm", "variant": "v7"})])
    source = source_of(plain, platform=platform)
    assert check(programs, source) == [{"tag": "main", "digest": digest}]
    get(programs, source, digest, destination).answer
    assert (destination / "rootfs/which").read_text() == content
    assert (destination / "digest").read_text() == digest


def test_a_platform_that_is_not_there(programs, plain, destination):
    pusher = Pusher(plain)
    image = pusher.image("amd64", [layer([("a", b"1")])])
    digest = pusher.index("main", [(image, {"os": "linux", "architecture": "amd64"})])
    result = get(programs, source_of(plain, platform={"architecture": "s390x"}), digest, destination)
    assert result.status == 1
    assert result.error.endswith("not there for the platform linux/s390x; set source.platform to one of linux/amd64")
    assert list(destination.iterdir()) == []


@pytest.mark.parametrize("compress, media_type", [
    (lambda tar: tar, "application/vnd.oci.image.layer.v1.tar"),
    (lambda tar: subprocess.run(["zstd", "-c"], input=tar, capture_output=True, check=True).stdout,
     "application/vnd.oci.image.layer.v1.tar+zstd"),
], ids=["plain tar", "zstd"])
def test_layers_of_each_compression(programs, plain, destination, compress, media_type):
    digest = Pusher(plain).image("main", [layer([("a", b"content " * 1000)])], compress=compress, layer_type=media_type)
    get(programs, source_of(plain), digest, destination).answer
    assert (destination / "rootfs/a").read_bytes() == b"content " * 1000


def test_owners_modes_and_times_are_kept(programs, plain, destination, as_root):
    import io
    import tarfile
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, kind, mode in (("d", tarfile.DIRTYPE, 0o2750), ("d/su", tarfile.REGTYPE, 0o4755)):
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode, entry.uid, entry.gid, entry.mtime = kind, mode, 1234, 5678, 1_000_000_000
            tar.addfile(entry)
    digest = Pusher(plain).image("main", [buffer.getvalue()])
    get(programs, source_of(plain), digest, destination).answer
    for name, mode in (("d", 0o2750), ("d/su", 0o4755)):
        status = (destination / "rootfs" / name).stat()
        assert (status.st_uid, status.st_gid, status.st_mode & 0o7777, status.st_mtime) == (1234, 5678, mode, 1_000_000_000)


def test_many_layers_are_applied_in_their_order(programs, plain, destination):
    layers = [layer([("same", str(number).encode()), (f"own-{number}", os.urandom(1000))]) for number in range(30)]
    digest = Pusher(plain).image("main", layers)
    get(programs, source_of(plain), digest, destination).answer
    assert (destination / "rootfs/same").read_text() == "29"
    assert len(list((destination / "rootfs").iterdir())) == 31


def test_what_is_no_image_can_be_got_without_download(programs, plain, destination):
    pusher = Pusher(plain)
    chart = pusher.blob(b"a chart", "application/vnd.example.chart")
    config = pusher.blob(json.dumps({"name": "chart"}).encode(), "application/vnd.example.config+json")
    digest = pusher.manifest("main", {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                                      "config": config, "layers": [chart]})
    get(programs, source_of(plain), digest, destination, skip_download=True).answer
    result = get(programs, source_of(plain), digest, destination)
    assert result.status == 1 and "params.skip_download" in result.error


def test_a_layout_has_the_whole_index_and_with_a_platform_that_image_alone(programs, plain, destination):
    pusher = Pusher(plain)
    images = {name: pusher.image(name, [layer([("a", name.encode())])]) for name in ("amd64", "s390x")}
    digest = pusher.index("main", [(image, {"os": "linux", "architecture": name}) for name, image in images.items()])
    get(programs, source_of(plain), digest, destination, format="oci-layout").answer
    assert not (destination / "oci/single-image-digest").exists()
    whole = json.loads((destination / "oci/index.json").read_text())["manifests"]
    assert [entry["digest"] for entry in whole] == [digest]
    one = destination.parent / "one"
    one.mkdir()
    platform = {"os": "linux", "architecture": "s390x"}
    get(programs, source_of(plain), digest, one, format="oci-layout", platform=platform).answer
    alone = (one / "oci/single-image-digest").read_text()
    assert alone == (images["s390x"] if isinstance(images["s390x"], str) else images["s390x"]["digest"])


@pytest.mark.parametrize("fields, params", [
    ({}, {"format": "tarball"}), ({}, {"sbom": "yes"}), ({}, {"platform": "linux"}), ({}, {"build": 3}),
    ({"label_regex": "("}, {}), ({"annotation_regex": "("}, {}), ({"platform": {"arch": "arm64"}}, {}),
])
def test_a_bad_field_or_param_fails_before_the_network_is_asked(programs, destination, fields, params):
    with FaultyRegistry() as server:
        source = {"repository": f"{server.host}/acme/app", "tag": "main", **fields}
        request = {"source": source, "version": {"tag": "main", "digest": "sha256:" + "0" * 64}, "params": params}
        result = run_program(programs, "in", request, destination)
        assert result.status == 1 and any(name in result.error for name in (*fields, *params)), result.error
        assert server.requests == []
