"""The commands for people and for a new workspace, as somebody types them."""

from __future__ import annotations

from pathlib import Path

import pytest

from engage.templates.checking import check as check_templates
from tests.typed import Engage
from workers.office import OnDisk


@pytest.fixture
def imported(engage: Engage) -> Engage:
    assert engage("import", "contacts.csv").status == 0
    return engage


def test_a_new_workspace_passes_its_check_and_its_tests(engage: Engage) -> None:
    assert engage("check").status == 0
    tested = engage("test")
    assert (tested.status, "2 passed, 0 failed" in tested.out) == (0, True), tested.out
    assert check_templates(OnDisk.find(Path.cwd()).workspace()) == ()


def test_a_new_workspace_keeps_secrets_and_data_out_of_git(engage: Engage) -> None:
    assert Path(".gitignore").read_text().split() == [".env", "var/", "*.refused.csv"]
    assert Path(".env.example").is_file()
    assert not list(Path.cwd().rglob("*.txt"))


def test_init_writes_over_nothing(engage: Engage) -> None:
    again = engage("init", str(Path.cwd()))
    assert again.status == 1
    assert "there is something here already" in again.err


def test_check_tells_every_error_with_its_place(engage: Engage) -> None:
    for name, right, wrong in (("birthday", "trigger:", "triger:"), ("ticket_follow_up", "purpose: feedback", "purpose: feedbak")):
        campaign = Path(f"campaigns/{name}.yaml")
        campaign.write_text(campaign.read_text().replace(right, wrong))
    told = engage("check")
    assert told.status == 1
    assert "campaigns/birthday.yaml:6:1: unknown key `triger`; did you mean trigger?" in told.err
    assert "campaigns/ticket_follow_up.yaml:4:10: " in told.err
    as_json = engage("check", "--json")
    assert as_json.status == 1
    assert {"file": "campaigns/birthday.yaml", "line": 6, "column": 1}.items() <= as_json.json()[1].items()


@pytest.mark.parametrize("kind", ["settings", "campaign", "segment", "test"])
def test_the_schema_of_each_kind_of_file_is_printed(engage: Engage, kind: str) -> None:
    (schema,) = engage("schema", kind).json()
    assert schema["additionalProperties"] is False
    assert schema["properties"]


def test_an_import_tells_what_it_did_and_doing_it_again_changes_nothing(engage: Engage) -> None:
    first = engage("import", "contacts.csv", "--json")
    assert first.status == 0
    assert (first.json()[0]["created"], first.json()[0]["consents"]) == (3, 2)
    again = engage("import", "contacts.csv")
    assert "3 rows: 0 new, 0 changed, 3 as they were, 0 refused" in again.out
    assert again.err == ""


def test_refused_rows_are_told_with_their_line_and_can_be_mended(engage: Engage) -> None:
    Path("people.csv").write_text("Mail,country\nana.example.com,SI\nbor@example.com,SI\n")
    told = engage("import", "people.csv", "--map", "Mail=email")
    assert told.status == 1
    assert "people.csv:2:1: email: 'ana.example.com' is no email address" in told.err
    mended = Path("people.csv.refused.csv")
    mended.write_text(mended.read_text().replace("ana.example.com,", "ana@example.com,"))
    assert engage("import", str(mended)).status == 0
    Path("people.csv").write_text("Mail,country\nana@example.com,SI\nbor@example.com,SI\n")
    clean = engage("import", "people.csv", "--map", "Mail=email")
    assert "people.csv.refused.csv is of an earlier import: this one refused nothing" in " ".join(clean.out.split())
    assert mended.exists()


def test_a_dry_run_writes_nothing(engage: Engage) -> None:
    assert "3 would be new" in engage("import", "contacts.csv", "--dry-run").out
    assert engage("contact", "show", "mia").status == 1


