"""Analysts' actions read out of headlines: who did what, and from which mark and price target to which.

A headline is an action where it begins with a firm and what the firm did ("Baird Maintains Neutral on ..., Lowers Price Target
to $34") and bears a mark or a price target. Rumours ("Hearing ..."), lists, sentences about a price move and ratings of debt
are none. What a headline does not say is null. Whose action it is cannot be seen: an article filed under several securities is
an action under each.
"""

import polars as pl

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


def rating_columns(title: str = "title") -> list[pl.Expr]:
    """Return the expressions of `COLUMNS` over a column of headlines; all null where a headline is no analyst's action.

    Marks are in lower case with blanks for hyphens ("equal weight"); targets are in dollars, as the headline says.
    """
    told = pl.col(title)
    any_verb = "|".join(VERBS.values())
    firm = told.str.extract(rf"{_FIRM}(?:{any_verb})\b").str.replace(_WEEKDAY, "")
    named = firm.is_not_null() & ~firm.str.contains(_NO_FIRM) & ~firm.is_in(list(DEBT_RATERS))
    rest = told.str.replace(rf"{_FIRM}(?:{any_verb})", "")
    action = pl.coalesce(pl.when(told.str.contains(rf"{_FIRM}(?:{verb})\b")).then(pl.lit(name)) for name, verb in VERBS.items())
    past = told.str.contains(rf"{_FIRM}(?:Upgraded|Downgraded|Maintained|Reiterated|Initiated)\b")
    named &= ~(past & rest.str.contains(_PASSIVE))
    marks = _marks(rest)
    targets = _targets(told)
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
