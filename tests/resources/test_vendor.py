"""The embedded market of a home: one of each kind, told apart by size, seed and alpha."""

from kairos.settings import load_settings
from resources.vendor import embedded_market, market_folder


def of_home(folder, **changes):
    return load_settings(home=folder, vendor="sandbox", sandbox_size="tiny", sandbox_seed=3, **changes)


def test_alpha_is_planted_by_default_and_left_out_where_asked(tmp_path):
    assert embedded_market(of_home(tmp_path)).alpha
    assert not embedded_market(of_home(tmp_path, sandbox_alpha=False)).alpha


def test_a_market_without_alpha_is_never_taken_for_one_with_it(tmp_path):
    planted, bare = (embedded_market(of_home(tmp_path, sandbox_alpha=alpha)) for alpha in (True, False))
    again = embedded_market(of_home(tmp_path))
    assert again.bars.equals(planted.bars)
    assert not again.bars.equals(bare.bars)


def test_each_kind_has_a_folder_of_its_own(tmp_path):
    kinds = ({}, {"sandbox_alpha": False}, {"sandbox_seed": 4})
    settings = [load_settings(home=tmp_path, vendor="sandbox", **kind) for kind in kinds]
    assert len({market_folder(one) for one in settings}) == 3


def test_the_environment_can_leave_alpha_out(tmp_path, monkeypatch):
    monkeypatch.setenv("KAIROS_SANDBOX_ALPHA", "off")
    assert not load_settings(home=tmp_path).sandbox_alpha


def test_a_market_saved_in_another_format_is_made_anew(tmp_path):
    settings = of_home(tmp_path)
    made = embedded_market(settings)
    manifest = market_folder(settings) / "market.json"
    manifest.write_text(manifest.read_text().replace('"format": 2', '"format": 1'))
    again = embedded_market(settings)
    assert again.bars.equals(made.bars)
    assert '"format": 2' in manifest.read_text()
