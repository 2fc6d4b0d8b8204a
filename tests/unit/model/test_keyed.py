import hmac
from typing import Literal

import pytest

from engage.model.keyed import Keyed


@pytest.mark.parametrize("by", ["sha256", "sha512"])
@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 127, 128, 129, 500])
def test_a_code_is_the_standard_librarys(by: Literal["sha256", "sha512"], length: int) -> None:
    key = bytes(number % 256 for number in range(length))
    keyed = Keyed(key, b"what:", by)
    rests = [b"", b"1", b"x" * 300]
    assert [keyed.code(rest) for rest in rests] == [hmac.digest(key, b"what:" + rest, by) for rest in rests]
