"""Qlib's Alpha158: declarations, the kernels that make all 158 at once, and their obvious form beside them."""

from kairos.features.alpha158.declared import FEATURE_SET

__all__ = ["FEATURE_SET"]
