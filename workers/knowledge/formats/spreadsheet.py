"""Reads Excel workbooks: a section for each sheet that people see, values as they are shown."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from workers.knowledge.formats import Parsed, Section, SourceError, clean, document_title
from workers.knowledge.formats._tables import table_texts
from workers.knowledge.formats._zip_parts import BROKEN, core_properties, open_archive

SUFFIXES = (".xlsx", ".xlsm")
MAX_FILE_BYTES = 8 * 1024 * 1024
"""A larger workbook is a data set; its cells would fill the memory."""
CURRENCY = re.compile(r"\[\$([^\]\-]{1,5})(?:-[^\]]{0,9})?\]|([$€£¥₹₩])|\"([^\"]{1,20})\"")
DECIMALS = re.compile(r"0\.(0{1,9})")


def read(data: bytes, name: str, _charset: str = "") -> Parsed:
    """Returns the workbook. Raises SourceError when it is broken, locked or far too large."""
    if len(data) > MAX_FILE_BYTES:
        raise SourceError(
            f"reading {name!r}: {len(data) / 2**20:.0f} MB; workbooks of at most "
            f"{MAX_FILE_BYTES // 2**20} MB are read: save the sheet that matters as .csv"
        )

    try:
        with open_archive(data, name) as archive:
            title, changed_at = core_properties(archive, name)
            sections = list(_sections(io.BytesIO(data)))
    except SourceError:
        raise
    except (*BROKEN, TypeError, AttributeError) as error:
        raise SourceError(
            f"reading {name!r}: {error}; it is no whole workbook, save it again as .xlsx"
        ) from error

    return Parsed(document_title(title, "", name), sections, changed_at)


def _sections(file: Any) -> Iterator[Section]:
    import openpyxl

    with warnings.catch_warnings():
        # It warns of each extension of the format that it does not keep when it writes.
        warnings.simplefilter("ignore")
        workbook = openpyxl.load_workbook(file, data_only=True)

    for sheet in workbook.worksheets:
        # People do not see hidden sheets.
        if sheet.sheet_state == "visible":
            for text in table_texts(_rows(sheet)):
                yield Section((clean(sheet.title),), "", text)


def _rows(sheet: Any) -> Iterator[list[str]]:
    merged: dict[tuple[int, int], Any] = {}
    for area in sheet.merged_cells.ranges:
        # A cell over several rows is said in each; to the right it is one wide cell.
        for row in range(area.min_row, min(area.max_row, area.min_row + 100) + 1):
            merged[row, area.min_col] = sheet.cell(area.min_row, area.min_col)

    hidden = {letter for letter, dimension in sheet.column_dimensions.items() if dimension.hidden}
    for cells in sheet.iter_rows():
        if not cells or sheet.row_dimensions[cells[0].row].hidden:
            continue

        shown = []
        for cell in cells:
            if cell.column_letter not in hidden:
                shown.append(_displayed(merged.get((cell.row, cell.column), cell)))

        yield shown


def _displayed(cell: Any) -> str:
    """Returns the cell's value as Excel shows it, with its currency, per cent and date."""
    value = cell.value
    form = str(cell.number_format or "General")
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime | date | time):
        return _date(value)
    if isinstance(value, int | float):
        return _number(value, form)

    return clean(str(value)).replace("\n", " ")


def _date(value: datetime | date | time) -> str:
    if isinstance(value, datetime):
        # A day in a sheet is a time at midnight.
        is_day = value.time() == time()
        return value.date().isoformat() if is_day else value.isoformat(" ", "minutes")

    return value.isoformat()


def _number(value: float, form: str) -> str:
    form = form.split(";")[0]
    decimals = DECIMALS.search(form)
    places = len(decimals[1]) if decimals is not None else None
    if "%" in form:
        return f"{value * 100:.{places or 0}f} %".replace(" %", "%")

    if places is not None:
        number = f"{value:,.{places}f}" if "," in form else f"{value:.{places}f}"
    elif form not in ("General", "@") and "0" in form:
        number = f"{value:,.0f}" if "," in form else f"{value:.0f}"
    else:
        number = f"{value:.10g}"

    sign = CURRENCY.search(form)
    if sign is None:
        return number

    unit = sign[1] or sign[2] or sign[3]
    is_before = sign.start() < (form.find("0") if "0" in form else len(form))
    separator = "" if len(unit.strip()) == 1 and is_before else " "
    return f"{unit.strip()}{separator}{number}" if is_before else f"{number} {unit.strip()}"
