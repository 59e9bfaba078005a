"""What the contract's tests share."""

import json

import pytest
import yaml
from contract_files import FOLDER, Judge


@pytest.fixture(scope="session")
def judge():
    return Judge()


@pytest.fixture(scope="session")
def tiers():
    return json.loads((FOLDER / "tiers.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def asyncapi():
    return yaml.safe_load((FOLDER / "asyncapi.yaml").read_text(encoding="utf-8"))
