"""A database that goes away for a while is no mistake, and nobody keeps a dead connection."""

import socket

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from sqlalchemy import create_engine, text

from bot.app import open_backend
from bot.transport.health import StoreCollector
from router.config import Settings
from router.errors import StoreAwayError
from router.store import Store, open_store
from router.store.base.engine import open_engine

END_OTHERS = text(
    "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


class Depths:
    def depth(self):
        return {"answer": 3}

    def runs(self):
        return {}


@pytest.fixture
def url(databases):
    return databases.fresh()


@pytest.fixture
def administrator(url):
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def store(url):
    opened = open_store(url)
    yield opened
    opened.close()


def test_after_a_restart_nobody_gets_a_connection_from_before(store, administrator):
    for _ in range(3):
        store.ping()

    administrator.execute(END_OTHERS)

    store.ping()
    assert store.requests.open_count(0.0) == (0, 0.0)


def test_a_connection_that_ends_in_the_middle_says_that_the_store_is_away(store, administrator):
    def lose_the_server():
        with store.begin() as connection:
            connection.execute(text("SELECT 1"))
            administrator.execute(END_OTHERS)
            connection.execute(text("SELECT 2"))

    with pytest.raises(StoreAwayError) as caught:
        lose_the_server()

    assert caught.value.state in ("57P01", "")
    store.ping()


def test_a_server_that_takes_no_writes_is_away_for_now(
    store, administrator, url, make_request, clock
):
    name = store.engine.url.database
    administrator.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    reader = Store(open_engine(url))

    with pytest.raises(StoreAwayError, match="25006"):
        reader.requests.insert(make_request(), clock())

    administrator.execute(text(f"ALTER DATABASE {name} RESET default_transaction_read_only"))
    reader.close()
    assert store.requests.insert(make_request(), clock())


def test_a_file_that_takes_no_writes_is_away_for_now(tmp_path, make_request, clock):
    file = tmp_path / "beagle.db"
    open_store(f"sqlite:///{file}").close()
    reader = Store(open_engine(f"sqlite:///file:{file}?mode=ro&uri=true"))

    with pytest.raises(StoreAwayError, match="readonly"):
        reader.requests.insert(make_request(), clock())

    reader.close()


def test_a_mistake_of_ours_is_not_called_an_outage(every_store):
    with pytest.raises(Exception, match="no_such_table") as caught, every_store.begin() as change:
        change.execute(text("SELECT * FROM no_such_table"))

    assert not isinstance(caught.value, StoreAwayError)


def test_a_scrape_answers_while_the_database_is_away(clock):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    registry = CollectorRegistry()
    away = Store(open_engine(f"postgresql+psycopg://u@127.0.0.1:{port}/x"))
    registry.register(StoreCollector(away, Depths(), clock, lambda: 1.0))

    page = generate_latest(registry).decode()

    assert "beagle_store_up 0.0" in page
    assert 'beagle_queue_jobs{queue="answer"} 3.0' in page


def test_a_process_holds_no_more_connections_than_its_setting_says(tmp_path, url):
    settings = Settings(
        _env_file=None, data=tmp_path, database_url=url, database_pool=3, redis_url=""
    )
    backend = open_backend(settings)

    pool = backend.store.engine.pool
    backend.close()

    assert (pool.size(), pool._max_overflow) == (3, 0)
