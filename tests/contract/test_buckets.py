"""Token buckets: in a process, on Valkey, and in either database they give the same, however many ask at once."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import redis
import sqlalchemy as sa
from structlog.testing import capture_logs

from engage.delivery.buckets import Buckets, Charge, Grant, LocalBuckets, book
from engage.store.database import Database
from engage.store.delivery.buckets import SqlBuckets
from engage.store.schema.traffic import buckets as rows
from tests.contract.store_benches import at_once
from workers.buckets import PREFIX, TRY_AGAIN_AFTER, RedisBuckets, SharedBuckets
from workers.embedded import find_server, start_valkey, stop_valkey, url_of

SERVER = find_server({})
KINDS = ["local", "valkey", "sqlite", "postgresql"]

ASKING = """
import sys
import redis
from engage.delivery.buckets import Charge
from workers.buckets import RedisBuckets
client = redis.Redis.from_url(sys.argv[1])
buckets, taken = RedisBuckets(client), 0
print("ready", flush=True)
sys.stdin.readline()
for _ in range(400):
    taken += buckets.take([Charge(bucket="shared", rate=200.0, wanted=7, burst=0.5)])[0].taken
print(taken, flush=True)
"""


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a Valkey answers."""
    if SERVER is None:
        pytest.skip("no Valkey binary fits this machine")
    directory: Path = tmp_path_factory.mktemp("valkey")
    process = start_valkey(directory, SERVER)
    yield url_of(directory)
    stop_valkey(process)


@pytest.fixture(params=KINDS)
def buckets(request: pytest.FixtureRequest) -> Iterator[Buckets]:
    """Full ones, of each kind."""
    match request.param:
        case "local":
            yield LocalBuckets(time.monotonic)
        case "valkey":
            client = redis.Redis.from_url(request.getfixturevalue("valkey"))
            client.flushdb()
            yield RedisBuckets(client)
            client.close()
        case kind:
            database = Database.open(request.getfixturevalue("sqlite_url" if kind == "sqlite" else "postgres_url"))
            yield SqlBuckets(database)
            database.close()


def slow(wanted: int, *, bucket: str = "b", burst: float = 0.0, ahead: float = 0.0, dry: bool = False) -> Charge:
    """A charge at one message in a thousand seconds: how long a test takes does not matter to it."""
    return Charge(bucket=bucket, rate=0.001, wanted=wanted, burst=burst, ahead=ahead, dry=dry)


ASKED = [
    slow(3, burst=5_500.0), slow(9, burst=5_500.0, dry=True), slow(9, burst=5_500.0), slow(1), slow(4, ahead=2_500.0),
    slow(4, ahead=2_500.0, dry=True), slow(1, bucket="another"), slow(2, bucket="another", ahead=1_500.0), slow(0, ahead=9_000.0),
]


def test_each_kind_gives_what_the_pure_function_does(buckets: Buckets) -> None:
    paid: dict[str, float] = {}
    expected: list[Grant] = []
    for charge in ASKED:
        after, grant = book(paid.get(charge.bucket), 50_000.0, charge)
        expected.append(grant)
        if grant.taken and not charge.dry:
            paid[charge.bucket] = after
    grants = [buckets.take([charge])[0] for charge in ASKED]
    assert [grant.taken for grant in grants] == [grant.taken for grant in expected]
    assert [grant.wait for grant in grants] == pytest.approx([grant.wait for grant in expected], abs=30)


def test_several_charges_in_one_go_are_taken_in_their_order(buckets: Buckets) -> None:
    grants = buckets.take([slow(1), slow(1, bucket="another"), slow(1), slow(2, ahead=1_500.0)])
    assert [grant.taken for grant in grants] == [1, 1, 0, 1]


def test_many_who_ask_at_once_get_no_more_together(buckets: Buckets) -> None:
    def ask(_: int) -> int:
        return sum(buckets.take([slow(3, burst=20_500.0)])[0].taken for _ in range(5))

    assert sum(at_once(6, ask)) == 21


def test_two_processes_share_a_rate_through_valkey(valkey: str) -> None:
    client = redis.Redis.from_url(valkey)
    command = [sys.executable, "-c", ASKING, valkey]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    began = _moment(client)
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    printed = [process.communicate()[0] for process in processes]
    lasted = _moment(client) - began
    taken = [int(text) for text in printed]
    assert sum(taken) <= (lasted + 0.5) * 200 + 1
    assert sum(taken) >= 100, "what the bucket held at first"
    client.close()


def _moment(client: redis.Redis) -> float:
    seconds, micros = client.time()
    return float(seconds) + micros / 1e6


def test_a_bucket_that_is_full_again_is_no_key_any_more(valkey: str) -> None:
    client = redis.Redis.from_url(valkey)
    RedisBuckets(client).take([Charge(bucket="fast", rate=100.0, wanted=50, ahead=10.0)])
    assert 0 < client.pttl(PREFIX + "fast") <= 1_600
    client.close()


def test_a_bucket_that_has_long_been_full_is_no_row_any_more(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(rows.insert(), [{"name": "old", "paid": 1000.0}])
    SqlBuckets(database).take([slow(1)])
    with database.read() as connection:
        assert list(connection.scalars(sa.select(rows.c.name))) == ["b"]


def test_rates_go_by_the_database_while_redis_is_away(database: Database) -> None:
    away = RedisBuckets(redis.Redis(unix_socket_path="/nonexistent/v.sock", socket_connect_timeout=0.1))
    shared = SharedBuckets(away, SqlBuckets(database))
    grants = [shared.take([slow(2, burst=1_500.0)])[0] for _ in range(3)]
    assert [grant.taken for grant in grants] == [2, 0, 0]
    assert TRY_AGAIN_AFTER > 1, "a server that is away is not asked for each slice"


class Flighty:
    """Buckets that are away now and then."""

    def __init__(self) -> None:
        self.is_away = True

    def take(self, charges: Sequence[Charge]) -> Sequence[Grant]:
        if self.is_away:
            raise redis.ConnectionError("away")
        return [Grant(taken=charge.wanted, wait=0.0) for charge in charges]


def test_each_time_that_redis_goes_away_is_told_once() -> None:
    first = Flighty()
    shared = SharedBuckets(first, LocalBuckets(lambda: 0.0), try_again_after=0.0)
    with capture_logs() as told:
        for is_away in (True, True, False, False, True, True, False):
            first.is_away = is_away
            shared.take([slow(1)])
    assert [line["event"] for line in told] == ["rates.redis_away", "rates.redis_back"] * 2
