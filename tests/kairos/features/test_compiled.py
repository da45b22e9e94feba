import subprocess
import sys

import numpy as np

from kairos.features.compiled import compiled

NO_FILE = "def doubled(x, out):\n    for t in range(x.size):\n        out[t] = 2 * x[t]\n"


def test_a_loop_that_can_be_kept_nowhere_is_compiled_all_the_same():
    made = {}
    exec(NO_FILE, made)  # noqa: S102 - numba keeps no code of a function without a file
    out = np.empty(2)
    compiled(made["doubled"])(np.array([1.0, 2.5]), out)
    assert out.tolist() == [2, 5]


def test_declaring_features_loads_no_compiler():
    code = "import sys, kairos.features.registry, kairos.features.incremental; print('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False"
