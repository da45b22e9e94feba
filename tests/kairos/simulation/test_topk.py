"""The book against hand-computed sessions and against a ledger that walks event by event in dollars."""

import math
from datetime import date

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from kairos.calendar import sessions_between
from kairos.errors import ContractError, SimulationError
from kairos.simulation.invariants import book_invariants
from kairos.simulation.topk import simulate_top_k

SESSIONS = sessions_between(date(2014, 1, 2), date(2014, 6, 30))
RETURNS = {
    "permaticker": pl.Int64,
    "session": pl.Date,
    "ret_cc": pl.Float64,
    "ret_co": pl.Float64,
    "ret_oc": pl.Float64,
    "is_delisting": pl.Boolean,
}


def returns_of(rows):
    """Rows of (permaticker, number of the session, ret_co, ret_oc[, is_delisting])."""
    full = [
        (name, SESSIONS[at], (1 + co) * (1 + oc) - 1 if not dead else co, co, oc, bool(dead))
        for name, at, co, oc, *dead in rows
    ]
    return pl.DataFrame(full, schema=RETURNS, orient="row")


def scores_of(rows):
    """Rows of (permaticker, number of the session, score)."""
    full = [(name, SESSIONS[at], float(score)) for name, at, score in rows]
    return pl.DataFrame(full, schema={"permaticker": pl.Int64, "session": pl.Date, "score": pl.Float64}, orient="row")


def ledger(  # noqa: C901, PLR0912, PLR0915 - one obvious walk, not split on purpose
    scores, returns, *, k, cost_bps, rebalance
):
    """The slow, obvious twin: one account in dollars, one event after the other."""
    row_of = {(row["permaticker"], row["session"]): row for row in returns.iter_rows(named=True)}
    sessions = sorted({day for (_, day), row in row_of.items() if not row["is_delisting"]})
    last_row = {}
    for name, day in row_of:
        last_row[name] = max(last_row.get(name, day), day)
    ranking = {}
    for row in scores.iter_rows(named=True):
        ranking.setdefault(row["session"], []).append((-row["score"], row["permaticker"]))
    cash, position, orders, last = 1.0, {}, None, None
    begun, out, equity_before = False, [], 1.0

    for at, day in enumerate(sessions):
        fills, traded = orders is not None, {}
        begun = begun or fills
        for name in list(position):
            row = row_of.get((name, day))
            if row is None:
                if last_row[name] < day and last_row[name] < sessions[-1]:
                    cash += position.pop(name)
                continue
            known = {key: 0.0 if row[key] is None else row[key] for key in ("ret_cc", "ret_co", "ret_oc")}
            if row["is_delisting"]:
                cash += position.pop(name) * (1 + known["ret_cc"])
            elif fills:
                position[name] *= 1 + known["ret_co"]
            elif row["ret_cc"] is None:
                position[name] *= 1 + known["ret_oc"]
            else:
                position[name] *= 1 + known["ret_cc"]
        equity = cash + sum(position.values())
        cost = 0.0
        if fills and equity > 0:
            stuck = {name for name in position if (name, day) not in row_of}
            wanted = [name for _, name in orders if name not in stuck][: k - len(stuck)] if len(stuck) < k else []
            free = equity - sum(position[name] for name in stuck)
            target = {name: position[name] for name in stuck}
            for name in wanted:
                row = row_of.get((name, day))
                if row is not None and not row["is_delisting"]:
                    target[name] = free / len(wanted)
            for name in set(target) | set(position):
                traded[name] = target.get(name, 0.0) - position.get(name, 0.0)
            cash -= sum(traded.values())
            position = target
            cost = cost_bps / 1e4 * sum(abs(amount) for amount in traded.values())
            levy = 1 - cost / equity
            cash, position = cash * levy, {name: value * levy for name, value in position.items()}
            for name in position:
                if name not in stuck:
                    position[name] *= 1 + row_of[(name, day)]["ret_oc"]
        total = cash + sum(position.values())
        if begun:
            turnover = sum(abs(amount) for amount in traded.values()) / equity if equity > 0 else 0.0
            out.append(
                {
                    "session": day,
                    "ret": total / equity_before - 1 if equity_before > 0 else -1.0,
                    "nav": total,
                    "cost": cost / equity if equity > 0 else 0.0,
                    "turnover": turnover,
                    "weights": {name: value / total for name, value in position.items() if value > 0},
                }
            )
        equity_before = total
        orders = None
        if day in ranking and (last is None or at - last >= rebalance) and at + 1 < len(sessions):
            orders, last = sorted(ranking[day])[:k], at
    return [row for row in out if sessions.index(row["session"]) <= last + rebalance]