def test_an_unknown_column_is_refused_with_what_to_do(engage: Engage) -> None:
    Path("people.csv").write_text("email,shoe size\na@example.com,42\n")
    told = engage("import", "people.csv")
    assert told.status == 1
    assert "people.csv:1:1: unknown column 'shoe size'; did you mean" in told.err


def test_a_contact_is_shown_with_where_it_lives(imported: Engage) -> None:
    assert "Europe/London (by country)" in imported("contact", "show", "ken@example.com").out
    (mia,) = imported("contact", "show", "mia", "--json").json()
    assert mia["zones"] == ["Europe/Berlin"]
    assert isinstance(attributes := mia["attributes"], dict)
    assert attributes["birth_date"] == "1992-02-29"


def test_attributes_are_set_and_cleared_as_on_import(imported: Engage) -> None:
    (mia,) = imported("contact", "set", "mia", "phone=0171 3920012", "birth_date=", "country=at", "--json").json()
    assert isinstance(attributes := mia["attributes"], dict)
    assert "birth_date" not in attributes
    assert (attributes["country"], attributes["phone"][:3]) == ("AT", "+43")


@pytest.mark.parametrize(("value", "told"), [
    ("timezone=Europe/Lubljana", "did you mean Europe/Ljubljana?"), ("birthdate=1990-01-01", "did you mean birth_date?"),
    ("birth_date=1990-02-30", "there is no day"), ("plan", "has no `=`"), ("external_id=ken", "another contact has"),
])
def test_what_cannot_be_set_is_refused(imported: Engage, value: str, told: str) -> None:
    ended = imported("contact", "set", "mia", value)
    assert ended.status == 1
    assert told in ended.err


def test_consents_are_granted_withdrawn_and_shown(imported: Engage) -> None:
    assert imported("consent", "withdraw", "mia", "care", "--channel", "sms", "--source", "letter", "--proof", "no 3").status == 0
    states = {row["channel"]: row["state"] for row in imported("consent", "show", "mia", "care", "--json").json()}
    assert states == {"email": "granted", "sms": "withdrawn", "chat": "granted"}
    imported("consent", "grant", "mia", "care")
    assert {row["state"] for row in imported("consent", "show", "mia", "care", "--json").json()} == {"granted"}
    kinds = [row["kind"] for row in imported("contact", "history", "mia", "--json").json()]
    assert kinds == ["consent_granted", "consent_withdrawn", "consent_granted"]
    assert "letter" in imported("contact", "history", "mia", "--kind", "consent_withdrawn").out


def test_an_unknown_purpose_is_met_with_the_one_that_was_meant(imported: Engage) -> None:
    ended = imported("consent", "grant", "mia", "feedbak")
    assert (ended.status, "did you mean feedback?" in ended.err) == (1, True)


def test_an_address_is_suppressed_listed_and_taken_off(imported: Engage) -> None:
    assert imported("suppress", "add", "MIA@example.com", "--reason", "letter").status == 0
    (row,) = imported("suppress", "list", "--json").json()
    assert (row["channel"], row["reason"], row["contacts"]) == ("email", "letter", ["mia"])
    assert imported("suppress", "remove", "mia@example.com").status == 0
    assert imported("suppress", "remove", "mia@example.com").status == 1
    assert imported("suppress", "add", "nobody").status == 1


def test_a_workspace_that_is_not_there_is_something_missing(engage: Engage, tmp_path: Path) -> None:
    ended = engage("check", "--workspace", str(tmp_path))
    assert ended.status == 3
    assert "engage init" in ended.err


