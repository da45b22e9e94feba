"""The code location that `workspace.yaml` names."""

from kairos_dagster.build import build_defs

defs = build_defs()
