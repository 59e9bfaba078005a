"""What unit tests of the library share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from AgentChatLibrary.kit import Kit
from talking import Talker, kit_of


@pytest.fixture
def talker() -> Iterator[Talker]:
    """A chat server that says what a test wants said."""
    started = Talker()
    yield started
    started.stop()


@pytest.fixture
def kit(talker: Talker) -> Kit:
    """A kit whose backend is the talker."""
    return kit_of(talker)
