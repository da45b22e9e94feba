"""Answers that come back: a vendor that says A, then B, then A again has told three things.

A payload is known by its question and its bytes, so the second A would pass for the first, and B would stand for ever. It
is kept under a question of its own, marked behind `#`, which no vendor is ever sent.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

import polars as pl

from kairos.frames import Frame
from kairos.sources.payloads import Payload

MARK = "#"


def question(request: pl.Expr) -> pl.Expr:
    """Return what was asked, without the mark of an answer that had come back."""
    return request.str.split(MARK).list.first()


@dataclass(frozen=True)
class Told:
    """What questions have been answered with, oldest answer first: request and SHA-256, by dataset and question."""

    answers: dict[tuple[str, str], list[tuple[str, str]]]

    @classmethod
    def before(cls, received: Frame) -> Self:
        """Return the answers among rows of `raw_payloads`."""
        rows = received.sort("fetched_at", maintain_order=True).select(
            "dataset", question(pl.col("request")).alias("question"), "request", "sha256"
        )
        answers: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for dataset, asked, request, digest in rows.iter_rows():
            answers.setdefault((dataset, asked), []).append((request, digest))
        return cls(answers)

    def marked(self, payload: Payload) -> Payload:
        """Return a payload under the request that it is kept by: marked if it says again what another answer had replaced."""
        told = self.answers.get((payload.dataset, payload.request), [])
        if not told or payload.sha256 not in {digest for _, digest in told}:
            return payload
        last, digest = told[-1]
        return replace(payload, request=last if digest == payload.sha256 else f"{payload.request}{MARK}{len(told)}")


def kept_apart(payloads: Iterable[Payload], received: Frame) -> list[Payload]:
    """Return payloads under the requests that they are kept by, as `Told.marked` does.

    Args:
        payloads: Answers of one vendor.
        received: Rows of `raw_payloads` so far.
    """
    answers = list(payloads)
    asked = pl.Series([payload.request for payload in answers], dtype=pl.String).unique()
    sources = pl.Series([payload.source for payload in answers], dtype=pl.String).unique()
    same = pl.col("source").is_in(sources.implode()) & question(pl.col("request")).is_in(asked.implode())
    told = Told.before(received.filter(same))
    return [told.marked(payload) for payload in answers]
