"""README's reference is what the programs say of themselves, and what they say of the files of a get is true."""

import os
import re
import subprocess

import pytest

from support.git_server import Repository
from support.faulty_registry import layer
from support.images import Pusher
from support.program import run_program
from support.reference import files, schemas
from support.registry_server import RegistryServer


def test_the_reference_of_the_readme_is_the_programs_own(project, programs):
    check = [] if os.environ.get("UPDATE_GOLDEN") else ["--check"]
    done = subprocess.run([project / "scripts/reference", "--programs", programs, *check], capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stderr}fields changed: run UPDATE_GOLDEN=1 scripts/test -k reference"


def test_every_field_param_and_file_has_its_row(project, programs):
    """So that a section which is forgotten, or a marker that is misspelt, is not taken for a reference without rows."""
    page = (project / "README.md").read_text()
    parts = set(re.findall(r"<!-- reference: (\w+ \w+) -->", page))
    steps = {"check": "source", "in": "in", "out": "out"}
    wanted = {f"{kind} {steps[program]}" for program in steps for kind in schemas(programs, program)}
    assert parts == wanted | {f"{kind} files" for kind in schemas(programs, "in")} | {"repository login"}
    assert len(re.findall("<!-- end of reference -->", page)) == len(parts)
    for program in steps:
        for kind, schema in schemas(programs, program).items():
            text = page.split(f"<!-- reference: {kind} {steps[program]} -->")[1].split("<!-- end of reference -->")[0]
            told = set(re.findall(r"^\| `(\w+)`", text, re.M))
            assert told == {name for name in schema["x-order"] if not name.startswith(("aws_", "azure_"))}


def test_what_shows_a_claim_is_there(project):
    """How it compares: each row names a test, a file of tests, or a benchmark with the words of its options."""
    rows = [line for line in (project / "README.md").read_text().split("## How it compares")[1].split("\n## ")[0].splitlines()
            if line.startswith("|") and "---" not in line and "Shown by" not in line]
    assert len(rows) > 20
    tests = {file.stem: file.read_text() for file in (project / "tests").rglob("test_*.py")}
    for row in rows:
        shown = row.rstrip("| ").rpartition("| ")[2]
        if found := re.fullmatch(r"`(test_\w+)`", shown):
            assert found[1] in tests or any(f"def {found[1]}(" in text for text in tests.values()), row
        else:
            found = re.fullmatch(r"bench `(\w+)((?: --\w+ [\w,/]+)*)`", shown)
            assert found, row
            bench = (project / "tests/bench" / found[1]).read_text()
            for option, words in re.findall(r"(--\w+) ([\w,/]+)", found[2]):
                assert f'"{option}"' in bench, row
                assert option != "--only" or all(re.search(rf"\b{word}\b", bench) for word in words.split(",")), row


def test_descriptions_read_in_an_error_and_in_a_table(programs):
    """json/fields.hpp: after "give" in an error, and as a sentence of a table."""
    texts = [text for program in ("check", "in", "out") for schema in schemas(programs, program).values() for text in descriptions(schema)]
    assert len(texts) > 150
    for text in texts:
        assert re.match(r"[a-z`]|(SBOM|OCI|PEM|URL) ", text) and not text.endswith((".", ":", " ")), text
        assert text.count("`") % 2 == 0 and "  " not in text and "\n" not in text, text


def test_a_checkout_has_the_files_that_are_told(programs, tmp_path):
    repository = Repository(tmp_path / "app.git")
    commit = repository.commit("a commit", {"file": "content\n"})
    run_program(programs, "in", {"source": {"uri": str(repository.path)}, "version": {"ref": commit}}, tmp_path / "out").answer
    git_own = {"HEAD", "config", "description", "hooks", "index", "info", "objects", "refs", "logs", "packed-refs", "shallow",
               "branches", "ORIG_HEAD", "FETCH_HEAD", "modules", "lfs"}
    written = {f".git/{path.name}" for path in (tmp_path / "out/.git").iterdir() if path.name not in git_own}
    assert written == files(programs, "uri")


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    with RegistryServer(tmp_path_factory.mktemp("images") / "registry") as server:
        digest = Pusher(server).image("main", [layer([("etc", None), ("etc/motd", b"hello")])])
        yield {"source": {"repository": f"{server.host}/acme/app", "tag": "main", **server.source}, "version": {"tag": "main", "digest": digest}}


def test_an_image_has_the_files_that_are_told(programs, tmp_path, image):
    written = set()
    for form in ("rootfs", "oci", "oci-layout"):
        run_program(programs, "in", {**image, "params": {"format": form, "deploy": ["patch"]}}, tmp_path / form).answer
        written |= {path.name + "/" * path.is_dir() for path in (tmp_path / form).iterdir()}
    # The others are there for an image of buildpacks alone: tests/acceptance/test_put_reasons.py reads them.
    assert written == files(programs, "repository") - {"sbom/", "builds.json", "builds.txt", "logs/<number>.log"}


def descriptions(value) -> list[str]:
    if isinstance(value, list):
        return [text for item in value for text in descriptions(item)]
    if not isinstance(value, dict):
        return []
    own = [value["description"]] if isinstance(value.get("description"), str) else []
    return own + [text for key, item in value.items() if key != "description" or not isinstance(item, str) for text in descriptions(item)]


# What the documentation of Concourse's own resources, and of the kpack resource, lists.
THEIRS = {
    ("uri", "check"): "uri branch private_key private_key_user private_key_passphrase forward_agent username password paths "
                      "sparse_paths ignore_paths skip_ssl_verification tag_filter tag_regex tag_behaviour fetch_tags "
                      "submodule_credentials git_config disable_ci_skip commit_verification_keys commit_verification_key_ids "
                      "gpg_keyserver git_crypt_key https_tunnel commit_filter version_depth search_remote_refs debug",
    ("uri", "in"): "depth fetch fetch_tags submodules submodule_recursive submodule_remote disable_git_lfs clean_tags "
                   "short_ref_format timestamp_format describe_ref_options all_branches debug",
    ("repository", "check"): "repository insecure tag tag_regex created_at_sort variant semver_constraint pre_releases "
                             "pre_release_prefixes username password aws_access_key_id aws_secret_access_key aws_session_token "
                             "aws_region aws_role_arn aws_role_arns aws_account_id azure_acr azure_client_id azure_tenant_id "
                             "azure_environment platform label_regex annotation_regex debug registry_mirror content_trust ca_certs",
    ("repository", "in"): "format platform skip_download",
    ("repository", "out"): "image version bump_aliases additional_tags tag_prefix",
    ("image", "check"): "image namespace kubeconfig gke tkgi",
    ("image", "out"): "commitish blob_url_path",
}


@pytest.mark.parametrize("kind, program", THEIRS)
def test_what_other_resources_take_is_taken_or_refused_by_its_name(programs, kind, program):
    schema = schemas(programs, program)[kind]
    assert set(THEIRS[kind, program].split()) - set(schema["x-order"]) - set(schema.get("x-refused", {})) == set()


@pytest.mark.parametrize("program", ["check", "in"])
def test_what_becomes_of_each_field_of_the_git_resource_is_told(project, program):
    page = (project / "docs/migrating.md").read_text().split("## From the git resource")[1].split("\n## ")[0]
    rows = "".join(line.split("|")[1] for line in page.splitlines() if line.startswith("|"))
    assert set(THEIRS["uri", program].split()) - set(re.findall(r"`(\w+)`", rows)) == set()
