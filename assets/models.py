"""Model assets: one per configuration, with its predictions, metrics and feature weights; the ledgers beside them."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from assets import metadata
from assets.partitions import edge, universe_years
from assets.table_asset import OWNERS, Work, check_specs, table_asset
from kairos.errors import KairosError
from kairos.frames import Frame
from kairos.models.config import ModelConfig, load_configs
from kairos.models.holdout import holdout_of, seal
from kairos.models.training import Bundle, train_bundle
from kairos.plots.models import ic_by_year, shap_bars
from kairos.settings import load_settings
from kairos.tables import matrix, models
from kairos.tables.core import Table
from resources.platform import Platform
from resources.table_io import Read, TableIO
from resources.tracking import TrackedRun, Tracking

MATRIX = Read(matrix.FEAT_MATRIX_TARGETS)
LEDGER = Read(models.HOLDOUT_LEDGER)
