"""Simulation assets: what following a model's scores would have held, traded and earned."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from assets import metadata
from assets.models import MODEL_CONFIGS
from assets.partitions import edge, universe_years
from assets.table_asset import OWNERS, Work, check_specs, table_asset