def random_market(seed):
    """A small market with everything that goes wrong: halts, missing opens, breaks, late listings, deaths of both kinds."""
    rng = np.random.default_rng(seed)
    names, length = int(rng.integers(3, 8)), int(rng.integers(12, 40))
    rows, scores = [], []
    for name in range(1, names + 1):
        start = int(rng.integers(0, 6)) if rng.random() < 0.3 else 0
        end = int(rng.integers(start + 2, length)) if rng.random() < 0.4 else length
        for at in range(start, end):
            if rng.random() < 0.1 and at > start:
                continue
            co, oc = rng.normal(0, 0.05, 2)
            if rng.random() < 0.1:
                co, oc = (1 + co) * (1 + oc) - 1, 0.0
            cc = (1 + co) * (1 + oc) - 1
            unknown = at == start or rng.random() < 0.02
            rows.append((name, SESSIONS[at], None if unknown else cc, None if unknown else co, oc, False))
            if rng.random() < 0.9:
                scores.append((name, at, round(rng.normal(), 1)))
        if end < length and rng.random() < 0.5:
            loss = float(rng.choice([-0.3, -0.55, 0.0]))
            rows.append((name, SESSIONS[end], loss, loss, 0.0, True))
    rows += [(99, SESSIONS[at], 0.0, 0.0, 0.0, False) for at in range(length)]
    quiet = {at for at in range(length) if rng.random() < 0.1}
    kept = scores_of([row for row in scores if row[1] not in quiet])
    shuffled = pl.DataFrame(rows, schema=RETURNS, orient="row").sample(fraction=1.0, shuffle=True, seed=seed)
    return kept, shuffled, rng


@pytest.mark.parametrize("seed", range(120))
def test_the_book_agrees_with_a_cash_ledger(seed):
    scores, returns, rng = random_market(seed)
    settings = {
        "k": int(rng.integers(1, min(5, scores["permaticker"].n_unique()) + 1)),
        "cost_bps": float(rng.choice([0.0, 10.0, 100.0])),
        "rebalance": int(rng.choice([1, 2, 5])),
    }
    book = simulate_top_k(scores, returns, **settings)
    net = ledger(scores, returns, **settings)
    gross = ledger(scores, returns, **{**settings, "cost_bps": 0.0})
    assert book_invariants(book) == []
    assert book.daily["session"].to_list() == [row["session"] for row in net]
    for column, twin in (("ret_net", "ret"), ("nav_net", "nav"), ("cost", "cost"), ("turnover", "turnover")):
        assert book.daily[column].to_list() == pytest.approx([row[twin] for row in net], abs=1e-9)
    assert book.daily["nav_gross"].to_list() == pytest.approx([row["nav"] for row in gross], abs=1e-9)
    held = {(row["session"], name): weight for row in net for name, weight in row["weights"].items()}
    mine = {(session, name): weight for session, name, weight in book.holdings.iter_rows()}
    assert mine == pytest.approx(held, abs=1e-9)


THREE = returns_of(
    [(name, at, *moves) for name, path in {1: [(0, 0), (0.01, 0.10), (0.02, 0)], 2: [(0, 0), (0.05, -0.10), (0, 0.04)]}.items()
     for at, moves in enumerate(path)]
)  # fmt: skip


def test_a_first_buy_pays_one_side_and_earns_from_the_open():
    book = simulate_top_k(scores_of([(1, 0, 2), (2, 0, 1)]), THREE, k=1, cost_bps=10, rebalance=1)
    row = book.daily.row(0, named=True)
    assert row["session"] == SESSIONS[1]
    assert row["turnover"] == 1.0
    assert row["cost"] == pytest.approx(0.001)
    assert row["ret_gross"] == pytest.approx(0.10)  # the overnight 1 % is not earned
    assert row["ret_net"] == pytest.approx(0.999 * 1.10 - 1)
    assert book.daily.height == 1


def test_a_switch_pays_both_sides_at_the_open_between_two_returns():
    scores = scores_of([(1, 0, 2), (2, 0, 1), (1, 1, 1), (2, 1, 2)])
    book = simulate_top_k(scores, THREE, k=1, cost_bps=50, rebalance=1)
    row = book.daily.row(1, named=True)
    assert row["turnover"] == pytest.approx(2.0)
    assert row["cost"] == pytest.approx(0.01)
    assert row["ret_gross"] == pytest.approx(1.02 * 1.04 - 1)  # sold after its night, bought before its day
    assert row["ret_net"] == pytest.approx(1.02 * 0.99 * 1.04 - 1)
    assert row["nav_net"] == pytest.approx(0.995 * 1.10 * 1.02 * 0.99 * 1.04)
    trades = book.trades.filter(session=SESSIONS[2]).sort("permaticker")
    assert trades["side"].to_list() == ["sell", "buy"]
    assert trades["weight_change"].to_list() == pytest.approx([-1.0, 1.0])


