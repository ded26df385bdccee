"""Real git servers on loopback: git-http-backend behind lighttpd (plain, basic authentication, TLS), on random ports.

    with GitServer(directory) as server:                        # serves <directory>/<name>.git
        server = GitServer(directory, user="u", password="p", authority=Authority(...))
        server.url("app")                                       # http://127.0.0.1:<port>/app.git

`Repository` makes repositories with fixed names and dates, so that the same steps give the same commits.
"""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ENVIRONMENT = {
    "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


def git(*arguments, directory: pathlib.Path, env: dict | None = None, stdin: bytes | None = None) -> str:
    done = subprocess.run(["git", *map(str, arguments)], cwd=directory, env={**ENVIRONMENT, **(env or {})}, input=stdin,
                          capture_output=True)
    assert done.returncode == 0, f"git {arguments}: {done.stderr.decode(errors='replace')}"
    return done.stdout.decode(errors="surrogateescape").strip()


class Repository:
    """A bare repository that is written to by commands, without a checkout."""

    def __init__(self, path: pathlib.Path, branch: str = "main"):
        self.path = path
        self.clock = 1_700_000_000
        path.mkdir(parents=True)
        self.git("init", "--quiet", "--bare", f"--initial-branch={branch}")
        # As hosting services have it; the tests for lesser servers take it away again.
        self.git("config", "uploadpack.allowFilter", "true")
        self.git("config", "uploadpack.allowAnySHA1InWant", "true")
        self.branch = branch

    def git(self, *arguments, **options) -> str:
        return git(*arguments, directory=self.path, **options)

    def dates(self, zone: str = "+0100", author: str = "Ann Author <ann@example.com>",
              committer: str = "Carl Committer <carl@example.com>") -> dict:
        self.clock += 60
        env = {}
        for role, person in (("AUTHOR", author), ("COMMITTER", committer)):
            name, address = re.fullmatch(r"(.*) <(.*)>", person).groups()
            env |= {f"GIT_{role}_NAME": name, f"GIT_{role}_EMAIL": address, f"GIT_{role}_DATE": f"{self.clock} {zone}"}
        return env

    def commit(self, message: str = "a change", files: dict | None = None, branch: str | None = None,
               parents: list[str] | None = None, **who) -> str:
        """Adds to (or starts) a branch; `files` change the parent's, None removes. Returns the commit."""
        branch = branch or self.branch
        if parents is None:
            tip = self.tip(branch)
            parents = [tip] if tip else []
        index = tempfile.mktemp(prefix="index-", dir=self.path)
        env = {"GIT_INDEX_FILE": index}
        try:
            if parents:
                self.git("read-tree", parents[0], env=env)
            for path, content in ({} if files is None else files).items():
                if content is None:
                    self.git("update-index", "--index-info", env=env, stdin=f"0 {'0' * 40}\t{path}\n".encode())
                    continue
                mode, content = content if isinstance(content, tuple) else ("100644", content)
                blob = content if mode == "160000" else self.git(
                    "hash-object", "-w", "--stdin", stdin=content.encode() if isinstance(content, str) else content)
                self.git("update-index", "--add", "--cacheinfo", f"{mode},{blob},{path}", env=env)
            tree = self.git("write-tree", env=env)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(index)
        arguments = [argument for parent in parents for argument in ("-p", parent)]
        commit = self.git("commit-tree", tree, *arguments, env=self.dates(**who), stdin=message.encode())
        self.git("update-ref", f"refs/heads/{branch}", commit)
        return commit

    def tip(self, branch: str) -> str | None:
        done = subprocess.run(["git", "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}"], cwd=self.path,
                              env=ENVIRONMENT, capture_output=True, text=True)
        return done.stdout.strip() or None

    def tag(self, name: str, commit: str, message: str | None = None) -> None:
        if message is None:
            self.git("tag", name, commit)
        else:
            self.git("tag", "-a", "-m", message, name, commit, env=self.dates())


class GitServer:
    """Serves every <name>.git below a directory by smart HTTP."""

    def __init__(self, directory: pathlib.Path, *, user: str | None = None, password: str | None = None, authority=None,
                 extra: str = "", log_format: str = "%m %U?%q %s %b"):
        self.directory = pathlib.Path(directory)
        self.user, self.password, self.authority, self.extra = user, password, authority, extra
        self.log_format = log_format
        self.process = None

    def __enter__(self) -> "GitServer":
        self.state = pathlib.Path(tempfile.mkdtemp(prefix="git-server-"))
        for _ in range(5):  # the port may be taken between finding and using it
            self.port = free_port()
            config = self.state / "lighttpd.conf"
            config.write_text(self.configuration())
            with (self.state / "output.log").open("wb") as output:
                self.process = subprocess.Popen(["/usr/sbin/lighttpd", "-D", "-f", str(config)], stdout=output, stderr=output)
            if wait_for_port(self.port, self.process):
                return self
            self.stop()
        raise AssertionError(f"lighttpd does not start: {(self.state / 'output.log').read_text()}")

    def __exit__(self, *_) -> None:
        self.stop()
        shutil.rmtree(self.state, ignore_errors=True)

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    @property
    def base(self) -> str:
        return f"{'https' if self.authority else 'http'}://127.0.0.1:{self.port}"

    def url(self, name: str) -> str:
        return f"{self.base}/{name}.git"

    def requests(self) -> list[str]:
        """What was asked for so far: "GET /app.git/info/refs?service=git-upload-pack 200 1234"."""
        # lighttpd writes its log now and then; told to cycle its logs it writes at once, and says when it has.
        errors, log = self.state / "error.log", self.state / "access.log"
        before = errors.read_text().count("logfiles cycled")
        self.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 5
        while errors.read_text().count("logfiles cycled") == before:
            assert time.monotonic() < deadline, "lighttpd does not write its log"
            time.sleep(0.01)
        return log.read_text().splitlines()

    def configuration(self) -> str:
        modules = ["mod_alias", "mod_setenv", "mod_cgi", "mod_accesslog"]
        lines = []
        if self.user is not None:
            modules[:0] = ["mod_auth", "mod_authn_file"]
            (self.state / "users").write_text(f"{self.user}:{self.password}\n")
            lines += ['auth.backend = "plain"', f'auth.backend.plain.userfile = "{self.state}/users"',
                      'auth.require = ( "" => ( "method" => "basic", "realm" => "git", "require" => "valid-user" ) )']
        if self.authority:
            modules.append("mod_openssl")
            certificate, key = self.authority.issue()
            lines += ['ssl.engine = "enable"', f'ssl.pemfile = "{certificate}"', f'ssl.privkey = "{key}"']
        names = ", ".join(f'"{name}"' for name in modules)
        return "\n".join([
            f"server.modules = ( {names} )",
            'server.bind = "127.0.0.1"',
            f"server.port = {self.port}",
            f'server.document-root = "{self.directory}"',
            f'server.errorlog = "{self.state}/error.log"',
            f'accesslog.filename = "{self.state}/access.log"',
            f'accesslog.format = "{self.log_format}"',
            'server.stream-response-body = 1',
            'alias.url = ( "" => "/usr/lib/git-core/git-http-backend" )',
            'cgi.assign = ( "" => "" )',
            # Repositories of tests belong to whoever runs them.
            f'setenv.add-environment = ( "GIT_PROJECT_ROOT" => "{self.directory}", "GIT_HTTP_EXPORT_ALL" => "1", '
            '"GIT_CONFIG_COUNT" => "1", "GIT_CONFIG_KEY_0" => "safe.directory", "GIT_CONFIG_VALUE_0" => "*" )',
            *lines,
            self.extra,
            "",
        ])


def http_backend(directory: pathlib.Path, method: str, path: str, headers, body: bytes) -> tuple[int, dict, bytes]:
    """What git-http-backend answers for the repositories below a directory: status, header fields, content."""
    path, _, query = path.partition("?")
    environment = {"PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(directory), "GIT_HTTP_EXPORT_ALL": "1",
                   "PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": method,
                   "CONTENT_TYPE": headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body)),
                   "GIT_PROTOCOL": headers.get("Git-Protocol", ""), "GIT_CONFIG_COUNT": "1",
                   "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
    done = subprocess.run(["/usr/lib/git-core/git-http-backend"], input=body, env=environment, capture_output=True)
    head, _, content = done.stdout.partition(b"\r\n\r\n")
    fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
    return int(fields.pop("Status", "200").split()[0]), fields, content


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for_port(port: int, process: subprocess.Popen) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        time.sleep(0.02)
    return False
