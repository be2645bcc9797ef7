"""What is left of a crash is its owner's alone."""

import os

from migrator_tui.crash_log import write_crash_log


def test_a_crash_log_is_readable_by_its_owner_alone() -> None:
    before = os.umask(0o022)
    try:
        file = write_crash_log(ValueError("broken"))
    finally:
        os.umask(before)
    assert file is not None and "broken" in file.read_text("utf-8")
    assert file.stat().st_mode & 0o777 == 0o600
