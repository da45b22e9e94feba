"""A user's own feature sets as assets: columns, docs and checks come from what the file declares."""

from collections.abc import Sequence

import dagster as dg

from assets.table_asset import OWNERS, Work, table_asset
from kairos.features.leaks.gate import prove_year
from kairos.features.leaks.subject import Tables
from kairos.features.plugins import Plugin
from kairos.frames import Frame
from kairos.plots.tables import missingness
from kairos.tables.plugins import Plugins, Refusal
from kairos.tables.registry import TABLES
from resources.table_io import Read


def plugin_assets(plugins: Plugins) -> Sequence[dg.AssetsDefinition | dg.AssetSpec]:
    """Return an asset for every set that passed; a refused file stands in the graph with its reason and cannot be built."""
    return [*map(_asset, plugins.accepted), *map(_refused, plugins.refused)]


def _asset(plugin: Plugin) -> dg.AssetsDefinition:
    def fill(work: Work, **tables: Frame) -> Frame:
        return plugin.build(tables, year=work.year)

    def proof(work: Work, tables: Tables) -> Frame:
        return prove_year(plugin.subject(year=work.year), tables, year=work.year)

    fill.__doc__ = f"From {plugin.file.name}, a plug-in."
    reads = tuple(Read(TABLES[name], years_back=plugin.years_back) for name in plugin.reads)
    return table_asset(TABLES[plugin.name], reads=reads, plot=missingness, proof=proof)(fill)


def _refused(refusal: Refusal) -> dg.AssetSpec:
    return dg.AssetSpec(
        f"feat_{refusal.file.stem}_refused",
        group_name="features",
        description=str(refusal),
        owners=OWNERS,
        kinds={"python"},
        metadata={"file": str(refusal.file)},
    )
