"""The launcher of built images, run as an image runs it: called by a process type's name, with layers on disk."""

import os
import pathlib
import subprocess
import textwrap

import pytest


class Image:
    """A layers directory, an application and links for process types, as an image has them."""

    def __init__(self, directory: pathlib.Path, launcher: pathlib.Path):
        self.launcher = launcher
        self.layers = directory / "layers"
        self.app = directory / "workspace"
        self.links = directory / "process"
        for path in (self.layers / "config", self.app, self.links):
            path.mkdir(parents=True)
        self.buildpacks: list[tuple[str, str]] = []
        self.processes = ""

    def process(self, definition: str, kind: str = "web", buildpack: str = "example/app") -> None:
        (self.links / kind).symlink_to(self.launcher)
        self.processes += f'[[processes]]\ntype = "{kind}"\nbuildpack-id = "{buildpack}"\n{textwrap.dedent(definition)}\n'

    def buildpack(self, name: str = "example/app", api: str = "0.10") -> None:
        self.buildpacks.append((name, api))

    def file(self, path: str, content: str, mode: int = 0o644, buildpack: str = "example/app") -> pathlib.Path:
        """A file of a layer: <layer>/<path in it>."""
        target = self.layers / buildpack.replace("/", "_") / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)
        target.chmod(mode)
        return target

    def program(self, path: str, script: str, **options) -> pathlib.Path:
        return self.file(path, f"#!/bin/bash\n{textwrap.dedent(script)}", 0o755, **options)

    def run(self, kind: str | None = "web", *arguments: str, env: dict | None = None, platform: str = "0.12",
            stdin: str = "") -> subprocess.CompletedProcess:
        buildpacks = "".join(f'[[buildpacks]]\nid = "{name}"\napi = "{api}"\n' for name, api in self.buildpacks)
        (self.layers / "config/metadata.toml").write_text(self.processes + buildpacks)
        return self.start(kind, *arguments, env=env, platform=platform, stdin=stdin)

    def start(self, kind: str | None, *arguments: str, env: dict | None = None, platform: str = "0.12",
              stdin: str = "") -> subprocess.CompletedProcess:
        program = self.launcher if kind is None else self.links / kind
        variables = {"PATH": "/usr/bin:/bin", "CNB_LAYERS_DIR": str(self.layers), "CNB_APP_DIR": str(self.app),
                     "CNB_PLATFORM_API": platform, "CNB_DEPRECATION_MODE": "quiet", **(env or {})}
        variables = {name: value for name, value in variables.items() if value}
        return subprocess.run([str(program), *arguments], env=variables, cwd="/", input=stdin, capture_output=True,
                              text=True, timeout=30)


@pytest.fixture
def image(tmp_path, programs) -> Image:
    return Image(tmp_path, programs / "opt/resource/launcher")


def said(result: subprocess.CompletedProcess) -> str:
    assert result.returncode == 0, result.stderr
    return result.stdout


DIRECT = """
    command = ["printf", "<%s>"]
    args = ["default"]
    direct = true
"""


def test_the_users_arguments_replace_the_default_ones(image):
    image.buildpack()
    image.process(DIRECT)
    assert said(image.run("web")) == "<default>"
    assert said(image.run("web", "a b", "c")) == "<a b><c>"


def test_before_platform_api_0_10_the_users_arguments_are_appended(image):
    image.buildpack()
    image.process(DIRECT)
    assert said(image.run("web", "a", platform="0.9")) == "<default><a>"


@pytest.mark.parametrize("api, printed", [("0.8", "<default><a>"), ("0.9", "<a>"), ("0.10", "<a>")])
def test_arguments_of_a_single_command_entry_go_by_the_buildpack_api(image, api, printed):
    image.buildpack(api=api)
    image.program("tools/bin/show", "printf '<%s>' \"$@\"")
    image.process('command = ["show"]\nargs = ["default"]\ndirect = true')
    assert said(image.run("web", "a")) == printed


def test_a_command_may_be_a_single_text(image):
    image.buildpack(api="0.8")
    image.process('command = "pwd"\ndirect = true')
    assert said(image.run("web")).strip() == str(image.app)


