import pytest

from tests.fixtures.rewriting import Things


@pytest.fixture
def things(databases):
    scene = Things(databases.empty())
    yield scene
    scene.close()
