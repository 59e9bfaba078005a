"""Password hashes: argon2id, in threads of their own so that a rush of logins delays nothing else."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

PROFILES = {
    # KiB of memory and passes. OWASP Password Storage Cheat Sheet: m=19 MiB, t=2, p=1 is the least.
    "owasp": (19_456, 2),
    # For people who live as long as a test: half a millisecond a check.
    "fast": (512, 1),
}

_THREADS = 2


class Passwords:
    """Hashes passwords and checks them."""

    least_characters = 12
    """Of a password that is chosen (NIST SP 800-63B-4, section 3.1.1.2, asks for 8, OWASP ASVS for 15)."""

    def __init__(self, profile: str) -> None:
        memory, passes = PROFILES[profile]
        self._hasher = PasswordHasher(memory_cost=memory, time_cost=passes, parallelism=1)
        self._threads = ThreadPoolExecutor(_THREADS, "password")
        # Checked when there is no such account, so that the time taken does not tell.
        self._nobody: str | None = None

    async def hashed(self, password: str) -> str:
        """Returns the hash of a password."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._hasher.hash, password)

    async def matches(self, password_hash: str | None, password: str) -> bool:
        """Says whether a password belongs to a hash; with None it takes as long and says no."""
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, self._matches, password_hash, password
        )

    def close(self) -> None:
        """Ends the threads."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _matches(self, password_hash: str | None, password: str) -> bool:
        if password_hash is None and self._nobody is None:
            self._nobody = self._hasher.hash("nobody's password")
        try:
            matched = self._hasher.verify(password_hash or self._nobody or "", password)
        except (VerificationError, InvalidHashError):
            return False
        return matched and password_hash is not None
