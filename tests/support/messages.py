"""The errors that the programs may end with, and what they say to do: read off the code, and off the messages that tests hold.

In the code an error is a report {action, object, cause, remedy} of literals, fmt::format and values: a value becomes "…".
Where even the cause is a value, since a helper has put the report together, the messages in tests say what it may be.
"""

import dataclasses
import itertools
import pathlib
import re

ANYTHING = "…"
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"(?:sv|s)?|\'(?:[^\'\\]|\\.)*\'|//[^\n]*|\w+|::|->|[^\s\w]')
OPENING, CLOSING = "([{", ")]}"


@dataclasses.dataclass(frozen=True)
class Message:
    folder: str  # of common/, or "launcher": where it comes from
    what: str  # "cannot find branch … in …"
    cause: str
    remedy: str

    @property
    def shown(self) -> str:
        return f"{self.what}: {self.cause}" if self.cause else self.what

    @property
    def key(self) -> tuple[str, str]:
        """What makes two messages one for a reader: the same cause and remedy, of whatever field or object."""
        return without_values(self.cause), without_values(self.remedy)

    def covers(self, other: "Message") -> bool:
        """Whether `other` is this one with its values."""
        def matches(pattern: str, text: str) -> bool:
            return re.fullmatch(".*".join(re.escape(part) for part in pattern.split(ANYTHING)), text) is not None
        return all(map(matches, (self.what, self.cause, self.remedy), (other.what, other.cause, other.remedy)))


def without_values(text: str) -> str:
    for pattern in (r" \([A-Z][^()]*\)$", r'"[^"]*"', r"\b(?:source|params|version|request)(?:[.\[][\w.\[\]]*)?\w", r"\d+", r"linux/\w+"):
        text = re.sub(pattern, ANYTHING, text)
    return text


def messages(project: pathlib.Path) -> list[Message]:
    """Every error with a remedy, once."""
    from_code = [message for path in sorted([*project.glob("common/*/*.cpp"), *project.glob("launcher/*.cpp")])
                 for message in reports(path)]
    from_tests = [placed(message, from_code) for message in sorted(held(project), key=lambda message: (message.shown, message.remedy, message.folder))]
    written = [message for message in from_code if message.cause != ANYTHING]
    vague = [message for message in from_code if message.cause == ANYTHING and message.remedy != ANYTHING]
    result = list(written)
    result += [message for message in from_tests if not any(pattern.covers(message) for pattern in written)]
    result += [message for message in vague if not any(message.covers(other) for other in from_tests)]
    kept: dict[tuple[str, str], Message] = {}
    for message in result:
        if message.remedy.strip(f"{ANYTHING} ,;"):
            kept.setdefault(message.key, message)
    return sorted(kept.values(), key=lambda message: (message.folder, message.shown, message.remedy))


# --- the code


def reports(path: pathlib.Path) -> list[Message]:
    tokens = [match[0] for match in TOKEN.finditer(path.read_text()) if not match[0].startswith("//")]
    folder = path.parent.name
    found = []
    for i, token in enumerate(tokens):
        if token != "{" or tokens[i - 1] not in (",", "Report", "return", "(", "="):
            continue
        parts = split(inside(tokens, i))
        if len(parts) != 4 or not parts[0] or not re.match(r'"[a-z]', parts[0][0]):
            continue
        for action, object_, cause, remedy in itertools.product(*map(texts, parts)):
            if cause:
                found.append(Message(folder, f"cannot {action} {object_}".strip(), cause, remedy))
    return found


def inside(tokens: list[str], start: int) -> list[str]:
    """The tokens between the bracket at `start` and its partner."""
    depth = 0
    for i in range(start, len(tokens)):
        depth += (tokens[i] in OPENING) - (tokens[i] in CLOSING)
        if depth == 0:
            return tokens[start + 1:i]
    return []


def split(tokens: list[str], separator: str = ",") -> list[list[str]]:
    parts: list[list[str]] = [[]]
    depth = 0
    for token in tokens:
        depth += (token in OPENING) - (token in CLOSING)
        if token == separator and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def texts(tokens: list[str]) -> list[str]:
    """What an expression of strings may give: both sides of `?:`, each term of a sum, fmt::format with its values."""
    if not tokens:
        return [""]
    if len(condition := split(tokens, "?")) == 2 and len(sides := split(condition[1], ":")) == 2:
        return texts(sides[0]) + texts(sides[1])
    if len(terms := split(tokens, "+")) > 1:
        return ["".join(term) for term in itertools.product(*map(texts, terms))]
    if all(token.startswith('"') for token in tokens):
        return ["".join(map(unquoted, tokens))]
    called = "".join(itertools.takewhile(lambda token: token not in "({", tokens))
    opened = next((i for i, token in enumerate(tokens) if token in "({"), None)
    if opened is None or len(inside(tokens, opened)) != len(tokens) - opened - 2:
        return [ANYTHING]
    inner = inside(tokens, opened)
    if called == "fmt::format":
        return formatted(split(inner))
    return texts(inner) if called in ("", "std::string", "std::string_view", "std::move") else [ANYTHING]


