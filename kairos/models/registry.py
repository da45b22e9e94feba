"""Every model family by name. A new family is one file and one entry here."""

from collections.abc import Mapping
from typing import Any

from kairos.models import lgbm, ridge, single
from kairos.models.family import Family

FAMILIES: Mapping[str, Family[Any]] = {family.name: family for family in (ridge.FAMILY, lgbm.FAMILY, single.FAMILY)}
