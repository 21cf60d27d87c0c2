import pytest


@pytest.fixture(autouse=True)
def _model(installed_model: None) -> None:
    """Every test here recognises speech."""
