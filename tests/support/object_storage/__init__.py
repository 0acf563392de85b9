"""An object storage for tests that checks every signature, and a real one (versitygw)."""

from tests.support.object_storage.server import Storage

__all__ = ["Storage"]
