import pytest

from engage.templates.sms import sms_content


@pytest.mark.parametrize(
    ("text", "encoding", "segments"),
    [
        ("a" * 160, "gsm-7", 1),
        ("a" * 161, "gsm-7", 2),
        ("a" * 306, "gsm-7", 2),
        ("a" * 307, "gsm-7", 3),
        ("€" * 80, "gsm-7", 1),
        ("€" * 81, "gsm-7", 2),
        ("€" * 152, "gsm-7", 2),  # 76 to a segment: an escape is never parted from its character
        ("€" * 153, "gsm-7", 3),
        ("Č" * 70, "ucs-2", 1),
        ("Č" * 71, "ucs-2", 2),
        ("Č" * 134, "ucs-2", 2),
        ("Č" * 135, "ucs-2", 3),
        ("😀" * 35, "ucs-2", 1),
        ("😀" * 36, "ucs-2", 2),
        ("😀" * 66, "ucs-2", 2),  # 33 to a segment: a surrogate pair is never parted
        ("😀" * 67, "ucs-2", 3),
        ("ÄÖÑÜ§¿äöñüàèéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ@£$¥¤¡{}[]~^\\|", "gsm-7", 1),
        ("ç", "ucs-2", 1),
        ("`", "ucs-2", 1),
    ],
)
def test_segments_are_counted_as_they_go_on_the_air(text: str, encoding: str, segments: int) -> None:
    content = sms_content(text)
    assert (content.encoding, content.segments) == (encoding, segments)


def test_letters_are_composed_so_that_they_fit_the_short_alphabet() -> None:
    assert (sms_content("e\u0301").text, sms_content("e\u0301").encoding) == ("é", "gsm-7")


def test_the_space_in_an_amount_does_not_double_the_price() -> None:
    content = sms_content("5,00\u00a0€")
    assert (content.text, content.encoding) == ("5,00 €", "gsm-7")
