"""Every setting of Kairos: typed, bounded, frozen. Only this module reads the environment.

Values come, first wins, from the process environment, then `KAIROS_HOME/settings.env`, then the defaults here.
`docs/settings.md` is generated from this module.
"""

import os
import re
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from kairos.errors import SettingsError

SETTINGS_FILE = "settings.env"
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._+@~-]+")  # delta-rs writes other characters percent-encoded and then misses its files


class Settings(BaseSettings):
    """All settings; build with `load_settings`."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True, hide_input_in_errors=True)

    home: Path = Field(Path(".kairos"), alias="KAIROS_HOME", description="Folder of warehouse, models and run history.")
    model_dir: Path | None = Field(None, alias="MODEL_DIR", description="Folder of artifacts; default KAIROS_HOME/models.")
    config_dir: Path | None = Field(
        None, alias="KAIROS_CONFIG_DIR", description="Folder of model configurations; default the checkout's configs/models."
    )

    vendor: Literal["none", "sharadar", "sandbox"] = Field(
        "none",
        alias="KAIROS_VENDOR",
        description="Where daily prices come from: Nasdaq Data Link, the embedded market, or only imported files.",
    )
    nasdaq_api_key: SecretStr | None = Field(None, alias="NASDAQ_DATA_LINK_API_KEY", description="Key of Nasdaq Data Link.")
    nasdaq_base_url: str = Field(
        "https://data.nasdaq.com/api/v3", alias="NASDAQ_DATA_LINK_BASE_URL", description="Root of the Tables API."
    )
    nasdaq_calls_per_10min: int = Field(
        5000, ge=1, le=100_000, alias="NASDAQ_CALLS_PER_10MIN", description="Calls allowed in ten minutes by your plan."
    )
    nasdaq_page_rows: int = Field(10_000, ge=1, le=10_000, alias="NASDAQ_PAGE_ROWS", description="Rows asked per page.")
    fmp_api_key: SecretStr | None = Field(None, alias="FMP_API_KEY", description="Key of Financial Modeling Prep.")
    enable_fmp: bool = Field(
        False, alias="ENABLE_FMP", description="Whether statements, estimates, ratings and profiles are pulled."
    )
    enable_fmp_news: bool = Field(
        True, alias="ENABLE_FMP_NEWS", description="Whether news are pulled as well where ENABLE_FMP is on."
    )
    enable_fmp_social: bool = Field(
        False,
        alias="ENABLE_FMP_SOCIAL",
        description="Whether social sentiment is pulled as well; only subscriptions from before August 2025 have it.",
    )
    enable_sf1: bool = Field(False, alias="ENABLE_SF1", description="Whether changes of Sharadar's SF1 are pulled.")
    enable_sp500: bool = Field(
        False, alias="ENABLE_SP500", description="Whether the members of the S&P 500 are pulled, Sharadar's table SP500."
    )
    fmp_base_url: str = Field("https://financialmodelingprep.com", alias="FMP_BASE_URL", description="Root of FMP's addresses.")
    fmp_generation: Literal["stable", "legacy"] = Field(
        "stable",
        alias="FMP_GENERATION",
        description="Whose addresses are asked: v3/v4 serve only keys from before August 2025.",
    )
    fmp_calls_per_min: int = Field(
        300, ge=1, le=10_000, alias="FMP_CALLS_PER_MIN", description="Calls in 60 seconds that your plan allows, all processes."
    )
    fmp_calls_per_day: int | None = Field(
        None, ge=1, alias="FMP_CALLS_PER_DAY", description="Calls on a UTC day that your plan allows; unset means any number."
    )
    quiver_api_key: SecretStr | None = Field(None, alias="QUIVER_API_KEY", description="Key of Quiver Quantitative.")
    quiver_base_url: str = Field(
        "https://api.quiverquant.com/beta", alias="QUIVER_BASE_URL", description="Root of Quiver's addresses."
    )
    http_timeout_s: float = Field(60.0, gt=0, le=600, alias="HTTP_TIMEOUT_S", description="Seconds one request may take.")
    http_max_wait_s: float = Field(
        660.0, ge=0, le=7200, alias="HTTP_MAX_WAIT_S", description="Seconds spent on retries of one request, waits included."
    )
    export_poll_s: float = Field(30.0, gt=0, le=600, alias="EXPORT_POLL_S", description="Seconds between looks at an export.")
    export_deadline_s: float = Field(
        3600.0, gt=0, le=86_400, alias="EXPORT_DEADLINE_S", description="Seconds until an unfinished export is given up."
    )
    min_sep_tickers: int = Field(
        3000, ge=0, alias="SHARADAR_MIN_TICKERS", description="Fewer tickers in a full SEP load means a sample: refused."
    )

    sandbox_size: Literal["tiny", "demo", "full"] = Field(
        "demo", alias="KAIROS_SANDBOX_SIZE", description="Size of the embedded market."
    )
    sandbox_seed: int = Field(7, ge=0, alias="KAIROS_SANDBOX_SEED", description="Seed of the embedded market.")
    sandbox_alpha: bool = Field(
        True,
        alias="KAIROS_SANDBOX_ALPHA",
        description="Whether the embedded market plants alpha; without it nothing can be found.",
    )
    now: datetime | None = Field(None, alias="KAIROS_NOW", description="Instant (ISO, with zone) to use in place of the clock.")

    universe_min_marketcap: float = Field(
        3e8, ge=0, alias="UNIVERSE_MIN_MARKETCAP_USD", description="Smallest market cap of the universe, USD."
    )
    universe_max_marketcap: float = Field(
        5e10, gt=0, alias="UNIVERSE_MAX_MARKETCAP_USD", description="Largest market cap of the universe, USD."
    )
    universe_min_dollar_volume: float = Field(
        1e6, ge=0, alias="UNIVERSE_MIN_DOLLAR_VOLUME", description="Smallest 60-session average dollar volume, USD a session."
    )
    universe_min_price: float = Field(
        1.0, ge=0, alias="UNIVERSE_MIN_PRICE_USD", description="Smallest unadjusted close at the decision, USD."
    )
    universe_min_sessions: int = Field(
        60, ge=1, le=2520, alias="UNIVERSE_MIN_SESSIONS", description="Sessions of prices a name needs before the year starts."
    )

    matrix_features: Literal["core", "full"] = Field(
        "core",
        alias="MATRIX_FEATURES",
        description="What a matrix holds unless its run says so: the four families that models read by default, or all.",
    )
    holdout_sessions: int = Field(252, ge=20, le=1260, alias="HOLDOUT_SESSIONS", description="Length of the sealed holdout.")
    top_k: int = Field(50, ge=1, le=5000, alias="STRAT_TOP_K", description="Names held by the top-K simulation.")
    cost_bps: float = Field(10.0, ge=0, le=500, alias="STRAT_COST_BPS", description="Cost of trading, basis points a side.")
    vacuum_days: int = Field(7, ge=7, le=3650, alias="VACUUM_DAYS", description="Days that superseded files are kept.")

    @property
    def feeds_on(self) -> bool:
        """Whether any of the fundamental feeds is pulled."""
        return self.enable_fmp or self.enable_sf1 or self.enable_sp500 or self.quiver_api_key is not None

    @property
    def warehouse(self) -> Path:
        """Folder of the Delta tables."""
        return self.home / "warehouse"

    @property
    def duckdb_file(self) -> Path:
        """The published DuckDB file of views."""
        return self.home / "kairos.duckdb"

    @property
    def models(self) -> Path:
        """Folder of model artifacts."""
        return self.model_dir or self.home / "models"

    @property
    def configs(self) -> Path:
        """Folder of the model configurations."""
        return self.config_dir or Path(__file__).resolve().parent.parent / "configs" / "models"


def load_settings(**overrides: Any) -> Settings:  # noqa: ANN401 - the values are validated field by field
    """Read the settings from overrides, environment and `KAIROS_HOME/settings.env`, and resolve the home folder.

    Args:
        overrides: Field names of `Settings` with their values; they win over everything else.

    Raises:
        SettingsError: A value is unknown or out of bounds; the message names the variable.
    """
    home = Path(overrides.pop("home", None) or os.environ.get("KAIROS_HOME") or ".kairos").expanduser().resolve()
    if not PLAIN_PATH.fullmatch(str(home)):
        raise SettingsError(
            f"KAIROS_HOME {str(home)!r}: Delta tables need a path of plain letters, digits and / . _ - + @ ~, without spaces. "
            "Choose another folder."
        )
    try:
        return Settings(_env_file=home / SETTINGS_FILE, **{"home": home, **overrides})
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in problem["loc"])
        raise SettingsError(
            f"setting {name}: {problem['msg']}. Mend it in the environment or in {home / SETTINGS_FILE}; "
            "docs/settings.md lists every setting with its bounds."
        ) from None


def write_settings_file(home: Path, values: dict[str, str]) -> Path:
    """Merge `values` (environment names) into `home/settings.env` and return the file."""
    from filelock import FileLock

    file, aside = home / SETTINGS_FILE, home / f".{SETTINGS_FILE}.new"
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / f".{SETTINGS_FILE}.lock"):  # one at a time, or one of two would lose what the other wrote
        lines = file.read_text().splitlines() if file.exists() else []
        kept = [line for line in lines if line.partition("=")[0] not in values]
        with aside.open("w") as built:
            built.write("\n".join([*kept, *(f"{name}={value}" for name, value in values.items())]) + "\n")
            built.flush()
            os.fsync(built.fileno())
        return aside.replace(file)
