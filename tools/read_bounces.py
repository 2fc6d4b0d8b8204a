"""Reads the samples of flufl.bounce and says how many are understood: `python -m tools.read_bounces [FOLDER]`.

Without a folder its source package is fetched by pip into a temporary one; none of the samples is kept here.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from engage.feedback.findings import What
from engage.feedback.returns import read

PACKAGE = "flufl.bounce==6.0.0"
Expected = Mapping[str, tuple[set[str], set[str]]]
"""By the sample's name: the addresses that bounced, and those that are only late."""


def main() -> None:
    """Print what was not understood, and the shares."""
    with tempfile.TemporaryDirectory() as folder:
        tests = Path(sys.argv[1]) if len(sys.argv) > 1 else fetched(Path(folder))
        expected, rows = expectations(tests / "test_detectors.py"), list(_rows(tests))
    told = [row for row in rows if any(expected.get(row[0], ((), ())))]
    as_what = [row for row in told if bool(row[1]) == bool(expected[row[0]][0]) and bool(row[2]) == bool(expected[row[0]][1])]
    exactly = [row for row in told if row[1:] == expected[row[0]]]
    for name, bounced, late in rows:
        if (bounced, late) != expected.get(name, (set(), set())):
            print(f"{name}: {sorted(bounced)} bounced, {sorted(late)} late; expected {expected.get(name, ())}")
    print(f"{len(rows)} samples; of {len(told)} with addresses {len(as_what)} are found as what they are, {len(exactly)} with just these")


def fetched(folder: Path) -> Path:
    """The tests of the source package."""
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:"]
    subprocess.run([*pip, "-d", str(folder), PACKAGE], check=True)
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    return next(folder.glob("*/tests"))


def expectations(file: Path) -> Expected:
    """What its own tests expect, out of the table in their source."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "DETECTORS":
            table = ast.literal_eval(node.value)
            found: dict[str, tuple[set[str], set[str]]] = {}
            for _, name, addresses, late in table:
                found.setdefault(name, (set(), set()))[bool(late)].update(address.decode().lower() for address in addresses)
            return found
    raise SystemExit("its tests have another form now")


def _rows(tests: Path) -> Iterator[tuple[str, set[str], set[str]]]:
    for file in sorted((tests / "data").glob("*.txt")):
        found = read(file.read_bytes()).findings
        yield file.name, *({(each.address or "?").lower() for each in found if each.what is what} for what in (What.BOUNCED, What.DELAYED))


if __name__ == "__main__":
    main()
