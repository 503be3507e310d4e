"""RecordIO read back by a reader written from the format's description, and bytes worked out by hand."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_code.data.recordio import MAGIC, RecordWriter, framed, lst_line, packed
from model_code.errors import OverreadError


def records(stream: bytes) -> Iterator[tuple[int, bytes]]:
    """Position and content of every record: parts (flags 1, 2, 3) are joined by the magic word that was left out."""
    position, content, began = 0, b"", 0
    while position < len(stream):
        magic, word = struct.unpack_from("<II", stream, position)
        assert magic == 0xCED7230A and position % 4 == 0
        flag, length = word >> 29, word & (2**29 - 1)
        if flag in (0, 1):
            content, began = b"", position
        content += (struct.pack("<I", magic) if flag in (2, 3) else b"") + stream[position + 8 : position + 8 + length]
        position += 8 + (length + 3) // 4 * 4
        if flag in (0, 3):
            yield began, content


def unpacked(content: bytes) -> tuple[int, list[float], bytes]:
    """Id, labels and picture, as ``mx.recordio.unpack`` gives them."""
    flag, label, low, high = struct.unpack("<IfQQ", content[:24])
    assert high == 0
    if flag == 0:
        return low, [label], content[24:]
    return low, np.frombuffer(content, np.float32, flag, 24).tolist(), content[24 + 4 * flag :]


def test_bytes_worked_out_by_hand() -> None:
    assert b"".join(framed(b"abcde")) == bytes.fromhex("0a23d7ce 05000000") + b"abcde\0\0\0"
    # 'abcd', the magic word, 'e': two parts, flags 1 and 3
    cut = bytes.fromhex("0a23d7ce 04000020") + b"abcd" + bytes.fromhex("0a23d7ce 01000060") + b"e\0\0\0"
    assert b"".join(framed(b"abcd" + MAGIC + b"e")) == cut
    assert packed(7, [2.0], b"") == bytes.fromhex("00000000 00000040 0700000000000000 0000000000000000")
    assert packed(7, [1.0, 0.0], b"") == bytes.fromhex("02000000 00000000 0700000000000000 0000000000000000 0000803f 00000000")


CONTENT = st.lists(st.one_of(st.binary(max_size=9), st.just(MAGIC), st.sampled_from([b"\0" * 4, MAGIC[:2], MAGIC[2:]]))).map(
    b"".join
)


@given(st.lists(CONTENT, max_size=6))
def test_whatever_is_written_is_read_back(contents: list[bytes]) -> None:
    stream = b"".join(part for content in contents for part in framed(content))
    assert [content for _, content in records(stream)] == contents


@given(st.lists(st.tuples(st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=14), CONTENT), min_size=1, max_size=5))
def test_pictures_keep_id_labels_and_bytes_and_the_index_finds_them(pictures: list[tuple[list[float], bytes]]) -> None:
    stream = io.BytesIO()
    writer = RecordWriter(stream)
    for number, (labels, picture) in enumerate(pictures):
        writer.write(number, labels, picture)

    found = list(records(stream.getvalue()))
    assert [unpacked(content) for _, content in found] == [(n, labels, picture) for n, (labels, picture) in enumerate(pictures)]
    assert writer.index == [(number, position) for number, (position, _) in enumerate(found)]


def test_a_magic_word_between_the_words_is_left_alone() -> None:
    content = b"a" + MAGIC + b"bc"
    assert b"".join(framed(content)) == MAGIC + struct.pack("<I", len(content)) + content + b"\0" * (-len(content) % 4)


def test_what_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model_code.data.recordio.MAX_BYTES", 8)
    with pytest.raises(OverreadError, match="a picture has 8 bytes; a record holds less than 8"):
        list(framed(b"12345678"))


def test_lines_of_a_list() -> None:
    assert lst_line(5, [1.0, 0.0], "a/b.png") == "5\t1\t0\ta/b.png\n"
    assert lst_line(6, [3.0], "c.png") == "6\t3\tc.png\n"
