"""The pictures leave matplotlib's global state alone and load it only when one is drawn."""

import subprocess
import sys
from io import BytesIO

from PIL import Image

from kairos.plots.style import nothing, panels, png


def test_importing_the_plots_does_not_load_matplotlib():
    code = "import kairos.plots.strategies, kairos.plots.models, kairos.plots.tables, sys; print('matplotlib' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_the_picture_has_the_size_asked_for():
    figure, axes = panels("Title", rows=2, columns=3, size=(6.0, 3.0))
    assert len(axes) == 6
    assert Image.open(BytesIO(png(figure))).size == (600, 300)


def test_no_global_figure_is_opened():
    nothing("Title", "Nothing.")
    from matplotlib import _pylab_helpers

    assert _pylab_helpers.Gcf.get_num_fig_managers() == 0
