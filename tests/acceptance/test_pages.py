"""Every block of every page is run or judged as it stands, or has a row in ELSEWHERE. A link leads somewhere."""

import dataclasses
import pathlib
import re
import shutil
import subprocess

import pytest
import yaml

from support import push_image
from support.connect_proxy import ConnectProxy
from support.page_documents import READERS, Judge, is_manifest
from support.page_session import NamedAuthority, Session, differs
from support.pages import Block, anchors, blocks, links, pages
from support.registry_server import RegistryServer

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGES = pages(PROJECT)


@dataclasses.dataclass(frozen=True)
class Elsewhere:
    """A block that is not run here. `by` is what runs or holds it: `file::test`, or `file: a line of it`."""

    page: str
    start: str  # how its first line that is not a comment begins
    reason: str
    by: str


ELSEWHERE = [
    Elsewhere("README.md", "scripts/demo", "plays a whole story", "tests/acceptance/test_story.py::test_the_demo_tells_the_story_to_its_end"),
    Elsewhere("README.md", "scripts/setup --build", "compiles everything", "scripts/test: cmake --build --preset release"),
    Elsewhere("README.md", "buildah build", "compiles everything in containers", "tests/acceptance/test_images.py::test_the_images_play_the_story"),
    Elsewhere("docs/builder.md", "scripts/make-builder registry.example.com/acme --username robot", "fetches packages and needs apt",
              "tests/acceptance/test_make_builder.py::test_the_commands_of_the_page_make_builders_of_debian_packages"),
    Elsewhere("docs/pipelines.md", "jobs:", "two jobs of pipelines/petclinic.yml with the fragment",
              "tests/acceptance/test_notify.py::test_the_page_shows_the_fragment_as_it_is"),
    Elsewhere("docs/releasing.md", "scripts/make-image release", "compiles for both architectures",
              "tests/acceptance/test_release_images.py::test_the_index_has_both_architectures_each_small_enough"),
    Elsewhere("docs/releasing.md", "printf", "pushes what the block before it made",
              "tests/acceptance/test_make_image.py::test_a_release_is_pushed_by_the_own_put_with_all_its_tags"),
    Elsewhere("docs/releasing.md", "git checkout v1.2.3", "compiles for both architectures",
              "tests/acceptance/test_release_images.py::test_compiled_anew_in_another_folder_the_digest_is_the_same"),
    Elsewhere("docs/testing.md", "tests/support/make_roots.py", "needs apt", "tests/acceptance/test_make_builder.py::test_a_builder_of_debian_packages_builds_an_application"),
    Elsewhere("docs/testing.md", "scripts/fuzz", "searches for an hour", "scripts/test: scripts/fuzz"),
    Elsewhere("docs/testing.md", "tests/bench/start", "measures for minutes",
              "tests/acceptance/test_pages.py::test_a_benchmark_takes_the_options_that_its_page_names"),
    Elsewhere("docs/troubleshooting.md", "error: cannot find branch mian", "an error as a log shows it",
              "tests/acceptance/test_source_check.py: check source.branch: did you mean main?"),
    Elsewhere("CONTRIBUTING.md", "git clone", "sets a machine up, compiles and tests everything", ".ci/run: scripts/test"),
    Elsewhere("CONTRIBUTING.md", "scripts/test --folder", "compiles",
              "tests/acceptance/test_scripts.py::test_a_folder_without_unit_tests_is_answered_by_those_that_have_some"),
    Elsewhere("CONTRIBUTING.md", "scripts/lint --layout", "needs the compiler's tools", "scripts/test: scripts/lint --changed"),
    Elsewhere("CONTRIBUTING.md", "Image pull(", "types, wrong and right", "common/registry/client.hpp: const Digest& digest"),
    Elsewhere("CONTRIBUTING.md", "std::optional<std::chrono::milliseconds> next_delay", "a declaration, cut short",
              "common/http/retrying.hpp: std::optional<std::chrono::milliseconds> next_delay("),
    Elsewhere("CONTRIBUTING.md", "throw Error(", "an error, and what it prints",
              "tests/unit/json/fields_test.cpp: cannot read source.depth: expected a whole number, got text"),
    Elsewhere("CONTRIBUTING.md", "// upload blobs", "comments, wrong and right", "scripts/lint: clang-tidy"),
    Elsewhere("CONTRIBUTING.md", "Nobody is there", "English, right and wrong", "tests/golden/messages/bad_input.txt: cannot reach"),
]
# What a page's fragments without a resource may be of, when it is not an image.
KINDS = {"docs/fleet.md": ("fleet", "kpack fleet"), "docs/kpack.md": ("kpack",), "docs/source.md": ("source",)}
# What a reader has before the page begins: path in the clone, and where a test takes it from.
GIVEN = {
    "pipeline.yml": "pipelines/petclinic.yml",
    "vars.yml": "pipelines/petclinic.vars.example.yml",
}
HOSTS = ("registry.example.com", "registry-1.docker.io")
PASSWORD = "..."  # as pages write it