def formatted(arguments: list[list[str]]) -> list[str]:
    pieces = re.split(r"(?<!\{)\{[^{}]*\}", "".join(map(unquoted, arguments[0])))
    values = [values if len(values := texts(argument)) <= 3 else [ANYTHING] for argument in arguments[1:len(pieces)]]
    results = []
    for chosen in itertools.product(*values):
        joined = "".join(itertools.chain.from_iterable(itertools.zip_longest(pieces, chosen, fillvalue="")))
        results.append(joined.replace("{{", "{").replace("}}", "}"))
    return results


def unquoted(token: str) -> str:
    return re.sub(r"\\(.)", r"\1", token[1:token.rindex('"')]) if token.startswith('"') else ANYTHING


# --- the tests

LITERAL = re.compile(r'"((?:cannot )(?:[^"\\\n]|\\.)*)"')
VALUES = [
    (re.compile(r"https?://127\.0\.0\.1:(<port>|\d+)"), "https://git.example.com"),
    (re.compile(r"127\.0\.0\.1:<port>|(?<!://)\bHOST\b|\br\.example(?![-.\w])"), "registry.example.com"),
    (re.compile(r"\\(.)"), r"\1"),
    (re.compile(r"wait \d+ s"), f"wait {ANYTHING} s"),
    (re.compile(r"not 'you'|(?<=UNAUTHORIZED: )no\b|(?<=Client secret provided).*(?=;)"), ANYTHING),
    # What a test's server says, and what Python fills in.
    (re.compile(r' \((Ask the|incorrect|LFS is|UNAUTHORIZED)[^()]*(\(\([^()]*\)\))?\)|(?<=page) \("[^"]*"\)'), ""),
    (re.compile(r"<(test|temporary)>|\{[\w.]*\}|\{[^{}]*['()][^{}]*\}|<digest>|\b[0-9a-f]{40,64}\b"), ANYTHING),
]
# Where the messages of golden files come from, by the files' names.
GOLDEN = (("bad_input", "concourse"), ("bad_put", "lifecycle"), ("hostile_http", "source"), ("source_", "source"))
# Kinds and texts that only unit tests know.
INVENTED = re.compile(r"401 UNAUTHORIZED$|isbn|\breel\b|the host:|\?\[31m")


def held(project: pathlib.Path) -> set[Message]:
    """The whole messages with a remedy that stand in tests."""
    found = set()
    for path in [*project.glob("tests/unit/*/*.cpp"), *project.glob("tests/acceptance/*.py"), *project.glob("tests/integration/*.py")]:
        joined = re.sub(r'"\s*\n\s*f?"', "", path.read_text())
        found |= {read(path.parent.name, match[1]) for match in LITERAL.finditer(joined)}
    for path in project.glob("tests/golden/messages/*.txt"):
        folder = next((folder for start, folder in GOLDEN if path.name.startswith(start)), "")
        found |= {read(folder, line.strip()) for line in path.read_text().splitlines() if line.startswith("    cannot ")}
    return {message for message in found if message and not message.remedy.endswith((" ", ":")) and not INVENTED.search(message.shown)}


def read(folder: str, text: str) -> Message | None:
    for pattern, replacement in VALUES:
        text = pattern.sub(replacement, text)
    what, _, rest = text.partition(": ")
    cause, _, remedy = rest.partition("; ")
    return Message(folder, what, cause, remedy) if what and cause and remedy.strip() else None


def placed(message: Message, code: list[Message]) -> Message:
    """The message in the folder whose code says the like: the one with the most words of it. A field's value is of "fields"."""
    if re.match(r"cannot read (source|params|request|version|the request|the options)\b", message.what) or message.folder == "json":
        return dataclasses.replace(message, folder="fields")
    alike = [pattern for pattern in code if pattern.cause == ANYTHING and len(pattern.what) > len(f"cannot read {ANYTHING}")
             and Message("", pattern.what, ANYTHING, ANYTHING).covers(message)]
    best = max(alike, key=lambda pattern: len(pattern.what), default=None)
    return dataclasses.replace(message, folder=best.folder if best else message.folder)
