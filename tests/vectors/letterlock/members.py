"""The deployment and the members that the vectors of the member side are about."""
from primitives import *

DEPLOYMENT = some("deployment", 16)


class Member:
    def __init__(self, handle):
        self.handle = handle
        self.identity_seed = some(handle + " identity", 32)
        self.encryption = some(handle + " encryption", 32)
        self.device_seed = some(handle + " device", 32)
        self.state_key = some(handle + " state", 32)
        self.identity_public = ed25519_public(self.identity_seed)
        self.encryption_public = x25519_public(self.encryption)
        self.device_public = ed25519_public(self.device_seed)
        self.id = member_id(self.identity_public, handle)

    def secrets(self):
        return {
            "handle": self.handle,
            "member": self.id,
            "identity_seed": self.identity_seed,
            "identity_public": self.identity_public,
            "encryption_private": self.encryption,
            "encryption_public": self.encryption_public,
            "device_seed": self.device_seed,
            "device_public": self.device_public,
            "state_key": self.state_key,
        }


def member_id(genesis_key, handle):
    return sha256(ctx("member"), DEPLOYMENT, genesis_key, handle.encode())[:16]


def key_id(public):
    return sha256(ctx("key-id"), public)[:8]


ADA, BEN = Member("ada"), Member("ben.q-1")
