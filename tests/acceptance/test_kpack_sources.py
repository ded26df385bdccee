"""A directory as a put's source, and the ways to sign in, against real servers."""

import json
import shutil

import pytest

from support.certificates import Authority
from support.git_server import git
from support.kpack_world import image_of
from support.kube.logins import LoginServer
from support.program import run_program
from support.push_image import Registry
from support.registry_server import RegistryServer


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    with RegistryServer(tmp_path_factory.mktemp("registry") / "data") as running:
        yield running


def checkout(world, commit: str, name: str = "app"):
    git("clone", "--quiet", world.url, name, directory=world.inputs)
    git("checkout", "--quiet", commit, directory=world.inputs / name)
    return world.inputs / name


def source_of(world) -> dict:
    return world.now()["spec"]["source"]


def test_files_are_pushed_and_the_same_files_make_no_build(world, registry):
    world.built(world.commit("one"), tag=f"{registry.host}/acme/app:main")
    (world.inputs / "files/src").mkdir(parents=True)
    (world.inputs / "files/src/page.txt").write_text("hello")
    put = world.put(source="files")
    assert put.answer["version"] == {"image": image_of(world.builds()[1])}
    image = source_of(world)["registry"]["image"]
    assert image.startswith(f"{registry.host}/acme/app-source@sha256:") and "git" not in source_of(world)
    manifest = json.loads(Registry(registry.host).request("GET", f"/v2/acme/app-source/manifests/{image.partition('@')[2]}",
                          headers={"Accept": "application/vnd.oci.image.manifest.v1+json"}).read())
    assert len(manifest["layers"]) == 1
    # A copy, later and with other owners' rights: the same digest, and kpack has nothing to do.
    shutil.copytree(world.inputs / "files", world.inputs / "again", copy_function=shutil.copyfile)
    put = world.put(source="again")
    assert put.answer["version"] == {"image": image_of(world.builds()[1])}
    assert 'Image Resource "app" patched (no change)' in put.lines and len(world.builds()) == 2
    (world.inputs / "again/src/page.txt").write_text("changed")
    assert world.put(source="again").answer["version"] == {"image": image_of(world.builds()[2])}


def test_a_clean_checkout_of_the_own_repository_is_its_commit(world, registry):
    world.built(world.commit("one"), tag=f"{registry.host}/acme/app2")
    second = world.commit("two")
    directory = checkout(world, second)
    put = world.put(source="app")
    assert put.answer["version"] == {"image": image_of(world.builds()[1])}
    assert source_of(world)["git"]["revision"] == second and "registry" not in source_of(world)
    # With a change, or a commit that nobody else has, the files are what is meant.
    (directory / "page.txt").write_text("edited")
    assert world.put(source="app").answer
    assert "registry" in source_of(world)
    git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-am", "mine alone", directory=directory)
    put = world.put(source="app", create={"tag": f"{registry.host}/acme/app2", "git_url": world.url, "builder": {"name": "x"}})
    assert put.answer
    assert any(line.endswith("is not in " + world.url + " yet: its files are pushed") for line in put.lines)


def test_the_key_of_a_google_account_signs_in(programs, world, kube_server, tmp_path):
    build = world.built(world.commit("one"))
    kubeconfig = kube_server.kubeconfig(user={"exec": {"command": "gke-gcloud-auth-plugin"}})
    with LoginServer(tmp_path / "logins", give=lambda: world.token) as logins:
        gke = {"json_key": json.dumps(logins.google_key()), "kubeconfig": kubeconfig}
        result = run_program(programs, "check", {"source": {"image": "app", "namespace": world.namespace, "gke": gke}})
        assert result.answer == [{"image": image_of(build)}]
        assert logins.claims[0]["aud"].startswith(logins.url) and len(logins.requests) == 1
    assert world.token not in result.stderr


def test_a_user_of_tkgi_signs_in(programs, world, kube_server, tmp_path):
    build = world.built(world.commit("one"))
    authority = Authority(tmp_path / "authority")
    with LoginServer(tmp_path / "logins", give=lambda: world.token, users={"ann": "word"}, authority=authority) as logins:
        tkgi = {"api": logins.url, "cluster": kube_server.address, "username": "ann", "password": "word"}
        certificates = [authority.certificate.read_text(), kube_server.ca.read_text()]

        def check(**login):
            source = {"image": "app", "namespace": world.namespace, **login}
            return run_program(programs, "check", {"source": source})

        assert check(tkgi={**tkgi, "ca_certs": certificates}).answer == [{"image": image_of(build)}]
        assert check(pks={**tkgi, "insecure": True}).answer == [{"image": image_of(build)}]
        assert "add its authority to source.tkgi.ca_certs" in check(tkgi=tkgi).error
        wrong = check(tkgi={**tkgi, "ca_certs": certificates, "password": "other"})
        assert wrong.error.startswith("cannot get a token for ann: ") and "other" not in wrong.stderr
        assert wrong.error.endswith("check source.tkgi.username and source.tkgi.password")
