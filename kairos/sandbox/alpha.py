"""The planted alpha: latent states behind expected returns, in fixed shares of their variance. Frozen.

The price-based states are sums of past own and sector shocks, with an intensity of each name's own and some noise
that shows nowhere, so that no feature equals one. Only `market` (to plant them) and `truth` (to tell them) use them.
"""

from dataclasses import dataclass

import numpy as np

from kairos.sandbox.arrays import Floats, autoregression, chance, decayed_sum, delayed
from kairos.sandbox.population import Population
from kairos.sandbox.shocks import SECTOR_VOL, Factors, Shocks

SHARES = {
    "reversal": 0.25,
    "momentum": 0.20,
    "value": 0.15,
    "revisions": 0.15,
    "lead_lag": 0.15,
    "volatility": 0.10,
}
PRICE_PARTS = ("reversal", "momentum", "lead_lag", "volatility")
ORACLE_RANK_IC = 0.05  # mean over sessions of the rank correlation of expected and next-session return
FAST, SLOW, LEAD, CALM = 0.82, 0.988, 0.90, 0.90  # decay a session: half-lives of 3.5, 57, 6.6 and 6.6 sessions
SKIP = 21  # momentum leaves out the last 21 sessions
SECTOR_NEWS = 0.7  # share of the sector factor in what followers follow; the rest is the leaders' own
LAG = 1  # leaders reach their followers one session late
VALUE_DECAY, REVISIONS_DECAY = 0.995, 0.98
INTENSITY = 0.20  # sd of a name's own intensity around 1
FAST_INTENSITY_DECAY, SLOW_INTENSITY_DECAY = 0.98, 0.995
HIDDEN = 0.05  # share of a price-based state's variance that no price shows
VOL_DECAY = 0.98  # NEWS + MEMORY of the own shocks
VOL_MEAN, VOL_SD = -0.235, 0.57  # of the log variance of the own shocks
VOL_TILT = 0.61  # taken off the volatility, so that this part is uncorrelated with plain reversal


@dataclass(frozen=True)
class Latent:
    """States at each close, (T, N) each, burn-in included; all of about unit variance."""

    fast: Floats
    fast_intensity: Floats
    slow: Floats
    slow_intensity: Floats
    lead: Floats
    calm: Floats
    vol: Floats
    value: Floats
    revisions: Floats
    hidden: dict[str, Floats]


def leader_news(population: Population, factors: Factors, shocks: Shocks) -> Floats:
    """Return each sector's news, (T, S): the sector factor and the own shocks of its leaders, in shares of SECTOR_NEWS.

    Args:
        population: A chunk that holds all leaders.
        factors: The common factors.
        shocks: Own shocks of that chunk.
    """
    news = np.empty_like(factors.sectors)
    for sector in range(news.shape[1]):
        leaders = np.flatnonzero(population.leader & (population.sector == sector))
        own = shocks.unit[:, leaders].sum(axis=1) / np.sqrt(len(leaders))
        common = factors.sectors[:, sector] / SECTOR_VOL
        news[:, sector] = np.sqrt(SECTOR_NEWS) * common + np.sqrt(1.0 - SECTOR_NEWS) * own
    return news


def make_latent(population: Population, shocks: Shocks, news: Floats, *, seed: int, chunk: int) -> Latent:
    """Derive the states of one chunk of names from its shocks and the sectors' news."""
    rng = chance(seed, 5, chunk)
    shape = shocks.unit.shape
    fast_intensity = autoregression(rng, shape, FAST_INTENSITY_DECAY)
    slow_intensity = autoregression(rng, shape, SLOW_INTENSITY_DECAY)
    decays = {"reversal": FAST, "momentum": SLOW, "lead_lag": LEAD, "volatility": CALM}
    return Latent(
        fast=decayed_sum(shocks.unit, FAST),
        fast_intensity=INTENSITY * np.clip(fast_intensity, -2.0, 2.0),
        slow=decayed_sum(shocks.unit, SLOW),
        slow_intensity=INTENSITY * np.clip(slow_intensity, -2.0, 2.0),
        lead=decayed_sum(news, LEAD)[:, population.sector] * population.lead_loading,
        calm=decayed_sum(_standardised(shocks), CALM),
        vol=np.clip((np.log(shocks.variance) - VOL_MEAN) / VOL_SD, -2.5, 3.0),
        value=autoregression(rng, shape, VALUE_DECAY),
        revisions=autoregression(rng, shape, REVISIONS_DECAY),
        hidden={name: autoregression(rng, shape, decay) for name, decay in decays.items()},
    )


def _standardised(shocks: Shocks) -> Floats:
    variance = np.vstack([np.ones_like(shocks.variance[:1]), shocks.variance[:-1]])
    return shocks.unit / np.sqrt(variance)


def expected_states(latent: Latent, ahead: int) -> dict[str, Floats]:
    """Return what each component is expected to be `ahead` sessions after each close, given that close.

    Up to SKIP sessions ahead momentum sums only shocks that have happened; everything else decays. Rows too near the end
    to look up those shocks are exact as well, for they lie in the past of the row.
    """
    seen, unseen = np.sqrt(1.0 - HIDDEN), np.sqrt(HIDDEN)
    fast = -latent.fast * FAST**ahead * (1.0 + latent.fast_intensity * FAST_INTENSITY_DECAY**ahead)
    slow = delayed(latent.slow, SKIP - ahead) * (1.0 + latent.slow_intensity * SLOW_INTENSITY_DECAY**ahead)
    lead = delayed(latent.lead, LAG) if ahead < LAG else latent.lead * LEAD ** (ahead - LAG)
    calm = -latent.calm * CALM**ahead * (latent.vol * VOL_DECAY**ahead - VOL_TILT)
    cores = {"reversal": (fast, FAST), "momentum": (slow, SLOW), "lead_lag": (lead, LEAD), "volatility": (calm, CALM)}
    states = {name: seen * core + unseen * latent.hidden[name] * decay**ahead for name, (core, decay) in cores.items()}
    return {
        **states,
        "value": latent.value * VALUE_DECAY**ahead,
        "revisions": latent.revisions * REVISIONS_DECAY**ahead,
    }


def planted_returns(latent: Latent, population: Population, scales: dict[str, float]) -> Floats:
    """Return the expected return of the session after each close, (T, N), burn-in included."""
    states = expected_states(latent, 0)
    total = np.zeros_like(latent.value)
    for name, scale in scales.items():
        total += scale * states[name]
    return total * population.idio_vol
