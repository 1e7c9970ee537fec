"""A private embedded engine and a script on it, as tests/containers has."""

import importlib.util
from pathlib import Path

_path = Path(__file__).parent.parent / "containers" / "conftest.py"
_spec = importlib.util.spec_from_file_location("private_engine_fixtures", _path)
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
private_home, in_private_engine, tiny_bundle = (
    _module.private_home,
    _module.in_private_engine,
    _module.tiny_bundle,
)