def test_a_direct_process_is_no_shells_child_and_evaluates_nothing(image):
    image.buildpack()
    image.process('command = ["bash", "-c", "echo $PPID $0 $1"]\nargs = ["self", "$HOME"]\ndirect = true')
    assert said(image.run("web")).split()[1:] == ["self", "$HOME"]


def test_the_program_replaces_the_launcher_and_its_status_is_the_images(image):
    image.buildpack()
    image.process('command = ["bash", "-c", "kill -TERM $$"]\ndirect = true')
    assert image.run("web").returncode == -15
    image.process('command = ["bash", "-c", "exit 7"]\ndirect = true', "seven")
    assert image.run("seven").returncode == 7


def test_a_process_starts_in_its_working_directory(image):
    image.buildpack()
    (image.app / "server").mkdir()
    image.process(f'command = ["pwd"]\ndirect = true\nworking-dir = "{image.app}/server"')
    image.process(f'command = "pwd"\ndirect = false\nworking-dir = "{image.app}/server"', "shell")
    image.process('command = ["pwd"]\ndirect = true\nworking-dir = "/nonexistent"', "lost")
    assert said(image.run("web")).strip() == f"{image.app}/server"
    assert said(image.run("shell")).strip() == f"{image.app}/server"
    assert image.run("lost").returncode == 82


def test_a_program_is_looked_up_on_the_path_that_the_layers_make(image):
    image.buildpack()
    image.program("tools/bin/serve", "echo from the layer")
    image.process('command = ["serve"]\ndirect = true')
    assert said(image.run("web")) == "from the layer\n"


def test_the_users_command_runs_in_a_shell_and_after_two_dashes_directly(image):
    image.buildpack()
    image.process('command = ["serve"]\ndirect = true')
    image.file("tools/env.launch/WORD", "word")
    assert said(image.run(None, "echo $WORD")) == "word\n"
    assert said(image.run(None, "--", "echo", "$WORD")) == "$WORD\n"
    assert said(image.run(None, "echo", "$WORD and", "more")) == "word and more\n"


def test_shell_processes_evaluate_their_command_and_arguments(image):
    image.buildpack(api="0.8")
    image.file("tools/env/A", "it's \"quoted\" & more")
    image.process('command = "echo -n \\"$A\\" && echo !"\ndirect = false')
    image.process('command = "printf"\nargs = ["<%s>", "$A"]\ndirect = false', "arguments")
    assert said(image.run("web")) == "it's \"quoted\" & more!\n"
    assert said(image.run("arguments")) == "<%s>".replace("%s", 'it\'s "quoted" & more')


@pytest.mark.parametrize("argument, word", [
    ("-n", "-n"), ("-e", "-e"), ("-neE", "-neE"), ("$OPTION", "-e"), ("--", "--"), ("", ""), ("a  b", "a b"),
    ("$SPACED", "x  y"), ('say "hello   world"', "say hello world"), ("\\$A", "$A"), ("\\\\n", "\\n"), ("'q'", "'q'"),
    ("$(echo -n hi)", "hi"), ("*", "*"), ("-n x", "-n x"), ("%s", "%s"), ("\\\\055n", "\\055n")])
def test_a_shell_process_gets_every_argument_as_one_word(image, argument, word):
    image.buildpack(api="0.9")
    image.process('command = "printf"\nargs = ["<%s>"]\ndirect = false', "words")
    env = {"OPTION": "-e", "SPACED": "x  y"}
    assert said(image.run("words", "<%s>", argument, "last", env=env, platform="0.10")) == f"<{word}><last>"


def test_a_shell_process_with_arguments_takes_the_place_of_the_launcher(image):
    image.buildpack()
    image.process('command = "bash"\nargs = ["-c", "echo \\\\$PPID", "-n"]\ndirect = false')
    assert said(image.run("web")).strip() == str(os.getpid())


