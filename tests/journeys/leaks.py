"""Planted leaks: steps of the path that read what was not known yet, in the places where people put them."""

import polars as pl

from kairos.frames import Frame
from kairos.market.base import latest_versions
from tests.journeys.engine_path import Tables


def newest_prices(made: Tables, rows: Frame) -> Frame:
    """Rows with the newest delivered close and closeadj of their session, and those of the session before."""
    newest = latest_versions(made["sep_versions"]).select("permaticker", "session", "close", "closeadj")
    before = pl.col("closeadj").shift(1).over("permaticker").alias("closeadj_before")
    return rows.join(newest.with_columns(before), on=["permaticker", "session"], how="left", maintain_order="left")


def returns_of_the_newest_closeadj(made: Tables, rows: Frame, _: int) -> Frame:
    ret = pl.coalesce(pl.col("closeadj") / pl.col("closeadj_before") - 1, "ret_cc").alias("ret_cc")
    return newest_prices(made, rows).with_columns(ret).select(rows.columns)


def adjusted_price_as_a_level(made: Tables, rows: Frame, _: int) -> Frame:
    return (
        newest_prices(made, rows).with_columns(pl.col("close").log().cast(pl.Float32).alias("log_price")).select(rows.columns)
    )


def scaled_by_the_whole_year(made: Tables, rows: Frame, _: int) -> Frame:
    return rows.with_columns(pl.col("ret_5d") / pl.col("ret_5d").std().over("permaticker"))


def return_of_the_next_session(made: Tables, rows: Frame, _: int) -> Frame:
    return rows.with_columns(pl.col("ret_1d").shift(-1).over("permaticker"))


def todays_marketcap(made: Tables, rows: Frame, _: int) -> Frame:
    today = made["daily_metrics"].sort("session").group_by("permaticker").agg(pl.col("marketcap").last())
    return rows.drop("marketcap").join(today, on="permaticker").select(rows.columns)


def only_survivors(made: Tables, rows: Frame, _: int) -> Frame:
    return rows.join(made["tickers"].filter("isdelisted"), on="permaticker", how="anti")


LEAKS = {
    "daily_returns": returns_of_the_newest_closeadj,
    "feat_price_action: level": adjusted_price_as_a_level,
    "feat_price_action: scaler": scaled_by_the_whole_year,
    "feat_price_action: shift": return_of_the_next_session,
}
UNIVERSE_LEAKS = {"marketcaps": todays_marketcap, "members": only_survivors}