def test_a_file_of_addresses_is_suppressed_at_once_and_the_list_comes_out_as_one(imported: Engage) -> None:
    Path("old.csv").write_text("email,reason\nmia@example.com,letter\nnobody,\ngone@example.org,\n")
    told = imported("suppress", "import", "old.csv", "--json")
    assert (told.status, told.json()) == (1, [{"suppressed": 2, "known": 0, "refused": 1}])
    assert "old.csv:3:1: 'nobody' is neither a mail address nor a phone number" in told.err
    assert imported("suppress", "export", "list.csv").status == 0
    rows = Path("list.csv").read_text().splitlines()
    assert rows[0] == "address,channel,reason,at,key"
    assert sorted(row.split(",")[:3] for row in rows[1:]) == [["", "email", "imported"], ["mia@example.com", "email", "letter"]]
    again = imported("suppress", "import", "list.csv", "--keys", "--json")
    assert (again.status, again.json()) == (0, [{"suppressed": 0, "known": 2, "refused": 0}])


def test_a_file_of_addresses_may_be_written_as_old_tools_do(imported: Engage) -> None:
    Path("old.csv").write_bytes("address;reason\nmia@example.com;na žádost\n".encode("cp1250"))
    Path("odd.csv").write_bytes(b"address,reason\nken@example.com," + b"x" * 200_000 + b"\nken@example.com,a\0b\nken@example.com,=1+1\n")
    assert imported("suppress", "import", "old.csv").status == 0
    told = imported("suppress", "import", "odd.csv", "--json")
    assert (told.status, told.json()) == (1, [{"suppressed": 1, "known": 0, "refused": 2}])
    assert sorted(str(row["reason"]) for row in imported("suppress", "list", "--json").json()) == ["=1+1", "na žádost"]
    assert imported("suppress", "export", "list.csv").status == 0
    assert ",'=1+1," in Path("list.csv").read_text()
    for missing in (("import", "none.csv"), ("import", "."), ("export", "none/list.csv")):
        assert imported("suppress", *missing).status == 1


@pytest.mark.parametrize("odd", ["\0", "a\nb", "\x1b[2J", "\udcff", "x" * 10_001, " "])
def test_what_is_told_of_a_consent_or_a_suppression_is_text(imported: Engage, odd: str) -> None:
    for told in (("consent", "grant", "mia", "care", "--source", odd), ("consent", "withdraw", "mia", "care", "--proof", odd),
                 ("suppress", "add", "mia@example.com", "--reason", odd)):
        assert imported(*told).status == 1
    assert not imported("suppress", "list", "--json").json()


def test_a_consent_that_ends_is_shown_with_its_end_and_its_ground(imported: Engage) -> None:
    granted = imported("consent", "grant", "mia", "care", "--channel", "sms", "--ground", "implied", "--expires", "24mo", "--proof", "x")
    assert granted.status == 0
    (state,) = [row for row in imported("consent", "show", "mia", "care", "--json").json() if row["channel"] == "sms"]
    assert (state["state"], state["ground"], state["proof"], state["may_write"]) == ("granted", "implied", "x", True)
    assert state["expires_at"] > state["since"]
    lines = imported("consent", "show", "mia", "--lines", "--json").json()
    assert [(line["said"], line["proof"]) for line in lines if line["source"] == "command line"] == [("granted", "x")]
    assert imported("consent", "grant", "mia", "care", "--expires", "2020-01-01").status == 1
    unworded = imported("consent", "grant", "mia", "care", "--locale", "de")
    assert (unworded.status, "care has no `wording` in engage.yaml" in unworded.err) == (1, True)


def test_laws_are_listed_by_country_and_the_doctor_asks_where_contacts_live(imported: Engage) -> None:
    listed = imported("laws", "--country", "fr", "--json").json()
    assert {row["id"] for row in listed} >= {"eu.email_consent", "fr.sms_hours"}
    assert all(row["url"] and row["article"] for row in listed)
    assert imported("laws", "--country", "ZZ").status == 1
    imported("contact", "set", "mia", "country=CA", "phone=")
    imported("consent", "grant", "mia", "care", "--ground", "implied")
    found = {row["what"]: row for row in imported("doctor", "--json").json()}
    assert "ca.consent" in str(found["laws"]["do"])
    assert str(found["implied consent"]["found"]).startswith("1 lines")
