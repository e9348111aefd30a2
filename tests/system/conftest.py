"""What all system tests share: a folder and processes of their own, ended
afterwards, with the tails of their logs shown when a test fails."""
import os
import shutil
import sys
import tempfile

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

import alpacon                                          # noqa: E402
import proc                                             # noqa: E402

LONG = bool(os.environ.get("ALPACON_LONG"))


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "alone: compares times; contrib/check runs nothing beside")


@pytest.fixture(scope="session")
def long():
    return LONG


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if not report.failed:
        return
    for name in ("box", "module_box"):
        box = item.funcargs.get(name)
        if box is not None:
            report.sections.append((f"logs of {box.dir}", box.tails()))
            box.failed = True


def _box(name):
    b = proc.Box(tempfile.mkdtemp(prefix="alpacon-test-"))
    b.failed = False
    try:
        yield b
    finally:
        b.close()
        if b.failed:
            kept = os.path.join(alpacon.BUILD, "system-failed", name)
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(b.dir, kept, ignore=shutil.ignore_patterns("*.sock"))
        shutil.rmtree(b.dir, ignore_errors=True)


@pytest.fixture
def box(request):
    """A test's own."""
    yield from _box(request.node.name.replace("/", "_"))


@pytest.fixture(scope="module")
def module_box(request):
    """Shared by the tests of a file."""
    yield from _box(request.module.__name__)