def test_weights_drift_between_rebalances_and_trade_back_to_equal():
    scores = scores_of([(name, at, 1) for name in (1, 2) for at in (0, 1)])
    held = simulate_top_k(scores, THREE, k=2, cost_bps=10, rebalance=2)
    traded = simulate_top_k(scores, THREE, k=2, cost_bps=10, rebalance=1)
    drifted = 0.5 * 1.10 / (0.5 * 1.10 + 0.5 * 0.90)
    assert held.daily["turnover"].to_list() == pytest.approx([1.0, 0.0])
    first = held.holdings.filter(session=SESSIONS[1], permaticker=1)["weight"].item()
    assert first == pytest.approx(drifted)
    assert held.daily["ret_gross"][1] == pytest.approx(drifted * 0.02 + (1 - drifted) * 0.04)
    at_open = drifted * 1.02 / (drifted * 1.02 + (1 - drifted))
    assert traded.daily["turnover"][1] == pytest.approx(2 * (at_open - 0.5))


def test_a_delisting_return_is_earned_and_paid_out_free_of_cost():
    returns = returns_of([(1, 0, 0, 0), (1, 1, 0, 0.1), (1, 2, -0.3, 0, True)] + [(2, at, 0, 0) for at in range(5)])
    book = simulate_top_k(scores_of([(1, 0, 2), (2, 0, 1)]), returns, k=1, cost_bps=10, rebalance=4)
    assert book.daily["ret_gross"].to_list() == pytest.approx([0.1, -0.3, 0.0, 0.0])
    assert book.daily["cash"].to_list() == pytest.approx([0.0, 1.0, 1.0, 1.0])
    assert book.trades.row(1) == (SESSIONS[2], 1, "delisted", -1.0, 0.0)


def test_a_delisting_pays_for_the_same_sessions_trades():
    returns = returns_of([(1, 0, 0, 0), (1, 1, 0, 0), (1, 2, -0.3, 0, True)] + [(2, at, 0, 0.1) for at in range(4)])
    scores = scores_of([(1, 0, 2), (2, 0, 1), (2, 1, 1)])
    book = simulate_top_k(scores, returns, k=1, cost_bps=0, rebalance=1)
    assert book.daily["ret_gross"][1] == pytest.approx(0.7 * 1.1 - 1)
    assert book.trades.filter(session=SESSIONS[2])["side"].to_list() == ["delisted", "buy"]


def test_a_merged_name_is_paid_out_at_its_last_price_the_session_after():
    returns = returns_of([(1, 0, 0, 0), (1, 1, 0, 0.1)] + [(2, at, 0, 0) for at in range(5)])
    book = simulate_top_k(scores_of([(1, 0, 2), (2, 0, 1)]), returns, k=1, cost_bps=10, rebalance=4)
    assert book.daily["ret_gross"].to_list() == pytest.approx([0.1, 0.0, 0.0, 0.0])
    assert book.trades.row(1) == (SESSIONS[2], 1, "delisted", pytest.approx(-1.0), 0.0)


def test_a_name_that_ends_with_the_loaded_sessions_is_still_held():
    book = simulate_top_k(scores_of([(1, 0, 2), (2, 0, 1)]), THREE, k=1, cost_bps=10, rebalance=5)
    assert book.daily["positions"].to_list() == [1, 1]
    assert "delisted" not in book.trades["side"].to_list()


def test_a_delisting_dated_after_the_last_prices_does_not_end_all_others():
    returns = pl.concat([THREE, returns_of([(3, 1, 0, 0), (3, 3, -0.3, 0, True)])])
    book = simulate_top_k(scores_of([(1, 0, 2), (2, 0, 1)]), returns, k=1, cost_bps=10, rebalance=5)
    assert book.daily["session"].to_list() == list(SESSIONS[1:3])
    assert book.daily["positions"].to_list() == [1, 1]


def test_a_halted_name_keeps_its_weight_and_its_place():
    returns = returns_of(
        [(1, 0, 0, 0), (1, 1, 0, 0), (1, 3, 0.5, 0)] + [(name, at, 0, 0) for name in (2, 3) for at in range(4)]
    )
    scores = scores_of([(1, 0, 3), (2, 0, 2), (3, 0, 1), (1, 1, 1), (2, 1, 2), (3, 1, 3)])
    book = simulate_top_k(scores, returns, k=2, cost_bps=0, rebalance=1)
    after = dict(book.holdings.filter(session=SESSIONS[2]).select("permaticker", "weight").iter_rows())
    assert after == {1: 0.5, 3: 0.5}


