"""Places with a moment (UTC) at which their clock changes: by an hour, by half of one, at midnight, by a whole day."""

TURNS = [
    ("Europe/Ljubljana", "2026-03-29T01:00"), ("Europe/Ljubljana", "2026-10-25T01:00"), ("America/New_York", "2026-03-08T07:00"),
    ("America/New_York", "2026-11-01T06:00"), ("Australia/Lord_Howe", "2026-04-04T15:00"), ("Australia/Lord_Howe", "2026-10-03T15:30"),
    ("Asia/Beirut", "2026-03-28T22:00"), ("Asia/Beirut", "2026-10-24T21:00"), ("Africa/Cairo", "2026-10-29T21:00"),
    ("America/Havana", "2026-11-01T05:00"), ("America/Santiago", "2026-09-06T04:00"), ("Pacific/Chatham", "2026-04-04T14:00"),
    ("Africa/Casablanca", "2026-02-15T02:00"), ("Pacific/Apia", "2011-12-30T10:00"), ("Asia/Kathmandu", "2026-05-01T00:00"),
]
