"""check and in against a server that breaks the protocol, or sends packs that are broken or made to hurt."""

import hashlib
import zlib

import pytest
from support import packs
from support.hostile_git_server import FLUSH, DELIMITER, HostileGitServer, bands, packet, packets
from support.packs import History, Pack
from support.refusals import Refusals

GOOD = History(("100644", "file", b"hello\n"))
PACK = "cannot read the pack that http://127.0.0.1:"


@pytest.fixture
def refused(programs, tmp_path):
    return Refusals(programs, tmp_path)


@pytest.fixture
def server():
    with HostileGitServer(GOOD.head, GOOD.pack.bytes()) as running:
        yield running


def refuses_pack(refused, pack: bytes, *words: str, head: str = GOOD.head, **more):
    with HostileGitServer(head, pack) as server:
        return refused("in", {"uri": server.url}, *words, version=head, **more)


def test_the_server_without_a_fault_is_served(refused, server):
    assert refused.run("check", {"uri": server.url}).answer == [{"ref": GOOD.head}]
    assert refused.run("in", {"uri": server.url}, GOOD.head).answer["version"] == {"ref": GOOD.head}
    assert (refused.destination / "file").read_text() == "hello\n"


# Packets

BROKEN_PACKETS = {
    "a length of 3": (b"0003", "3 is not the length of a packet"),
    "a length beyond a packet's": (b"fff1" + b"x" * 70000, "65521 is not the length of a packet"),
    "a length in no digits": (b"00zz1234", '"00zz" is not the length of a packet'),
    "a negative length": (b"-001", '"-001" is not the length of a packet'),
    "bytes that are not text": (b"\xff\xfe\x00\x1b", "is not the length of a packet"),
    "a packet that is cut": (b"0032 half", "it ended in the middle of a packet"),
    "a length that is cut": (b"00", "it ended in the middle of a packet"),
    "more after the end": (FLUSH + packet(b"x"), "it goes on after its end"),
    "no end": (b"", "it ended too early"),
}


@pytest.mark.parametrize("stage", ["advertise", "ls-refs"])
@pytest.mark.parametrize("fault", BROKEN_PACKETS)
def test_broken_packets(refused, server, stage, fault):
    broken, words = BROKEN_PACKETS[fault]
    server.answers[stage] = server.answers[stage].removesuffix(FLUSH) + broken
    refused("check", {"uri": server.url}, server.url, words)


@pytest.mark.parametrize("fault", BROKEN_PACKETS)
def test_broken_packets_within_a_fetch(refused, server, fault):
    broken, words = BROKEN_PACKETS[fault]
    server.answers["fetch"] = server.answers["fetch"].removesuffix(FLUSH) + broken
    refused("in", {"uri": server.url}, words, version=GOOD.head)


def test_an_error_of_the_server_is_printed_without_what_it_could_do_to_a_terminal(refused, server):
    server.answers["fetch"] = packets(b"packfile\n", b"\x03out of \x1b]0;memory\x07\nerror: forged\n")
    result = refused("in", {"uri": server.url}, 'it says "out of ?]0;memory? error: forged"', version=GOOD.head)
    assert "\x1b]" not in result.stderr and "\x07" not in result.stderr
    server.answers["ls-refs"] = packet(b"ERR access \xe2\x80\xaedenied")
    refused("check", {"uri": server.url}, 'it says "access ?denied"')


@pytest.mark.parametrize("answer, words", [
    (packets(b"packfile\n", b"\x05what"), "no known band"),
    (packets(b"packfile\n", b""), "empty packet"),
    (packets(b"acknowledgments\n", b"MAYBE\n"), '"MAYBE" is not an acknowledgment'),
    (packets(b"acknowledgments\n", b"ACK 123\n"), "names no object"),
    (packets(b"shallow-info\n", b"shallow \xff\n"), "names no object"),
    (packets(b"unheard-of\n"), '"unheard-of" is not a section of it'),
    (packets(b"acknowledgments\n", b"NAK\n") + FLUSH, "it has no pack"),
    (packets(b"packfile\n") + DELIMITER + FLUSH, "cut by a delimiter"),
    (FLUSH, "it has no pack"),
])
def test_an_answer_that_is_no_fetch(refused, server, answer, words):
    server.answers["fetch"] = answer
    refused("in", {"uri": server.url}, words, version=GOOD.head)


# Refs

