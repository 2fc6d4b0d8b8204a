"""Slack's words for what went wrong, mapped to ours (https://docs.slack.dev/reference/methods/chat.postMessage#errors)."""

from __future__ import annotations

from engage.channels.wording import without_addresses
from engage.model.errors import Rejected, SendError, Unavailable, Unconfirmed

BAD_ADDRESS = frozenset({"channel_not_found", "user_not_found", "users_not_found", "cannot_dm_bot", "user_disabled", "is_archived"})
"""The contact's chat id will not work. For a channel's fixed `to` it is people's to mend."""

NOT_IN_CHANNEL = frozenset({"not_in_channel", "messages_tab_disabled", "posting_to_channel_denied", "restricted_action"})
"""The bot may not write there: for a fixed recipient people's to mend, for a contact a refusal that speaks of no bad address."""

PEOPLE_MUST_MEND = frozenset({
    "not_authed", "invalid_auth", "account_inactive", "token_revoked", "token_expired", "no_permission", "missing_scope",
    "not_allowed_token_type", "access_denied", "ekm_access_denied", "org_login_required", "two_factor_setup_required",
    "team_access_not_granted", "enterprise_is_restricted", "accesslimited", "method_deprecated",
    "deprecated_endpoint", "unknown_method",
})

LATER = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded", "service_unavailable", "team_added_to_org", "request_timeout"})

PERHAPS = frozenset({"internal_error", "fatal_error"})
"""Slack's own page says of these that some aspect of the operation may have succeeded before the error."""


def refusal(word: str | None, status: int, *, wait: float | None, fixed_recipient: bool, address: str) -> SendError:
    """The error for Slack's word and HTTP status; without a word (an answer that is not Slack's JSON) the status decides."""
    code = word or f"http_{status}"
    detail = f"Slack answers {without_addresses(code, address) if address else code}"
    if status == 429 or word in LATER:
        return Unavailable(detail, code=code, retry_after=wait, whole_provider=True)
    if status >= 500 or word in PERHAPS or (status < 300 and word is None):
        return Unconfirmed(detail, code=code)
    if word in PEOPLE_MUST_MEND or (fixed_recipient and word in BAD_ADDRESS | NOT_IN_CHANNEL):
        return Unavailable(detail, code=code, configuration=True)
    if word is None and status in (301, 302, 307, 308, 401, 403, 404, 405, 407):
        return Unavailable(detail, code=code, configuration=True)
    return Rejected(detail, code=code, address_is_bad=word in BAD_ADDRESS)
