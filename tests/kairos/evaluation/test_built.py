import subprocess
import sys

CODE = """
from kairos.evaluation import factor_kernels, factor_order
from kairos.evaluation.built import compile_ahead
loops = {**vars(factor_kernels), **vars(factor_order)}
called = {name: loop for name, loop in loops.items() if hasattr(loop, "signatures") and not name.startswith("_")}
compile_ahead()
print(len(called), *sorted(name for name, loop in called.items() if not loop.signatures))
"""


def test_every_loop_that_a_report_calls_is_compiled_ahead():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["8"]
