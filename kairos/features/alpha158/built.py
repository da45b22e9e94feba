"""Compiles the kernels ahead, so that the first run need not: python -m kairos.features.alpha158.built."""

import sys

from kairos.features.alpha158.kernel import compiled


def main() -> int:
    """Compile what is not in the cache yet; return 0."""
    compiled()
    return 0


if __name__ == "__main__":
    sys.exit(main())
