"""A drop's `reports.csv`: facts of 10-Q and 10-K filings found that day. On some days it comes without its header line."""

import csv
import io

import polars as pl

from kairos.errors import SourceError
from kairos.frames import Frame
from kairos.sources.casts import cast_columns, unreadable
from kairos.sources.formats import BOM, read_member

REPORTS_MEMBER = "reports.csv"
_TEXTS = ("symbol", "amend", "period_focus", "doc_type")
_FACTS = (
    "revenues", "op_income", "net_income", "eps_basic", "eps_diluted", "dividend", "assets", "cur_assets", "cur_liab", "cash",
    "equity", "cash_flow_op", "cash_flow_inv", "cash_flow_fin",
)  # fmt: skip
REPORT_COLUMNS = ("symbol", "end_date", "amend", "period_focus", "fiscal_year", "doc_type", *_FACTS)
"""The columns in the order in which the vendor writes them, which is all there is to go by where the header is missing."""
DTYPES: dict[str, pl.DataType] = {
    **dict.fromkeys(REPORT_COLUMNS, pl.Float64()),
    **dict.fromkeys(_TEXTS, pl.String()),
    "end_date": pl.Date(),
    "fiscal_year": pl.Int64(),
}
TRUTHS = {"true": True, "false": False}


def read_reports(drop: bytes, *, where: str) -> Frame:
    """Return the reports of a drop archive, one row each; amend is a truth value, amounts are in USD. May be empty.

    Args:
        drop: The archive.
        where: What it is, for messages.

    Raises:
        SourceError: The archive is damaged, a line has too few or too many columns, the header is another one,
            or a value cannot be read.
    """
    place = f"{where} {REPORTS_MEMBER}"
    lines = _lines(read_member(drop, REPORTS_MEMBER, where=where), place)
    header = list(REPORT_COLUMNS)
    if lines and lines[0][1][0].strip().lower() == REPORT_COLUMNS[0]:
        header = _header(lines.pop(0)[1], place)
    for number, cells in lines:
        if len(cells) != len(header):
            raise SourceError(
                f"{place}, line {number}: {len(cells)} columns, expected {len(header)} ({', '.join(header)}). "
                "The file may be cut short, or the vendor has changed it; nothing was read."
            )
    sent = pl.DataFrame([cells for _, cells in lines], schema=dict.fromkeys(header, pl.String), orient="row")
    return _typed(sent.select(REPORT_COLUMNS), [number for number, _ in lines], place)


def _lines(body: bytes, where: str) -> list[tuple[int, list[str]]]:
    """The lines that hold anything, with their numbers."""
    try:
        text = body.removeprefix(BOM).decode()
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        return [(reader.line_num, cells) for cells in reader if cells]
    except (UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{where}: not readable as CSV ({error}). Fetch the archive again.") from None


def _header(cells: list[str], where: str) -> list[str]:
    names = [cell.strip().lower() for cell in cells]
    if sorted(names) != sorted(REPORT_COLUMNS):
        odd = sorted(set(names) ^ set(REPORT_COLUMNS)) or ["a name twice"]
        raise SourceError(
            f"{where}: the header has {len(names)} columns, expected the {len(REPORT_COLUMNS)} known ones; they differ in "
            f"{', '.join(odd)}. The vendor may have changed the file; nothing was read."
        )
    return names


def _typed(sent: Frame, numbers: list[int], where: str) -> Frame:
    cast = cast_columns(sent, DTYPES)
    for name in DTYPES:
        _refuse(unreadable(sent[name], cast[name]), sent[name], numbers, where)
    amend = sent["amend"].str.strip_chars().str.to_lowercase().replace_strict(TRUTHS, default=None, return_dtype=pl.Boolean)
    _refuse(amend.is_null(), sent["amend"], numbers, where)
    _refuse(cast["symbol"].is_null(), sent["symbol"], numbers, where)
    return cast.with_columns(amend.alias("amend"))


def _refuse(wrong: pl.Series | None, sent: pl.Series, numbers: list[int], where: str) -> None:
    if wrong is not None and wrong.any():
        row = int(wrong.arg_true()[0])
        raise SourceError(
            f"{where}, line {numbers[row]}: {sent.name} is {sent[row]!r}, expected {DTYPES[sent.name]}"
            f"{' (True or False)' if sent.name == 'amend' else ''}. "
            "A line without header is read by the vendor's column order; check the file."
        )
