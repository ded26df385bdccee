"""What a person sees on Concourse's page: colours that can be read, a summary in one sentence, the error last."""

import re

import pytest

from support import push_image
from support.log_rules import is_one_sentence, pale_texts, summary_of
from support.program import run_program
from support.put_bench import PutBench
from support.registry_server import RegistryServer

CONCOURSE = {"ATC_EXTERNAL_URL": "https://ci.example.com"}


@pytest.fixture(scope="module")
def bench(as_root, programs, tmp_path_factory) -> PutBench:
    directory = tmp_path_factory.mktemp("page")
    with RegistryServer(directory / "registry") as registry:
        push_image.Registry(registry.host).push("run", "base", push_image.run_image("1"))
        yield PutBench(programs, directory, registry.host).builder(build="""
            [ ! -e fails ] || { echo compiling; exit 7; }
            mkdir -p "$1/tool" && echo '[types]\nlaunch = true' >"$1/tool.toml" && head -c 4000000 /dev/zero >"$1/tool/large" """)


def put(bench: PutBench, **params):
    return bench.container.run("out", [bench.inputs], bench.request(**params),
                               {"PATH": "/usr/bin:/bin", "HOME": "/root", **CONCOURSE})


def test_a_build_an_edit_and_no_change_end_with_one_green_sentence_each(bench):
    logs = [put(bench).stderr]
    (bench.application / "file").write_text("edited\n")
    logs += [put(bench).stderr, put(bench).stderr]
    for log, words in zip(logs, ("built for CONFIG", "built for COMMIT", "nothing has changed")):
        assert words in summary_of(log) and is_one_sentence(summary_of(log)), log
        assert log.splitlines()[-1].startswith("\x1b[32m") and pale_texts(log) == [], log


def test_sizes_are_those_of_what_is_sent(bench):
    (bench.application / "file").write_text("edited again\n")
    log = put(bench, clear_cache=True).stderr
    # Four megabytes of zeros, which nobody sends: the layer is some kilobytes.
    added = [line for line in log.splitlines() if "adding" in line or "reusing" in line]
    assert added and not any(" MB" in line for line in added if "launcher" not in line), log


def test_a_buildpack_that_fails_leaves_the_error_in_the_last_line(bench):
    (bench.application / "fails").touch()
    outcome = put(bench)
    (bench.application / "fails").unlink()
    assert outcome.status == 1 and pale_texts(outcome.stderr) == []
    assert re.fullmatch(r"error: cannot build with buildpack .* exit status 7; .*", summary_of(outcome.stderr)), outcome.stderr
    assert "compiling" in outcome.stderr


def test_each_check_of_digests_says_what_it_found(bench, programs):
    source = {"repository": f"{bench.host}/run", "tag": "base"}
    first = run_program(programs, "check", {"source": source}, env=CONCOURSE)
    digest = first.answer[0]["digest"]
    assert first.lines == [f"{bench.host}/run:base: the newest version is {digest[:19]}"]
    again = run_program(programs, "check", {"source": source, "version": first.answer[0]}, env=CONCOURSE)
    assert again.lines == [f"{bench.host}/run:base: nothing newer than {digest[:19]}"]
    none = run_program(programs, "check", {"source": {**source, "tag": "none"}}, env=CONCOURSE)
    assert none.answer == [] and none.lines == [f"{bench.host}/run:none: there is no version yet"]
