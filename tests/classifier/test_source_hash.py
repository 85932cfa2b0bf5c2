"""A saved router is loaded only by the code that trained it."""

import shutil

import pytest

import router.classifier.training_data as training_data
from router.classifier.source_hash import PACKAGE, SOURCES, source_hash
from router.classifier.training_data import router_version, training_examples

FILES = sorted(path for pattern in SOURCES for path in PACKAGE.glob(pattern))


@pytest.fixture
def package(tmp_path):
    """A copy of the sources."""
    for path in FILES:
        target = tmp_path / path.relative_to(PACKAGE)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)

    return tmp_path


def test_a_copy_of_the_sources_has_the_same_hash(package):
    assert source_hash(package) == source_hash()


@pytest.mark.parametrize(
    "name",
    [
        "classifier/logistic.py",
        "classifier/training.py",
        "classifier/training_data.py",
        "encoder/torch.py",
        "encoder/onnx.py",
        "text/compatibility.py",
        "text/normalise.py",
        "text/small_talk.py",
    ],
)
def test_a_change_in_a_file_that_determines_a_router_changes_the_hash(package, name):
    with (package / name).open("a", encoding="utf-8") as file:
        file.write("\nCHANGED = True\n")

    assert source_hash(package) != source_hash()


def test_a_new_file_changes_the_hash(package):
    (package / "classifier" / "new.py").write_text("", "utf-8")

    assert source_hash(package) != source_hash()


def test_the_hash_is_part_of_a_routers_version(monkeypatch, examples, routes):
    selected = training_examples(examples, routes)
    before = router_version(selected, routes)

    monkeypatch.setattr(training_data, "source_hash", lambda: "other code")

    assert router_version(selected, routes) != before