@pytest.mark.parametrize("line, words", [
    (b"nonsense", "is not a line of a ref list"),
    (b"\x1b[31m refs/heads/main", '"?[31m refs/heads/main" is not a line of a ref list'),
    (b"1" * 64 + b" refs/heads/main", "its object names are SHA-256"),
    (b"0" * 40 + b" refs/heads/main", "is not a line of a ref list"),
])
def test_a_ref_list_that_is_none(refused, server, line, words):
    server.answers["ls-refs"] = packets(line) + FLUSH
    refused("check", {"uri": server.url}, words)


def test_refs_that_could_not_be_stored_are_as_if_they_were_not_there(refused, server):
    names = [b"refs/heads/../../../escaped", b"refs/heads/a\x1b[31mb", b"refs/heads/.git", b"refs/heads/a..b", b"refs/tags/v.lock",
             b"refs/heads/with blank", b"refs/notes/../x", b"refs/heads/a\tb", b"refs/tags/@{1}", b"refs/heads/x\\y", b"refs/tags//a"]
    head = GOOD.head.encode()
    server.answers["ls-refs"] = packets(head + b" HEAD symref-target:refs/heads/../x\n", *(head + b" " + name for name in names),
                                        head + b" refs/heads/main\n") + FLUSH
    refused("check", {"uri": server.url, "branch": "missing"}, "there is no such branch (it has main, with)")
    assert refused.run("check", {"uri": server.url}).answer == [{"ref": GOOD.head}]
    result = refused.run("in", {"uri": server.url}, GOOD.head, {"all_branches": True, "fetch_tags": True})
    assert result.status == 0, result.stderr
    written = (refused.destination / ".git/packed-refs").read_text()
    assert "main" in written and not any(word in written for word in ("escaped", "31m", "..", "lock", "blank"))
    assert "\x1b[31m" not in result.stderr


# Packs

def test_a_pack_that_is_cut(refused):
    whole = GOOD.pack.bytes()
    for length in (0, 3, 11, 12, 13, len(whole) // 2, len(whole) - 21, len(whole) - 20, len(whole) - 1):
        refuses_pack(refused, whole[:length], PACK)


def test_a_pack_with_a_bit_turned(refused):
    whole = GOOD.pack.bytes()
    for at in range(0, len(whole), 7):
        altered = whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1:]
        refuses_pack(refused, altered)


def test_a_wrong_checksum(refused):
    refuses_pack(refused, GOOD.pack.bytes()[:-20] + b"\0" * 20, PACK, "mismatch")


def test_more_after_the_pack(refused):
    text = GOOD.pack.bytes()[:-20] + b"more"
    refuses_pack(refused, text + hashlib.sha1(text).digest(), PACK)


@pytest.mark.parametrize("start, words", [
    (b"KCAP\0\0\0\2\0\0\0\1", "it does not begin as one"),
    (b"PACK\0\0\0\7\0\0\0\1", PACK),
    (b"PACK\0\0\0\2\xee\x6b\x28\0", "it has 4000000000 objects"),
    (b"PACK\0\0\0\2\xff\xff\xff\xff", "it has 4294967295 objects"),
    (b"PACK\0\0\0\2\0\1\0\0", PACK),
])
def test_a_header_that_promises_what_does_not_come(refused, start, words):
    refuses_pack(refused, start + b"x" * 40, words)


def test_a_pack_that_lacks_the_commit(refused):
    pack = Pack()
    pack.add("blob", b"something else")
    refuses_pack(refused, pack.bytes(), "find commit", GOOD.head)


def test_a_commit_without_its_tree_or_its_files(refused):
    pack = Pack()
    head = pack.add("commit", packs.commit("2" * 40))
    refuses_pack(refused, pack.bytes(), "2" * 40, head=head)
    pack = Pack()
    tree = pack.add("tree", packs.tree(("100644", "file", "3" * 40)))
    head = pack.add("commit", packs.commit(tree))
    refuses_pack(refused, pack.bytes(), "3" * 40, head=head)


def test_an_object_of_no_known_type(refused):
    for kind in (0, 5):
        pack = Pack()
        pack._add(kind, 5, b"", zlib.compress(b"hello"))
        refuses_pack(refused, pack.bytes())


@pytest.mark.parametrize("size", [6, 1 << 31, 1 << 40, (1 << 63) - 1, (1 << 64) - 1, 1 << 90])
def test_an_object_that_declares_more_than_it_has(refused, size):
    pack = Pack()
    pack.add("blob", b"hello", size=size)
    base = pack.add("blob", b"a base of a delta", size=size)
    pack.add_offset_delta(1, packs.delta(17, 17, packs.copy(0, 17)))
    refuses_pack(refused, pack.bytes(), PACK)
    head = (pack := Pack()).add("commit", packs.commit(GOOD.tree), size=size)
    refuses_pack(refused, pack.bytes(), head=head)
    assert base


