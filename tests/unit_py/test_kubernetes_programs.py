"""scripts/kubernetes builds once, by a Go that is new enough, and says what to do where there is none."""

import os
import pathlib
import subprocess

import pytest

# Newer than any other, so that it is taken.
GO = """#!/bin/sh
case "$1" in
  env) echo go9.9 ;;
  build)
    echo "$GOTOOLCHAIN $GOMODCACHE $PWD" >>"$STATE/built"
    [ -z "$FAIL" ] || { echo 'cannot find module'; exit 1; }
    while [ "$1" != -o ]; do shift; done
    for program in kube-apiserver kube-controller-manager kubectl; do echo "$program" >"$2/$program"; done ;;
esac
"""


class Machine:
    def __init__(self, project: pathlib.Path, folder: pathlib.Path) -> None:
        self.project, self.folder, self.cache = project, folder, folder / "cache/build-service"
        self.command("go", GO)

    def command(self, name: str, text: str) -> None:
        (self.folder / "bin").mkdir(exist_ok=True)
        (self.folder / "bin" / name).write_text(text)
        (self.folder / "bin" / name).chmod(0o755)

    def without_go(self) -> None:
        (self.folder / "bin/go").unlink()
        self.command("dpkg", "#!/bin/sh\nexit 1\n")  # whatever is found is older than what is wanted

    def run(self, *arguments: str, script: str = "kubernetes", **variables: str) -> subprocess.CompletedProcess:
        environment = os.environ | {"PATH": f"{self.folder}/bin:{os.environ['PATH']}", "STATE": str(self.folder),
                                    "XDG_CACHE_HOME": str(self.folder / "cache")} | variables
        return subprocess.run([self.project / "scripts" / script, *arguments], env=environment, capture_output=True, text=True,
                              timeout=60)

    def entries(self) -> list[str]:
        return sorted(entry.name for entry in self.cache.iterdir()) if self.cache.exists() else []


@pytest.fixture
def machine(project, tmp_path) -> Machine:
    return Machine(project, tmp_path)


def test_it_is_built_once_and_leaves_nothing_but_the_programs(machine):
    first, second = machine.run(), machine.run()
    assert (first.returncode, second.returncode, second.stderr) == (0, 0, "")
    folder = pathlib.Path(first.stdout.strip())
    assert first.stdout == second.stdout and sorted(entry.name for entry in folder.iterdir()) == [
        "kube-apiserver", "kube-controller-manager", "kubectl"]
    assert machine.entries() == [folder.name, "kubernetes.lock"]
    (built,) = (machine.folder / "built").read_text().splitlines()
    assert built.split() == ["local", f"{machine.cache}/kubernetes.work/modules",
                             str(machine.project / "tests/support/kube/programs/1.34")]


def test_a_failed_build_names_its_log_and_keeps_what_was_compiled(machine):
    failed = machine.run(FAIL="yes")
    assert (failed.returncode, failed.stdout) == (1, "") and "cannot find module" in failed.stderr
    last = failed.stderr.splitlines()[-1]
    assert last == ("kubernetes: building Kubernetes 1.34 failed; check the network and Go's settings (go env GOPROXY); "
                    f"the whole log is {machine.cache}/kubernetes.work/log")
    assert machine.entries() == ["kubernetes.lock", "kubernetes.work"]
    assert machine.run().returncode == 0


def test_without_go_the_remedy_is_named_and_a_filled_cache_needs_none(machine):
    assert machine.run("--lacks-go").returncode == 1
    folder = machine.run().stdout
    machine.without_go()
    assert machine.run().stdout == folder and machine.run("--lacks-go").returncode == 1
    empty = {"XDG_CACHE_HOME": str(machine.folder / "other")}
    lacking = machine.run(**empty)
    assert (lacking.returncode, lacking.stderr) == (
        1, "kubernetes: needs Go 1.23 or newer and found none; run scripts/setup, or put a newer Go into PATH\n")
    assert machine.run("--lacks-go", **empty).returncode == 0 and not (machine.folder / "other").exists()


def test_setup_says_who_can_install_go_and_what_to_install(machine):
    machine.without_go()
    machine.command("id", "#!/bin/sh\necho 1000\n")
    machine.command("dpkg-query", '#!/bin/sh\nshift 2\nfor name; do echo "ii $name"; done\n')
    told = machine.run(script="setup")
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr == (
        "setup: Kubernetes is built for the tests and needs Go; as root run scripts/setup, or install Go 1.24 or newer so "
        "that `go` is in PATH, or add the backports to apt's sources (bookworm-backports)\n")
    assert machine.run("--build", script="setup").returncode == 0  # compiling the programs needs none of it


def test_an_unknown_argument_is_refused(machine):
    refused = machine.run("--update")
    assert (refused.returncode, refused.stderr) == (2, "usage: scripts/kubernetes [--lacks-go]\n")