def test_profile_scripts_are_sourced_in_order_by_one_shell(image):
    image.buildpack("example/first")
    image.buildpack("example/app")
    image.file("z/profile.d/1", 'ORDER="$ORDER first-z-1"', buildpack="example/first")
    image.file("a/profile.d/2", 'ORDER="$ORDER a-2"')
    image.file("a/profile.d/1", 'ORDER="$ORDER a-1"')
    image.file("a/profile.d/web/1", 'ORDER="$ORDER a-web"')
    image.file("a/profile.d/other/1", 'ORDER="$ORDER wrong"')
    image.file("b/profile.d/1", 'ORDER="$ORDER b-1"; export ORDER; pwd')
    (image.app / ".profile").write_text('export ORDER="$ORDER app"\n')
    image.process('command = "echo $ORDER"\ndirect = false')
    assert said(image.run("web")) == f"{image.app}\nfirst-z-1 a-1 a-2 a-web b-1 app\n"
    image.process('command = ["printenv", "ORDER"]\ndirect = true', "direct")
    assert image.run("direct").returncode == 1, "a direct process sources no profile"


def test_variables_come_from_all_layers_in_the_order_of_the_build(image):
    image.buildpack("example/first")
    image.buildpack("example/app")
    image.file("z/env/ORDER.append", "first-z ", buildpack="example/first")
    image.file("b/env/ORDER.append", "b ")
    image.file("b/env.launch/ORDER.append", "b-launch ")
    image.file("b/env.launch/web/ORDER.append", "b-web ")
    image.file("b/env.launch/other/ORDER.append", "wrong")
    image.file("b/env.build/ORDER.append", "wrong")
    image.file("a/env/ORDER.append", "a ")
    image.file("a/env/ORDER.delim", ":")
    image.process('command = ["printenv", "ORDER"]\ndirect = true')
    assert said(image.run("web", env={"ORDER": "user "})) == "user first-z :a b b-launch b-web \n"


def test_suffixes_say_what_happens_to_what_the_user_set(image):
    image.buildpack()
    for suffix in ("", ".default", ".override", ".append", ".prepend", ".unknown"):
        image.file(f"a/env/V{suffix[1:].upper()}{suffix}", "layer")
    image.process('command = ["env"]\ndirect = true')
    names = ("V", "VDEFAULT", "VOVERRIDE", "VAPPEND", "VPREPEND", "VUNKNOWN")
    printed = dict(line.split("=", 1) for line in said(image.run("web", env={name: "user" for name in names})).splitlines())
    assert [printed[name] for name in names] == ["layer", "user", "layer", "userlayer", "layeruser", "user"]


def test_roots_of_a_buildpacks_layers_come_before_its_variables(image):
    image.buildpack("example/first")
    image.buildpack("example/app")
    a = image.program("a/bin/tool", "")
    b = image.program("b/bin/tool", "")
    image.file("b/lib/libx.so", "")
    image.file("a/env/PATH.prepend", "/prepended:")
    image.process('command = ["env"]\ndirect = true')
    printed = dict(line.split("=", 1) for line in said(image.run("web")).splitlines())
    assert printed["PATH"] == f"/prepended:{b.parent}:{a.parent}:/usr/bin:/bin"
    assert printed["LD_LIBRARY_PATH"] == str(b.parent.parent / "lib")


def test_the_launchers_own_variables_are_not_the_processs(image):
    image.buildpack()
    image.process('command = ["env"]\ndirect = true')
    env = {"CNB_STACK_ID": "stack", "CNB_PROCESS_TYPE": "web", "PATH": "/cnb/process:/cnb/lifecycle:/usr/bin:/bin"}
    result = image.run("web", env=env)
    assert sorted(said(result).splitlines()) == ["CNB_STACK_ID=stack", "PATH=/usr/bin:/bin"]
    assert "CNB_PROCESS_TYPE" in result.stderr


def test_exec_d_programs_set_variables_for_those_after_them(image):
    image.buildpack("example/first")
    image.buildpack("example/app")
    image.program("a/exec.d/1", """echo "A = 'one'" >&3; echo out; pwd""", buildpack="example/first")
    image.program("a/exec.d/2", """echo "A = '$A two $FROM_ENV'" >&3""")
    image.program("a/exec.d/web/1", """printf 'A = "%s three"\\nB = "b"\\n' "$A" >&3""")
    image.program("a/exec.d/other/1", "exit 1")
    image.file("a/env/FROM_ENV", "env")
    image.process('command = ["printenv", "A", "B"]\ndirect = true')
    assert said(image.run("web")) == f"out\n{image.app}\none two env three\nb\n"