def test_a_delta_that_grows_beyond_all_bounds(refused):
    for result_size in ((1 << 31) + 1, 1 << 45, (1 << 63) - 1):
        pack = Pack()
        pack.add("blob", b"\0" * (1 << 16))
        copies = [packs.copy(0, 1 << 16)] * 1000
        pack.add_offset_delta(0, packs.delta(1 << 16, result_size, *copies))
        refuses_pack(refused, pack.bytes(), PACK)


@pytest.mark.parametrize("content", [
    b"", packs.delta(5, 5), packs.delta(4, 4, packs.copy(0, 4)), packs.delta(5, 9, packs.copy(0, 9)),
    packs.delta(5, 3, packs.insert(b"toolong")), packs.delta(5, 5, b"\0"), b"\xff" * 30, packs.delta(5, 4, packs.copy(1 << 31, 4)),
])
def test_a_delta_that_is_none(refused, content):
    pack = Pack()
    pack.add("blob", b"hello")
    pack.add_offset_delta(0, content)
    refuses_pack(refused, pack.bytes(), PACK)


def test_a_chain_of_thousands_of_deltas_ends(refused):
    pack = Pack()
    pack.add("blob", b"x" * 1000)
    for number in range(20_000):
        pack.add_offset_delta(number, packs.delta(1000, 1000, packs.insert(b"%08d" % number), packs.copy(0, 992)))
    refuses_pack(refused, pack.bytes(), "find commit", within=40)


def test_deltas_that_name_their_bases_backwards_end(refused):
    content, chain = b"x" * 100, []
    for number in range(2_000):
        base, content = content, b"%08d" % number + content[:92]
        chain.append((packs.name_of("blob", base), packs.delta(100, 100, packs.insert(b"%08d" % number), packs.copy(0, 92))))
    pack = Pack()
    pack.add("blob", b"x" * 100)
    for base, instructions in reversed(chain):
        pack.add_name_delta(base, instructions)
    refuses_pack(refused, pack.bytes(), "find commit", within=40)


def test_a_delta_on_itself_or_on_nothing(refused):
    for base in (packs.name_of("blob", b"unknown"), "5" * 40):
        pack = Pack()
        pack.add_name_delta(base, packs.delta(7, 7, packs.copy(0, 7)))
        refuses_pack(refused, pack.bytes(), PACK)
    pack = Pack()
    pack.add("blob", b"hello")
    pack.offsets[0] += 10
    pack.add_offset_delta(0, packs.delta(5, 5, packs.copy(0, 5)))
    refuses_pack(refused, pack.bytes(), PACK)


def test_the_same_object_twice(refused):
    pack = Pack()
    name = pack.add("blob", b"hello")
    pack.add("blob", b"hello")
    refuses_pack(refused, pack.bytes(), PACK)
    for kind in ("offset", "name"):
        pack = Pack()
        name = pack.add("blob", b"hello")
        for _ in range(2):
            instructions = packs.delta(5, 5, packs.insert(b"world"))
            pack.add_offset_delta(0, instructions) if kind == "offset" else pack.add_name_delta(name, instructions)
        refuses_pack(refused, pack.bytes(), PACK)


def test_zeros_without_end_are_no_object(refused):
    zeros = zlib.compress(b"\0" * (64 << 20), 9)
    pack = Pack()
    pack.add("commit", b"", size=10, compressed=zeros)
    refuses_pack(refused, pack.bytes(), head="4" * 40)
    pack = Pack()
    head = pack.add("commit", b"\0" * (64 << 20))
    refuses_pack(refused, pack.bytes(), head=head)


def test_a_check_with_paths_ends_in_spite_of_trees_without_end(refused):
    pack = Pack()
    inner = pack.add("tree", packs.tree(("100644", "file", pack.add("blob", b"x"))))
    for _ in range(12):
        inner = pack.add("tree", packs.tree(*(("40000", f"{i:02}", inner) for i in range(20))))
    head = pack.add("commit", packs.commit(inner))
    with HostileGitServer(head, pack.bytes()) as server:
        refused("check", {"uri": server.url, "paths": ["**/nowhere"]}, "it is too large", within=60)


def test_bands_of_text_do_not_fill_the_memory(refused, server):
    lines = packet(b"\x02" + b"progress " * 1000) * 5000  # 45 MB
    server.answers["fetch"] = packets(b"packfile\n") + lines + packets(*bands(GOOD.pack.bytes())) + FLUSH
    assert refused.run("in", {"uri": server.url}, GOOD.head).status == 0