def elsewhere(block: Block) -> Elsewhere | None:
    return next((row for row in ELSEWHERE if row.page == block.page and block.start.startswith(row.start)), None)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return NamedAuthority(tmp_path_factory.mktemp("authority"), HOSTS)


@pytest.fixture(scope="module")
def proxy():
    """The way to the hosts that pages name: it knows those that were started."""
    with ConnectProxy(routes={}) as running:
        yield running


@pytest.fixture(scope="module")
def registry(tmp_path_factory, authority, proxy):
    """registry.example.com, whose robot's password is as short as on the pages."""
    directory = tmp_path_factory.mktemp("registry") / "it"
    with RegistryServer(directory, "robot", PASSWORD, authority) as server:
        serve(proxy, "registry.example.com", server)
        yield server


@pytest.fixture(scope="module")
def docker_hub(tmp_path_factory, authority, proxy):
    """Docker Hub, with small images under the names of the builders that the pages name."""
    directory = tmp_path_factory.mktemp("hub") / "it"
    with RegistryServer(directory, authority=authority) as server:
        serve(proxy, "registry-1.docker.io", server)
        hub = push_image.Registry(server.host, ca=str(authority.certificate))
        for name in ("paketobuildpacks/builder-jammy-base", "paketobuildpacks/run-jammy-base"):
            hub.push(name, "latest", push_image.run_image("1"))
        yield server


def serve(proxy: ConnectProxy, host: str, server: RegistryServer) -> None:
    proxy.routes[f"{host}:443"] = int(server.host.rpartition(":")[2])


@pytest.fixture
def session(as_root, programs, project, authority, proxy, tmp_path):
    made = Session(tmp_path / "session", programs, project, authority, proxy.url)
    yield made
    made.remove()


def prepare(session: Session, request, text: str) -> None:
    """What the commands of a page meet: servers under the names that they use, files that a reader has."""
    if "registry.example.com" in text:
        request.getfixturevalue("registry")
    if re.search(r"paketobuildpacks|docker\.io", text):
        request.getfixturevalue("docker_hub")
    for name, origin in GIVEN.items():
        if re.search(rf"(?<![-\w/]){re.escape(name)}", text):
            shutil.copy(PROJECT / origin, session.clone / name)
    if "kubectl" in text:
        server = request.getfixturevalue("kube_server")
        for namespace in set(re.findall(r"--namespace[ =](\w+)", text)):
            server.namespace(namespace)
        session.add_program(request.getfixturevalue("kubectl"))
        session.write("root/.kube/config", server.kubeconfig(token=server.admin_token), mode=0o600)


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_run_as_they_stand(request, page):
    """In one shell, in the page's order. A block of `text` right behind one of commands is what they print."""
    shown = blocks(PROJECT, page)
    commands = [block for block in shown if block.language == "sh" and not elsewhere(block)]
    if not commands:
        return
    session = request.getfixturevalue("session")
    prepare(session, request, "\n".join(block.text for block in commands))
    outcome = session.run(commands)
    assert outcome.status == 0, outcome.failed
    for block, following in zip(shown, shown[1:]):
        if following.language == "text" and block in outcome.outputs:
            line = differs(following.text, outcome.outputs[block])
            assert line is None, f"{following}: {line!r} is not printed by {block}, which prints\n{outcome.outputs[block]}"
    judge_fly(session, outcome.fly)


def judge_fly(session: Session, asked: list[dict]) -> None:
    """A pipeline that a page sets is one that is there, and that lint takes with the vars that are given."""
    for entry in asked:
        arguments = entry["arguments"]
        if "set-pipeline" not in arguments and "sp" not in arguments:
            continue
        values = {name: value for name, value in zip(arguments, arguments[1:], strict=False)}
        config = values.get("-c") or values["--config"]
        files = [value for name, value in zip(arguments, arguments[1:], strict=False) if name in ("-l", "--load-vars-from")]
        extra = [argument for file in files for argument in ("--load-vars-from", file)]
        done = subprocess.run(["chroot", str(session.root), "/bin/sh", "-c", 'cd "$0" && exec /opt/resource/check --lint "$@"',
                               entry["directory"], config, *extra], capture_output=True, text=True, env=session.environment)
        assert done.returncode == 0, f"fly {' '.join(arguments)}: {done.stdout}{done.stderr}"


@pytest.mark.parametrize("page", PAGES)
def test_the_documents_on_a_page_are_right(request, programs, page):
    judge = Judge(programs, KINDS.get(page, ("image",)))
    shown = blocks(PROJECT, page)
    for before, block in zip([None, *shown], shown):
        if block.language == "sh" or elsewhere(block):
            continue
        if block.language == "text":
            assert before and before.language == "sh" and not elsewhere(before), \
                f"{block}: text that is not what the commands before it print; what holds it? Give it a row in ELSEWHERE"
        elif block.language == "yaml" and all(map(is_manifest, yaml.safe_load_all(block.text))):
            create_dry(request, block)
        elif block.language == "yaml":
            judge.judge(block)
        elif block.language in READERS:
            READERS[block.language](block.text)
        else:
            pytest.fail(f"{block}: nothing here judges {block.language}; give it a row in ELSEWHERE")


