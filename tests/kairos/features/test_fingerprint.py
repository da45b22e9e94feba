"""Other code or another library is told from this one."""

from kairos.features import fingerprint as source
from kairos.features.fingerprint import fingerprint


def test_the_fingerprint_is_the_same_as_long_as_nothing_changes():
    assert fingerprint() == fingerprint.__wrapped__()


def test_another_library_or_line_of_code_has_another_fingerprint(monkeypatch, tmp_path):
    known = fingerprint()
    monkeypatch.setattr(source, "version", lambda name: "0")
    other_library = fingerprint.__wrapped__()
    monkeypatch.undo()
    (tmp_path / "a.py").write_text("x = 1\n")
    monkeypatch.setattr(source, "__file__", str(tmp_path / "fingerprint.py"))
    one = fingerprint.__wrapped__()
    (tmp_path / "a.py").write_text("x = 2\n")
    assert len({known, other_library, one, fingerprint.__wrapped__()}) == 4
