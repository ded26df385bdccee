"""scripts/dependencies asks the machine's own Debian mirrors for sources, and a filled cache needs no network."""

import os
import pathlib
import subprocess
import textwrap

import pytest

# Keeps what it was asked to read, and is as far from the network as a machine can be.
OFFLINE_APT_GET = """#!/bin/sh
case "$*" in
  *indextargets*) cat "$STATE/indextargets" 2>/dev/null ;;
  *update*) cp "$(dirname "$2")/debian.sources" "$STATE/sources"; echo 'E: Failed to fetch' >&2; exit 100 ;;
esac
"""


class Machine:
    """A home folder and an apt configuration of its own."""

    def __init__(self, project: pathlib.Path, folder: pathlib.Path) -> None:
        self.script = project / "scripts/dependencies"
        self.folder = folder
        self.cache = folder / "cache/build-service"
        for name in ("apt/apt.conf.d", "apt/sources.list.d", "bin"):
            (folder / name).mkdir(parents=True)
        (folder / "bin/apt-get").write_text(OFFLINE_APT_GET)
        (folder / "bin/apt-get").chmod(0o755)
        (folder / "apt.conf").write_text(f'Dir::Etc "{folder}/apt";\n')

    def sources(self, name: str, text: str) -> None:
        (self.folder / "apt" / name).write_text(textwrap.dedent(text))

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess:
        environment = os.environ | {
            "APT_CONFIG": str(self.folder / "apt.conf"),
            "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
            "STATE": str(self.folder),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
        } | variables
        return subprocess.run([self.script, *arguments], env=environment, capture_output=True, text=True, timeout=60)

    def asked(self) -> list[str]:
        result = self.run()
        assert result.returncode == 1, result
        text = (self.folder / "sources").read_text()
        return [stanza for stanza in text.split("\n\n") if stanza.strip()]


@pytest.fixture
def machine(project: pathlib.Path, tmp_path: pathlib.Path) -> Machine:
    return Machine(project, tmp_path)


def test_one_line_sources_keep_their_mirror_and_key(machine):
    machine.sources("sources.list", """\
        # deb http://commented.example/debian bookworm main
        deb [arch=amd64 signed-by=/keys/debian-archive-keyring.gpg check-valid-until=no] http://mirror.example/d bookworm main
        deb http://mirror.example/debian-security bookworm-security main contrib # the fixes
        deb-src http://mirror.example/debian bookworm main
        """)
    assert machine.asked() == [
        "Types: deb-src\nURIs: http://mirror.example/d/\nSuites: trixie trixie-updates bookworm bookworm-updates\n"
        "Components: main\nSigned-By: /keys/debian-archive-keyring.gpg\nCheck-Valid-Until: no",
        "Types: deb-src\nURIs: http://mirror.example/debian-security/\nSuites: trixie-security bookworm-security\n"
        "Components: main",
    ]


def test_stanza_sources_keep_a_key_that_is_written_out(machine):
    machine.sources("sources.list.d/debian.sources", """\
        # the archive
        Types: deb deb-src
        # and its mirror
        URIs: http://mirror.example/debian
        Suites: trixie trixie-updates
        Components: main contrib
        Signed-By:
         -----BEGIN PGP PUBLIC KEY BLOCK-----
         .
         mQINBF
         -----END PGP PUBLIC KEY BLOCK-----

        Enabled: no
        Types: deb
        URIs: http://other.example/debian
        Suites: trixie
        Components: main
        """)
    assert machine.asked() == [
        "Types: deb-src\nURIs: http://mirror.example/debian/\nSuites: trixie trixie-updates bookworm bookworm-updates\n"
        "Components: main\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBF\n"
        " -----END PGP PUBLIC KEY BLOCK-----",
    ]


def test_repositories_of_third_parties_are_not_asked(machine):
    machine.sources("sources.list", "deb http://mirror.example/debian trixie main\n")
    machine.sources("sources.list.d/php.list", "deb [signed-by=/keys/php.gpg] https://php.example/ trixie main\n")
    machine.sources("sources.list.d/docker.list", "deb https://docker.example/linux/debian trixie stable\n")
    assert [stanza.splitlines()[1] for stanza in machine.asked()] == ["URIs: http://mirror.example/debian/"]


def test_a_mirror_under_any_name_is_known_by_the_origin_in_its_index(machine):
    machine.sources("sources.list", "deb https://packages.example/remote trixie main\n")
    (machine.folder / "indextargets").write_text("https://packages.example/remote/\n")
    assert [stanza.splitlines()[1] for stanza in machine.asked()] == ["URIs: https://packages.example/remote/"]


def test_without_network_one_line_says_what_could_not_be_read_and_what_to_do(machine):
    machine.sources("sources.list", "deb http://mirror.example/debian trixie main\n")
    result = machine.run("--print-prefix")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        "E: Failed to fetch",
        "dependencies: cannot read Debian's source lists at http://mirror.example/debian/; check the network and that "
        "the mirror has sources of trixie bookworm (for a signature, that package debian-archive-keyring is up to date)",
    ]
    assert [entry.name for entry in machine.cache.iterdir()] == ["lock"]


def test_a_filled_cache_is_used_without_apt(machine, project):
    filled = subprocess.run([project / "scripts/dependencies"], capture_output=True, text=True, check=True).stdout
    machine.sources("sources.list", "")
    home = os.environ.get("XDG_CACHE_HOME") or f"{os.environ['HOME']}/.cache"
    result = machine.run(XDG_CACHE_HOME=home)
    assert (result.returncode, result.stdout, result.stderr) == (0, filled, "")
    assert [line.split()[0] for line in filled.splitlines()[:-1]] == ["curl", "libgit2", "fmtlib", "libisal"]
    assert (pathlib.Path(filled.splitlines()[-1]) / "lib/libcurl.a").is_file()


def test_without_a_debian_archive_the_remedy_is_named(machine):
    machine.sources("sources.list", "")
    assert machine.run().stderr == (
        "dependencies: found no Debian archive in apt's sources; add one (man sources.list), "
        "then run scripts/dependencies again\n")


def test_an_unknown_argument_is_refused(machine):
    for arguments in (["--prefix"], ["--architecture", "vax"], ["--architecture"]):
        result = machine.run(*arguments)
        assert (result.returncode, result.stderr) == (
            2, "usage: scripts/dependencies [--architecture arm64] [--tests] [--print-prefix | --print-system] [--update]\n")
