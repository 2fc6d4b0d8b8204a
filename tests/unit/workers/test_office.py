"""What `engage check` finds in a workspace on disk, beyond what its files say one by one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.small import FILES
from workers.office import OnDisk

TRACKING_MAIL = "---\nsubject: News\ntrack: true\n---\nNews https://shop.example/ {{ company.address }} {{ message.unsubscribe_url }}\n"
NAMED = "laws: {countries: [FR]}\n"


def warned(root: Path, settings: str, **files: str) -> list[str]:
    """What is warned of tracking."""
    for name, text in {**FILES, "engage.yaml": f"{FILES['engage.yaml']}{NAMED}{settings}", **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return [str(warning) for warning in OnDisk(root, {}).findings().warnings if "tracking" in warning.what]


def test_the_check_warns_at_tracking_of_people_who_were_not_asked(tmp_path: Path) -> None:
    (warning,) = warned(tmp_path, "tracking:\n  clicks: true\n")
    assert warning.startswith("engage.yaml:23:3: ")
    assert "opens and clicks are recorded of people in FR who were not asked" in warning


def test_one_message_that_tracks_is_enough(tmp_path: Path) -> None:
    assert len(warned(tmp_path, "", **{"templates/news/email.md": TRACKING_MAIL})) == 1


@pytest.mark.parametrize("settings", ["", "tracking: {clicks: true, by_country: {FR: ask}}\n", "tracking: {utm: {source: x}}\n"])
def test_it_is_content_where_nobody_is_tracked_unasked(tmp_path: Path, settings: str) -> None:
    assert warned(tmp_path, settings) == []
