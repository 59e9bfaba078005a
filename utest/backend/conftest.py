"""What the backend's tests share."""

import secrets

import pytest
from hypothesis import HealthCheck, settings
from serving import PostgresServer

from runner import schemas

# Whether a result is right does not depend on how busy the machine is; what must be quick is measured by
# tests of its own, in their thread's time.
settings.register_profile("backend", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("backend")


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server for all tests. Without one they fail: what several processes do is not optional."""
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture
def own_postgres():
    """A server of the test's own, which may stop it."""
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture
def database_url(postgres):
    """An empty schema."""
    return new_schema(postgres)


@pytest.fixture(params=["sqlite", "postgres"])
def either_url(request, tmp_path):
    """An empty database of either kind."""
    return new_database(request, tmp_path)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def either_url_for_all(request, tmp_path_factory):
    """A database of either kind that all tests of a module share."""
    return new_database(request, tmp_path_factory.mktemp("data"))


def new_database(request, folder):
    if request.param == "postgres":
        return new_schema(request.getfixturevalue("postgres"))
    return f"sqlite:///{folder / 'chat.sqlite3'}"


def new_schema(server):
    schema = f"test_{secrets.token_hex(8)}"
    schemas.create_schema(server.url, schema)
    return schemas.in_schema(server.url, schema)
