"""What one worker's traffic is agreed by: rates on the broker's Redis or in the database, the rest in the database."""

from __future__ import annotations

import time
from pathlib import Path

from engage.delivery.buckets import Buckets
from engage.delivery.traffic import Traffic
from engage.store.database import Database
from engage.store.delivery.buckets import SqlBuckets
from engage.store.delivery.notices import SqlNotices
from engage.store.delivery.volumes import SqlVolumes
from workers.broker import redis_of
from workers.buckets import RedisBuckets, SharedBuckets


def open_traffic(database: Database, *, broker: str, directory: Path, owner: str) -> Traffic:
    """This worker's share. `broker` is the setting, `directory` where an embedded one lives; nothing is connected yet."""
    notices, volumes = SqlNotices(database, owner=owner), SqlVolumes(database)
    return Traffic(time.monotonic, buckets=open_buckets(database, broker=broker, directory=directory), notices=notices, volumes=volumes)


def open_buckets(database: Database, *, broker: str, directory: Path) -> Buckets:
    """What rates are booked on, alike for all processes."""
    server, exact = redis_of(broker, directory=directory), SqlBuckets(database)
    return exact if server is None else SharedBuckets(RedisBuckets(server), exact)
