"""What every commit says of itself: who wrote it, from which code and settings, and from which table versions."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from kairos import __version__
from kairos.settings import Settings

PREFIX = "kairos."


@dataclass(frozen=True)
class Commit:
    """Metadata of one commit; stored in the Delta log.

    Attributes:
        asset: Who wrote it.
        run_id: Dagster run, or "-" outside of one.
        partition: Partition key, or "-".
        settings_hash: Digest of the settings in force.
        reads: Version of every table that was read.
        code_version: Version of Kairos.
        basis: Digest of what the rows follow from beside the versions read, to the last bit; "-" where nobody asks.
    """

    asset: str
    run_id: str = "-"
    partition: str = "-"
    settings_hash: str = "-"
    reads: Mapping[str, int] = field(default_factory=dict)
    code_version: str = __version__
    basis: str = "-"

    def metadata(self) -> dict[str, str]:
        """Return the commit as flat strings for the Delta log."""
        return {
            PREFIX + "asset": self.asset,
            PREFIX + "run_id": self.run_id,
            PREFIX + "partition": self.partition,
            PREFIX + "settings_hash": self.settings_hash,
            PREFIX + "code_version": self.code_version,
            PREFIX + "basis": self.basis,
            PREFIX + "reads": json.dumps(dict(sorted(self.reads.items()))),
        }


def commit_from(metadata: Mapping[str, object]) -> Commit | None:
    """Return the `Commit` that a line of a table's history carries, or None for a maintenance commit."""
    if PREFIX + "asset" not in metadata:
        return None
    values = {name: str(metadata[PREFIX + name]) for name in ("asset", "run_id", "partition", "settings_hash", "code_version")}
    values["basis"] = str(metadata.get(PREFIX + "basis", "-"))
    return Commit(**values, reads=json.loads(str(metadata[PREFIX + "reads"])))


def settings_hash(settings: Settings) -> str:
    """Return a short digest of the settings; folders and keys do not enter it."""
    shown = settings.model_dump(mode="json", exclude={"home", "model_dir", "config_dir", "nasdaq_api_key", "now"})
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()[:12]
