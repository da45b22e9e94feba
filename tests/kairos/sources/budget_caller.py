"""A process that makes calls on a shared budget: `python budget_caller.py HOME CALLS PER_MINUTE SPEED`.

It prints the instant at which each call was counted. Time runs SPEED times as fast as the machine's. CALLS of 0 means until
it is killed.
"""

import sys
import time
from itertools import count
from pathlib import Path

from pydantic import SecretStr

from kairos.sources.budget import CallBudget
from kairos.sources.pace import Timing


def main(home: str, calls: str, per_minute: str, speed: str) -> None:
    read: list[float] = []

    def wall() -> float:
        read.append(time.time() * float(speed))
        return read[-1]

    timing = Timing(sleep=lambda seconds: time.sleep(seconds / float(speed)), wall=wall)
    budget = CallBudget(Path(home), vendor="fmp", key=SecretStr("k"), per_minute=int(per_minute), timing=timing)
    for _ in range(int(calls)) if int(calls) else count():
        budget.take()
        sys.stdout.write(f"{read[-1]!r}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
