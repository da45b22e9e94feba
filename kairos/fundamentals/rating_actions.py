"""Analysts' actions read out of headlines: who did what, and from which mark and price target to which.

A headline is an action where it begins with a firm and what the firm did ("Baird Maintains Neutral on ..., Lowers Price Target
to $34") and bears a mark or a price target. Rumours ("Hearing ..."), lists, sentences about a price move and ratings of debt
are none. What a headline does not say is null. Whose action it is cannot be seen: an article filed under several securities is
an action under each.
"""

import polars as pl

from kairos.frames import Frame

COLUMNS = ("rating_firm", "rating_action", "rating_from", "rating_to", "price_target_from", "price_target_to")
_PRICE_TARGET = r"(?:PT|PO|(?i:price target|price objective))"
_ON = r"(?: [\w.&' -]+)? "
VERBS = {
    "upgrade": r"Upgrade[sd]",
    "downgrade": r"Downgrade[sd]",
    "maintain": r"Maintain(?:s|ed)",
    "reiterate": r"Reiterate[sd]",
    "initiate": r"Initiate[sd]",
    "reinstate": r"Reinstate[sd]",
    "assume": r"Assume[sd]",
    "resume": r"Resume[sd] Coverage",
    "raise_target": rf"(?:Raise[sd]|Boost(?:s|ed)|Increase[sd]){_ON}{_PRICE_TARGET}",
    "lower_target": rf"(?:Lower(?:s|ed)|Cuts?|Reduce[sd]|Slashe[sd]){_ON}{_PRICE_TARGET}",
}
"""What a firm does, by the name that `rating_action` bears."""
DEBT_RATERS = ("S&P", "Standard & Poor's", "Moody's", "Fitch", "Fitch Ratings", "DBRS", "A.M. Best")
_MARK = (
    r"(?i:(?:conviction|strong|speculative|long[- ]term|top pick) buy|buy|accumulate|add|hold|sell|reduce|neutral|positive|"
    r"negative|(?:over|under|equal|market|sector)[- ]?weight|(?:market|sector|peer|mkt)[- ](?:out|under)?perform(?:er)?|"
    r"(?:out|under)?perform(?:er)?|in[- ]line|fair value|top pick)"
)
_TARGET = r"(?:PT|PO|(?i:price target|price objective|target))"
_USD = r"\$(\d[\d,]*(?:\.\d+)?)(?:[^\w.]|\.\s|\.?$)"
_BEFORE = r"^[\s\x{feff}]*(?:(?i:update|udpate|updated|correction):\s*)?(?:Earlier\s+)?"
_FIRM = rf"{_BEFORE}([A-Z][\w.&'\x{{2019}}/() -]{{1,40}}?)\s+(?:Earlier\s+)?"
_PASSIVE = r"(?i:^[\s,]*(?:to|at|by|with|upon|today|in|and)\b)"  # "X Upgraded to Buy at Y": X is no firm
_NO_FIRM = r"(?i:\([a-z.]+\)$|^hearing\b|benzinga|\bafter\b|\bshares\b|\banalysts?\b)"
_PAST = r"^(?:Upgraded|Downgraded|Maintained|Reiterated|Initiated)$"
_LIKELY = r"Upgrade|Downgrade|Maintain|Reiterate|Initiate|Reinstate|Assume|Resume|PT|PO|(?i:price target|price objective)"
_WEEKDAY = r"\s+(?i:on (?:mon|tues|wednes|thurs|fri)day)$"
_ENDS = r"(?:\s*$|\s*[,;(]|\s+(?i:rating|on|as|and|following|amid|from|after)\b)"  # no mark: "Patients With Negative Symptoms"
_MARKS_TO = (
    rf"\b(?i:to)\s+(?i:an? )?({_MARK}){_ENDS}",
    rf"\b(?i:at|with) (?i:an? )?({_MARK}){_ENDS}",
    rf"^ (?i:an? )?({_MARK}){_ENDS}",
    rf"\b({_MARK}) [Rr]ating\b",
)
_FROM_TO = rf"\b(?i:from) ({_MARK}) (?i:to) ({_MARK})\b"
_TARGET_FROM_TO = rf"\b{_TARGET}\b[^$;]*?\b(?i:from) {_USD}\s*(?i:to) {_USD}"
_TARGET_TO_FROM = rf"\b{_TARGET}\b[^$;]*?\b(?i:to) {_USD}\s*(?i:from) {_USD}"
_WITHDRAWN = rf"\b(?i:removes|removed|withdraws|withdrew) (?:{_TARGET}|\$)"
_TARGETS_TO = (
    rf"\b{_TARGET}\b[^$;]*?\b(?i:to|of|at) {_USD}",
    rf"\$(\d[\d,]*(?:\.\d+)?) {_TARGET}\b",
    rf"\bAnnounce[sd] {_USD}",
)


def with_rating_actions(rows: Frame) -> Frame:
    """Add `COLUMNS` to rows that have a title; all null where it is no analyst's action.

    Marks are in lower case with blanks for hyphens ("equal weight"); targets are in dollars, as the headline says.
    """
    numbered = rows.with_row_index("_at")
    likely = numbered.filter(pl.col("title").str.contains(_LIKELY))  # one in five; the whole rule is dear
    read = likely.select("_at", *_read(pl.col("title")))
    return numbered.join(read, on="_at", how="left", maintain_order="left").drop("_at")


def _read(told: pl.Expr) -> list[pl.Expr]:
    acting = rf"{_FIRM}({'|'.join(VERBS.values())})\b"
    firm = told.str.extract(acting, 1).str.replace(_WEEKDAY, "")
    verb = told.str.extract(acting, 2)
    rest = told.str.replace(acting, "")
    passive = verb.str.contains(_PAST) & rest.str.contains(_PASSIVE)
    named = firm.is_not_null() & ~firm.str.contains(_NO_FIRM) & ~firm.is_in(list(DEBT_RATERS)) & ~passive
    action = pl.coalesce(pl.when(verb.str.contains(f"^(?:{form})$")).then(pl.lit(name)) for name, form in VERBS.items())
    marks, targets = _marks(rest), _targets(told)
    acted = named & pl.any_horizontal(value.is_not_null() for value in (*marks, *targets))
    values = (firm, action, *marks, *targets)
    return [pl.when(acted).then(value).alias(name) for name, value in zip(COLUMNS, values, strict=True)]


def _marks(rest: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    before = rest.str.extract(_FROM_TO, 1)
    after = pl.coalesce(rest.str.extract(_FROM_TO, 2), *(rest.str.extract(form, 1) for form in _MARKS_TO))
    return tuple(mark.str.to_lowercase().str.replace_all("-", " ") for mark in (before, after))  # type: ignore[return-value]


def _targets(told: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    before = pl.coalesce(told.str.extract(_TARGET_FROM_TO, 1), told.str.extract(_TARGET_TO_FROM, 2))
    after = pl.coalesce(
        told.str.extract(_TARGET_FROM_TO, 2),
        told.str.extract(_TARGET_TO_FROM, 1),
        *(told.str.extract(form, 1) for form in _TARGETS_TO),
    )
    return _dollars(before), _dollars(pl.when(~told.str.contains(_WITHDRAWN)).then(after))


def _dollars(written: pl.Expr) -> pl.Expr:
    return written.str.replace_all(",", "").cast(pl.Float64, strict=False)
