"""Two workspaces told apart as their authors would."""

from __future__ import annotations

import pytest

from engage.simulation.comparing import CampaignChange, Change, Changes, compare
from tests.small import FILES, SETTINGS, small_workspace

FOLLOW_UP, BIRTHDAY = FILES["campaigns/follow_up.yaml"], FILES["campaigns/birthday.yaml"]


def changes(**changed: str | None) -> Changes:
    return compare(small_workspace(), small_workspace(**changed))


def only_change(**changed: str | None) -> CampaignChange:
    (change,) = changes(**changed).campaigns
    return change


def told(change: CampaignChange) -> dict[str, tuple[str | None, str | None]]:
    return {each.key: (each.before, each.after) for each in change.differences}


def test_nothing_changed_where_nothing_says_anything_else() -> None:
    assert not changes()


def test_a_campaign_is_told_key_by_key_as_it_is_written() -> None:
    more = "audience: contact.plan == 'pro'\nholdout: 10%\nre_entry: after 14d\n"
    edited = BIRTHDAY.replace("at: 09:00", "at: 10:30, min_years: 1") + more
    assert told(only_change(**{"campaigns/birthday.yaml": edited})) == {
        "trigger.at": ("09:00", "10:30"), "trigger.min_years": ("0", "1"), "audience": (None, "contact.plan == 'pro'"),
        "holdout": (None, "10%"), "re_entry": (None, "after 14d"),
    }


def test_what_stands_at_the_top_is_not_told_again_of_every_step() -> None:
    change = only_change(**{"campaigns/birthday.yaml": BIRTHDAY.replace("[email, sms]", "[sms]")})
    assert (told(change), change.steps) == ({"channels": ("email, sms", "sms")}, ())


def test_steps_are_told_as_inserted_changed_and_removed() -> None:
    edited = FOLLOW_UP.replace("  - wait: 1d\n", "  - wait: 2d\n  - set: {plan: asked}\n").split("  - if:")[0]
    steps = {each.step: (each.change, each.former, [(d.key, d.before, d.after) for d in each.differences]) for each in only_change(
        **{"campaigns/follow_up.yaml": edited}
    ).steps}
    assert steps == {
        "0": (Change.CHANGED, None, [("for", "1d", "2d")]), "1": (Change.ADDED, None, []), "3": (Change.REMOVED, None, []),
        "3.then.0": (Change.REMOVED, None, []),
    }


def test_a_step_with_an_id_is_followed_wherever_it_goes() -> None:
    head, _, tail = FOLLOW_UP.partition("  - wait: 1d\n  - send: csat\n    channels: [email]\n")
    wait, send = "  - {wait: 1d, id: rest}\n", "  - {send: csat, id: ask, channels: [email]}\n"
    before, after = (small_workspace(**{"campaigns/follow_up.yaml": head + steps + tail}) for steps in (wait + send, send + wait))
    (change,) = compare(before, after).campaigns
    assert [(each.step, each.change) for each in change.steps] == [("ask", Change.MOVED)]


def test_the_same_under_another_name_is_warned_of_and_renamed_from_is_not() -> None:
    moved: dict[str, str | None] = {"campaigns/birthday.yaml": None, "campaigns/wishes.yaml": BIRTHDAY}
    warned = changes(**moved)
    assert [each.change for each in warned.campaigns] == [Change.ADDED, Change.REMOVED]
    assert "renamed_from: birthday" in warned.warnings[0]
    renamed = changes(**{**moved, "campaigns/wishes.yaml": f"{BIRTHDAY}renamed_from: birthday\n"})
    assert [(each.change, each.name, each.former) for each in renamed.campaigns] == [(Change.RENAMED, "wishes", "birthday")]
    assert renamed.warnings == ()


@pytest.mark.parametrize(("edit", "key", "before", "after"), [
    (("from: 21:00", "from: 22:00"), "quiet_hours.from", "21:00", "22:00"),
    (("limit: 1 per week", "limit: 2 per week"), "purposes.marketing.limit", "1 per week", "2 per week"),
    (("  plan: text\n", "  plan: text\n  vip: boolean\n"), "attributes.vip", None, "boolean"),
])
def test_settings_are_told_key_by_key(edit: tuple[str, str], key: str, before: str | None, after: str | None) -> None:
    (difference,) = changes(**{"engage.yaml": SETTINGS.replace(*edit)}).settings
    assert (difference.key, difference.before, difference.after) == (key, before, after)


def test_what_may_be_secret_is_told_to_have_changed_and_not_shown() -> None:
    (difference,) = compare(small_workspace({"DATABASE": "sqlite:///a-secret.db"}), small_workspace()).settings
    assert (difference.key, difference.before, difference.after) == ("database", "(hidden)", "(hidden)")


def test_other_files_are_told_by_name() -> None:
    assert changes(**{"templates/csat/sms.txt": "Hi", "templates/csat/sms.sl.txt": "Živjo"}).files == (
        (Change.ADDED, "templates/csat/sms.sl.txt"), (Change.CHANGED, "templates/csat/sms.txt"),
    )
