"""Which tries count as the same one. A daily re-run of a configuration is no new trial; any other setting is."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Literal

from kairos.frames import Frame, require_columns

DIGEST_LENGTH = 16  # 64 bits: no two of a million trials are likely to collide


def canonical_json(value: Any) -> str:  # noqa: ANN401 - anything JSON can hold
    """Return `value` as JSON that does not depend on the order of keys.

    Raises:
        ValueError: It holds NaN or infinity.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def trial_id(
    kind: Literal["model", "simulation"], config: Mapping[str, Any], *, universe_year: int, horizon: int, data_set: str
) -> str:
    """Return the digest that identifies a trial.

    Args:
        kind: What was tried.
        config: What decides its result; for a model `ModelConfig.identity()`.
        universe_year: First year of the universe.
        horizon: Sessions ahead.
        data_set: `data_set_digest` of the universe.
    """
    parts = {
        "kind": kind,
        "config": dict(config),
        "universe_year": universe_year,
        "horizon": horizon,
        "data_set": data_set,
    }
    return _digest(canonical_json(parts))


def data_set_digest(universe: Frame, *, source: str = "") -> str:
    """Return the digest of which securities a universe holds and where they come from.

    What changes while a universe lives, such as an exit, does not count, nor does a name that the vendor files anew.

    Args:
        universe: Rows of midcap_universe of one year: universe_year and permaticker, in any order.
        source: Who delivered the data.
    """
    key = ["universe_year", "permaticker"]
    require_columns(universe, key, where="universe")
    members = universe.select(key).unique().sort(key).rows()
    return _digest(canonical_json({"source": source, "members": [list(member) for member in members]}))


def scores_digest(scores: Frame) -> str:
    """Return the digest of scores that no recorded configuration made.

    Args:
        scores: Columns permaticker, session and score, in any order.
    """
    key = ["permaticker", "session"]
    return _digest(scores.select(*key, "score").sort(key).write_csv())


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]
