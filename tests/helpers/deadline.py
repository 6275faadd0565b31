"""`--stop-starting-after=SECONDS`: tests that come later than that are skipped and counted, not failed.

The seconds count from the start of the session, for all its workers.
"""

import math
import time

import pytest

REASON = "not run for lack of time"
LAST = pytest.StashKey[float]()


def pytest_addoption(parser):
    parser.addoption(
        "--stop-starting-after",
        type=float,
        metavar="SECONDS",
        help="skip each test that is due so many seconds after the start of the session, or later",
    )


def pytest_configure(config):
    """Notes the moment after which no test is begun. A worker is told that of the session."""
    seconds = config.option.stop_starting_after
    given = getattr(config, "workerinput", {}).get("last_start")
    config.stash[LAST] = math.inf if seconds is None else given or time.time() + seconds


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    node.workerinput["last_start"] = node.config.stash[LAST]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Skips a test before any of its fixtures."""
    if time.time() >= item.config.stash[LAST]:
        pytest.skip(REASON)


def pytest_terminal_summary(terminalreporter, config):
    if config.option.stop_starting_after is not None:
        skipped = terminalreporter.stats.get("skipped", [])
        late = [report for report in skipped if report.longrepr[2] == f"Skipped: {REASON}"]
        terminalreporter.write_line(f"{REASON}: {len(late)}")
