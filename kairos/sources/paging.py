"""Watching that the pages of a pull lead on, to the last one and not in a circle."""

from kairos.sources.datasets import Dataset, require_expected
from kairos.sources.ndl import Page, PagingError


class Walk:
    """What the pages of one pull have shown so far.

    Args:
        spec: The dataset pulled.
        page_rows: Rows asked per page.
        overlap_allowed: Whether rows may come twice: a table that changes between two pages does that.
    """

    def __init__(self, spec: Dataset, *, page_rows: int, overlap_allowed: bool) -> None:
        self._spec = spec
        self._page_rows = page_rows
        self._overlap_allowed = overlap_allowed
        self._cursors: set[str] = set()
        self._keys: set[str] = set()

    def follow(self, page: Page) -> None:
        """Take in one more page.

        Raises:
            PagingError: The page leads back instead of on: its cursor or its rows have been seen; or it is said to be the
                last and yet full, as a page is that lost its cursor. Pages of another size tell which it was.
            SourceError: A column that the vendor always sends is missing.
        """
        where = self._spec.vendor_code
        require_expected(page.columns, dataset=self._spec, where=where)
        places = [page.columns.index(name) for name in self._spec.key if name in page.columns]
        keys = {repr([row[place] for place in places]) for row in page.rows}
        again, within = len(keys & self._keys), len(page.rows) - len(keys)
        if again and (again == len(keys) or not self._overlap_allowed):
            raise PagingError(f"{where}: a page repeats {again} of its {len(keys)} rows from earlier pages. Run again.")
        if within and not self._overlap_allowed:
            raise PagingError(f"{where}: {within} of a page's {len(page.rows)} rows come twice in it. Run again.")
        if page.cursor is not None and page.cursor in self._cursors:
            raise PagingError(f"{where}: the same cursor came twice, so the pages have no end. Run again later.")
        if page.cursor is None and len(page.rows) - again >= self._page_rows:
            raise PagingError(
                f"{where}: the last page is full ({len(page.rows)} of {self._page_rows} rows; {len(keys | self._keys)} in all) "
                "so rows may be missing; expected a shorter one. Run again later."
            )
        self._keys |= keys
        self._cursors |= {page.cursor} if page.cursor is not None else set()
