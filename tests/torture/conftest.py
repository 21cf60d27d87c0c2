from tests.heard import recorder, store, vault

__all__ = ["recorder", "store", "vault"]