def create_dry(request, block: Block) -> None:
    server, kubectl = request.getfixturevalue("kube_server"), request.getfixturevalue("kubectl")
    config = request.getfixturevalue("tmp_path") / "kubeconfig"
    config.write_text(server.kubeconfig(token=server.admin_token))
    done = subprocess.run([kubectl, "--kubeconfig", config, "create", "--dry-run=server", "--validate=strict", "-f", "-"],
                          input=block.text, capture_output=True, text=True)
    assert done.returncode == 0, f"{block}: {done.stderr}"


@pytest.mark.parametrize("row", ELSEWHERE, ids=lambda row: f"{row.page}: {row.start}")
def test_what_is_held_elsewhere_is_there_and_held(row):
    page = blocks(PROJECT, row.page)
    assert any(elsewhere(block) == row for block in page), "no block of the page begins so: remove the row"
    path, sign, name = re.fullmatch(r"([\w./-]+)(::|: )(.+)", row.by).groups()
    line = f"def {name}(" if sign == "::" else name
    assert line in (PROJECT / path).read_text(), f"{path} does not have it"
    for block in page:
        if elsewhere(block) == row:
            for file in re.findall(r"(?<![-\w/.])(?:scripts|tests|docs|pipelines|ci)/[-\w/.]+[\w]", block.text):
                assert (PROJECT / file).exists(), f"{block}: there is no {file}"


def test_a_benchmark_takes_the_options_that_its_page_names():
    [block] = [block for block in blocks(PROJECT, "docs/testing.md") if block.start.startswith("tests/bench")]
    for line in block.text.splitlines():
        command, *words = line.partition("#")[0].split()
        shown = subprocess.run([PROJECT / command, "--help"], capture_output=True, text=True)
        assert shown.returncode == 0, shown.stderr
        for option in re.findall(r"--\w+", " ".join(words)):
            assert option in shown.stdout, f"{line}: {shown.stdout}"


@pytest.mark.parametrize("page", PAGES)
def test_a_link_leads_to_a_file_and_a_heading_that_are_there(page):
    for link in links(PROJECT, page):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (PROJECT / page).parent / path if path else PROJECT / page
        assert target.exists(), f"{page}: {link}"
        if anchor and target.suffix == ".md":
            found = anchors(PROJECT, str(target.resolve().relative_to(PROJECT)))
            assert anchor in found, f"{page}: {link}: its headings are {sorted(found)}"


def test_every_page_is_reached_from_the_readme():
    reached, waiting = set(), ["README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page not in PAGES:
            continue
        reached.add(page)
        for link in links(PROJECT, page):
            if not re.match(r"[a-z]+:|#", link):
                target = ((PROJECT / page).parent / link.partition("#")[0]).resolve()
                waiting.append(str((target / "README.md" if target.is_dir() else target).relative_to(PROJECT)))
    assert set(PAGES) == reached


def test_every_decision_has_its_line_with_a_status():
    folder = PROJECT / "docs/decisions"
    rows = dict(re.findall(r"^\| \[\d+\]\(([^)]+)\) \| .+ \| (.+) \|$", (folder / "README.md").read_text(), re.MULTILINE))
    assert set(rows) == {path.name for path in folder.glob("0*.md")}
    for name, status in rows.items():
        assert status == "stands" or re.fullmatch(r"replaced by \[\d+\]\(0.+\.md\)", status), f"{name}: {status}"
        assert len((folder / name).read_text().splitlines()) <= 40, f"{name} is longer than a page of 40 lines"


def test_each_test_that_holds_a_promise_of_security_is_there():
    """The page names it by its sentence, and links to its file."""
    named = re.findall(r"\[([^\]]+)\]\(\.\./(tests/[^)]+)\)", (PROJECT / "docs/security.md").read_text())
    assert len(named) > 20
    for sentence, path in named:
        text = (PROJECT / path).read_text()
        assert f"def test_{sentence.replace(' ', '_')}(" in text or f'TEST_CASE("{sentence}")' in text, f"{path}: {sentence}"


def test_a_wrong_page_would_be_seen(programs, tmp_path):
    (tmp_path / "page.md").write_text("```yaml\nparams: {source: app, rebase: sometimes}\n```\n\n    ls\n\n```sh\nfalse\n```\n")
    shown = blocks(tmp_path, "page.md")
    assert [(block.language, block.line) for block in shown] == [("yaml", 2), ("sh", 5), ("sh", 8)]
    with pytest.raises(Exception, match="params.rebase"):
        Judge(programs, ("image",)).judge(shown[0])
    assert differs("pushed ... in 3 s", "pulled\npushed sha256:123 in 45 s\n") is None
    assert differs("app:1@sha256:...", "app:2@sha256:0123456789abcdef\n") is None
    assert differs("pushed", "pulled\n") == "pushed"
