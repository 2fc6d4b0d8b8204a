from hashlib import blake2b

import pytest

from engage.model.keyed import Keyed


@pytest.mark.parametrize("length", [1, 63, 64])
@pytest.mark.parametrize("size", [10, 48, 64])
def test_a_code_is_the_standard_librarys(length: int, size: int) -> None:
    key = bytes(range(length))
    keyed, rests = Keyed(key, b"what:", size=size), [b"", b"1", b"x" * 300]
    assert [keyed.code(rest) for rest in rests] == [blake2b(b"what:" + rest, key=key, digest_size=size).digest() for rest in rests]


def test_a_code_hangs_on_all_of_its_key() -> None:
    keys = [b"", b"k" * 64, b"k" * 65, b"k" * 64 + b"l", b"k" * 200]
    assert len({Keyed(key, b"", size=16).code(b"1") for key in keys}) == len(keys)