def test_a_chosen_name_without_a_price_at_the_fill_is_left_in_cash():
    returns = returns_of([(1, 0, 0, 0), (1, 2, 0, 0)] + [(2, at, 0, 0) for at in range(3)])
    book = simulate_top_k(scores_of([(1, 0, 2), (2, 0, 1)]), returns, k=2, cost_bps=0, rebalance=1)
    assert book.holdings.rows() == [(SESSIONS[1], 2, 0.5)]
    assert book.daily["cash"].item() == 0.5


def test_equal_scores_rank_by_permaticker():
    book = simulate_top_k(scores_of([(2, 0, 1), (1, 0, 1)]), THREE, k=1, cost_bps=0, rebalance=1)
    assert book.holdings["permaticker"].to_list() == [1]


def test_the_next_rebalance_waits_for_a_score():
    returns = returns_of([(name, at, 0.0, 0.01 * name) for name in (1, 2) for at in range(10)])
    scores = scores_of([(name, at, 1) for name in (1, 2) for at in (0, 1, 4)])
    book = simulate_top_k(scores, returns, k=2, cost_bps=10, rebalance=3)
    filled = book.daily.filter(pl.col("turnover") > 0)["session"].to_list()
    assert filled == [SESSIONS[1], SESSIONS[5]]
    assert book.daily["session"][-1] == SESSIONS[7]


def test_the_order_of_rows_plays_no_part():
    scores, returns, _ = random_market(5)
    one = simulate_top_k(scores, returns, k=2, cost_bps=10, rebalance=2)
    other = simulate_top_k(scores.reverse(), returns.reverse(), k=2, cost_bps=10, rebalance=2)
    assert_frame_equal(one.daily, other.daily)
    assert_frame_equal(one.trades, other.trades)


def test_the_future_does_not_reach_the_past():
    scores, returns, _ = random_market(6)
    whole = simulate_top_k(scores, returns, k=2, cost_bps=10, rebalance=1).daily
    cut = whole["session"][whole.height // 2]
    alive = returns.group_by("permaticker").agg(pl.col("session").max()).filter(pl.col("session") > cut)["permaticker"]
    known = returns.filter(pl.col("session") <= cut)
    ended = sorted(set(returns["permaticker"]) - set(alive))
    assert ended  # a name that died before the cut is in play
    early = simulate_top_k(scores.filter(pl.col("session") <= cut), known, k=2, cost_bps=10, rebalance=1).daily
    assert_frame_equal(early, whole.filter(pl.col("session") <= cut))


def test_a_total_loss_ends_the_book_in_cash_at_zero():
    returns = returns_of([(1, 0, 0, 0), (1, 1, 0, -1.0), (1, 2, 0, 0.5), (1, 3, 0, 0.5)])
    book = simulate_top_k(scores_of([(1, at, 1) for at in range(3)]), returns, k=1, cost_bps=10, rebalance=1)
    assert book.daily["nav_net"].to_list() == [0.0, 0.0, 0.0]
    assert book.daily["ret_net"].to_list() == [-1.0, 0.0, 0.0]
    assert book_invariants(book) == []


@pytest.mark.parametrize(
    ("scores", "settings", "message"),
    [
        ([], {}, "scores: no rows"),
        ([(1, 0, math.nan)], {}, "1 of 1 are missing or not finite, first 1 on 2014-01-02"),
        ([(1, 0, 1)], {"k": 2}, "k = 2, but the scored universe has 1 names"),
        ([(1, 0, 1)], {"k": 0}, "k = 0, but"),
        ([(1, 0, 1), (1, 0, 2)], {}, "1 has more than one on 2014-01-02"),
        ([(7, 0, 1)], {}, "1 name(s) without a single row of daily_returns, for example [7]"),
        ([(1, 2, 1)], {}, "none before the last priced session 2014-01-06"),
        ([(1, 9, 1)], {}, "1 session(s) without any price, first 2014-01-15; prices run from 2014-01-02 to 2014-01-06"),
        ([(1, 0, 1)], {"rebalance": 0}, "rebalance = 0 sessions, expected at least 1"),
        ([(1, 0, 1)], {"cost_bps": -1.0}, "cost_bps = -1, expected 0"),
    ],
)
def test_unusable_input_is_refused_in_one_line(scores, settings, message):
    with pytest.raises(SimulationError) as caught:
        simulate_top_k(scores_of(scores), THREE, **{"k": 1, "cost_bps": 10.0, "rebalance": 1, **settings})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_return_given_twice_is_refused():
    with pytest.raises(SimulationError, match="occur twice"):
        simulate_top_k(scores_of([(1, 0, 1)]), pl.concat([THREE, THREE]), k=1, cost_bps=10, rebalance=1)


def test_a_missing_column_is_named():
    with pytest.raises(ContractError, match="daily_returns: missing column\\(s\\) ret_oc"):
        simulate_top_k(scores_of([(1, 0, 1)]), THREE.drop("ret_oc"), k=1, cost_bps=10, rebalance=1)
