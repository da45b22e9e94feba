import subprocess
import sys

CODE = """
from kairos.models import loops
from kairos.models.built import compile_ahead
called = {name: loop for name, loop in vars(loops).items() if hasattr(loop, "signatures") and not name.startswith("_")}
compile_ahead()
print(len(called), *sorted(name for name, loop in called.items() if not loop.signatures))
"""


def test_every_loop_that_preprocessing_calls_is_compiled_ahead():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["2"]
