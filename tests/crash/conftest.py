from pathlib import Path

import pytest

from tests.crash import aftermath


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two stores to copy: `now` and `older`."""
    folder = tmp_path_factory.mktemp("template")
    aftermath.prepare(folder)
    return folder
