"""What people see, held against tests/golden/messages: one file for a test file, one entry for each test.

    def test_a_wrong_option(bench, golden):
        golden(result.error)

After a change of words read the difference that this makes, and commit it: UPDATE_GOLDEN=1 scripts/test -k <test>
"""

import os
import pathlib
import re

# What differs from run to run. A digest of zeros is one that a test has written down.
VARIABLE = [
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:<port>"),
    (re.compile(r"port \d+ after \d+ ms"), "port <port> after <some> ms"),
    (re.compile(r"sha256:(?!0{12})[0-9a-f]{12,64}\b"), "sha256:<digest>"),
    (re.compile(r"/tmp/build-service-[A-Za-z0-9-]+"), "<temporary>"),
]


class Messages:
    """The entries of one file: the names of the tests that show a text, a line each, and the text indented below."""

    def __init__(self, path: pathlib.Path):
        self.path = path
        self.texts: dict[str, str] = {}
        names: list[str] = []
        lines: list[str] = []
        for line in [*(path.read_text().splitlines() if path.exists() else []), "the end"]:
            if line.startswith("    ") or not line:
                lines.append(line[4:])
                continue
            if lines:
                self.texts.update(dict.fromkeys(names, "\n".join(lines)))
                names, lines = [], []
            names.append(line)

    def write(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        entries = [f"{name}\n" for name in sorted(self.texts)]
        following = [*sorted(self.texts)[1:], None]
        for i, (name, after) in enumerate(zip(sorted(self.texts), following, strict=True)):
            if after is None or self.texts[after] != self.texts[name]:
                entries[i] += "".join(f"    {line}".rstrip() + "\n" for line in self.texts[name].splitlines())
        self.path.write_text("".join(entries))

    def check(self, name: str, text: str) -> None:
        text = "\n".join(line.rstrip() for line in text.strip("\n").splitlines())
        if os.environ.get("UPDATE_GOLDEN") and self.texts.get(name) != text:
            self.texts[name] = text
            self.write()
        assert self.texts.get(name) == text, \
            f"other words than in {self.path.name}: read them, and keep them by UPDATE_GOLDEN=1 scripts/test -k {name.split('[')[0]}"


class Golden:
    """The messages of one test: called with each."""

    def __init__(self, messages: Messages, name: str, directory: pathlib.Path):
        self.messages = messages
        self.name = name.encode("ascii", "backslashreplace").decode()
        self.directory = directory
        self.calls = 0

    def __call__(self, text: str) -> str:
        self.calls += 1
        shown = text.replace(str(self.directory), "<test>")
        for pattern, replacement in VARIABLE:
            shown = pattern.sub(replacement, shown)
        self.messages.check(self.name + (f" ({self.calls})" if self.calls > 1 else ""), shown)
        return text