def test_exec_d_leaves_the_input_to_the_process(image):
    image.buildpack()
    image.program("a/exec.d/1", "cat")
    image.process('command = ["cat"]\ndirect = true')
    assert said(image.run("web", stdin="for the process")) == "for the process"


@pytest.mark.parametrize("script", ["exit 3", "echo 'not toml' >&3", "echo 'A = 1' >&3", "kill -9 $$"])
def test_a_failing_exec_d_program_stops_the_launch(image, script):
    image.buildpack()
    image.program("a/exec.d/1", script)
    image.process('command = ["echo", "started"]\ndirect = true')
    result = image.run("web")
    assert (result.returncode, result.stdout) == (82, "")
    assert "exec.d/1" in result.stderr


def test_a_file_in_exec_d_that_is_no_program_stops_the_launch(image):
    image.buildpack()
    image.file("a/exec.d/1", "A = 'one'")
    image.process('command = ["echo", "started"]\ndirect = true')
    assert image.run("web").returncode == 82


@pytest.mark.parametrize("platform, status", [("0.6", 11), ("0.7", 0), ("0.15", 0), ("0.16", 11), ("1.0", 11), ("x", 11),
                                              ("", 11)])
def test_an_unknown_platform_api_is_status_11(image, platform, status):
    image.buildpack()
    image.process('command = ["true"]\ndirect = true')
    result = image.run("web", platform=platform)
    assert result.returncode == status
    assert bool(result.stderr) == (status != 0)


@pytest.mark.parametrize("api, status", [("0.6", 12), ("0.7", 0), ("0.12", 0), ("0.13", 12), ("x", 12), ("", 12)])
def test_an_unknown_buildpack_api_is_status_12(image, api, status):
    image.buildpack(api=api)
    image.process('command = ["true"]\ndirect = true')
    assert image.run("web").returncode == status


def test_metadata_that_cannot_be_read_are_status_1(image):
    (image.links / "web").symlink_to(image.launcher)
    assert image.start("web").returncode == 1
    (image.layers / "config/metadata.toml").write_text("processes = [")
    assert image.start("web").returncode == 1


def test_what_cannot_be_launched_is_status_82(image):
    image.buildpack()
    image.process('command = ["no-such-program"]\ndirect = true')
    image.process('command = ["/etc/passwd"]\ndirect = true', "data")
    image.process('command = []\ndirect = true', "none")
    image.process('command = []\ndirect = false', "none-in-shell")
    image.process('command = [""]\nargs = ["a"]\ndirect = false', "empty")
    for kind, arguments in (("web", ()), ("data", ()), ("none", ()), ("none", ("a",)), ("none-in-shell", ()), ("empty", ()),
                            (None, ()), (None, ("--", "no-such-program"))):
        result = image.run(kind, *arguments)
        assert result.returncode == 82, (kind, arguments)
        assert result.stderr.count("\n") >= 1 and result.stdout == ""


def test_processes_are_for_their_execution_environments(image):
    image.buildpack(api="0.12")
    image.process('command = ["echo", "test"]\ndirect = true\nexec-env = ["test", "development"]')
    image.process('command = ["echo", "all"]\ndirect = true\nexec-env = ["*"]', "all")
    assert image.run("web", platform="0.15").returncode == 82
    assert said(image.run("web", platform="0.15", env={"CNB_EXEC_ENV": "test"})) == "test\n"
    assert said(image.run("web", platform="0.14")) == "test\n"
    assert said(image.run("all", platform="0.15")) == "all\n"


def test_a_failure_is_one_clear_line(image):
    image.buildpack()
    image.process('command = ["serve"]\ndirect = true')
    assert image.run("web").stderr == (
        "launcher: cannot launch serve: there is no such program in PATH; check the process's command\n")


def test_a_start_takes_next_to_no_time(image):
    image.buildpack()
    image.process('command = ["true"]\ndirect = true')
    for layer in range(10):
        image.file(f"{layer}/env/V{layer}", "value")
    image.run("web")
    # The program that is started costs about a millisecond of this itself; the margin is for a busy machine.
    before = os.times()
    for _ in range(50):
        assert image.start("web").returncode == 0
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    assert spent / 50 < 0.01
