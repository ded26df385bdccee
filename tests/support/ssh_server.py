"""sshd on loopback, on a random port, with keys of its own; it runs git-upload-pack for whoever runs the tests."""

import getpass
import pathlib
import shutil
import subprocess
import tempfile

from support.git_server import free_port, wait_for_port


class SshServer:
    """`protocol=0`: a server that is not told which version of git's protocol the client speaks. `agent_log` gets what
    the agent that comes with each connection has ("none" without one)."""

    def __init__(self, *, protocol: int = 2):
        self.protocol = protocol
        self.process = None

    def __enter__(self) -> "SshServer":
        # sshd refuses keys below a directory that others may write to, and /tmp is one; StrictModes is off for that.
        self.state = pathlib.Path(tempfile.mkdtemp(prefix="ssh-server-"))
        self.key = self.make_key("user")
        self.locked_key = self.make_key("locked", "open sesame")
        self.stranger_key = self.make_key("stranger")
        self.make_key("host")
        authorized = self.state / "authorized_keys"
        self.agent_log = self.state / "agents"
        command = self.state / "command"
        command.write_text(f"#!/bin/sh\nif [ -n \"$SSH_AUTH_SOCK\" ]; then ssh-add -l; else echo none; fi >>{self.agent_log} 2>&1\n"
                           f'PATH={self.state}/bin:$PATH exec sh -c "$SSH_ORIGINAL_COMMAND"\n')
        (self.state / "bin").mkdir()
        command.chmod(0o755)
        authorized.write_text("".join(f'command="{command}" ' + (self.state / f"{name}.pub").read_text()
                                      for name in ("user", "locked")))
        pathlib.Path("/run/sshd").mkdir(exist_ok=True)
        for _ in range(5):
            self.port = free_port()
            config = self.state / "sshd_config"
            config.write_text("\n".join([
                f"Port {self.port}", "ListenAddress 127.0.0.1", f"HostKey {self.state}/host",
                f"PidFile {self.state}/pid", f"AuthorizedKeysFile {authorized}", "StrictModes no", "UsePAM no",
                "PasswordAuthentication no", "KbdInteractiveAuthentication no", "PermitRootLogin yes",
                "AcceptEnv GIT_PROTOCOL" if self.protocol == 2 else "",
                "LogLevel VERBOSE", "SetEnv GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0=*", ""]))
            log = (self.state / "log").open("wb")
            self.process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", str(config)], stdout=log, stderr=log)
            if wait_for_port(self.port, self.process):
                return self
            self.stop()
        raise AssertionError(f"sshd does not start: {(self.state / 'log').read_text()}")

    def __exit__(self, *_) -> None:
        self.stop()
        shutil.rmtree(self.state, ignore_errors=True)

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(10)
        self.process = None

    def make_key(self, name: str, passphrase: str = "") -> str:
        path = self.state / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f", str(path)], check=True)
        return path.read_text()

    def add_program(self, name: str, script: str) -> None:
        """What a session may run beside the machine's programs."""
        (self.state / "bin" / name).write_text(script)
        (self.state / "bin" / name).chmod(0o755)

    def url(self, path: pathlib.Path) -> str:
        return f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}{path}"

    @property
    def known_hosts(self) -> str:
        kind, key, *_ = (self.state / "host.pub").read_text().split()
        return f"[127.0.0.1]:{self.port} {kind} {key}\n"

    @property
    def log(self) -> str:
        return (self.state / "log").read_text()
