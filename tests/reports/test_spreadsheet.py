"""Texts into cells and back: nothing a spreadsheet takes for a formula, nothing lost on the way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator_tui.reports.spreadsheet import CELL_LIMIT, cell, read_csv, restored, rows_as_csv
