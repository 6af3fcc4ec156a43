"""Session records as they lie in Redis, opened and sealed by another implementation than the gateway's.

Layout: format (1 byte, 1), the second in which it expires (8, big-endian), the record. A record is a box of `KeyRing`,
or, with a summary for operators before it, version (1 byte, 2), mark (1), the summary's length (2), summary, box.
"""

import base64
import hashlib
import hmac
import os
import struct
import time
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_HEAD = struct.Struct(">Bq")
PURPOSE = "session"


@dataclass
class Ticket:
    id: bytes
    secret: bytes

    @classmethod
    def make(cls):
        return cls(os.urandom(32), os.urandom(32))

    @classmethod
    def read(cls, cookie_value):
        both = base64.urlsafe_b64decode(cookie_value + "==")
        return cls(both[:32], both[32:])

    @property
    def cookie_value(self):
        return base64.urlsafe_b64encode(self.id + self.secret).rstrip(b"=").decode()

    @property
    def digest(self):
        return hashlib.sha256(self.id).digest()

    @property
    def key(self):
        """Under which the record lies, with the default prefix."""
        return f"gatehouse:session:{{{self.digest.hex()}}}"


class SealingKey:
    def __init__(self, text):
        self.bytes = base64.urlsafe_b64decode(text + "==")
        self.name = hashlib.sha256(b"gatehouse sealing key name" + self.bytes).digest()[:8]

    def _cipher(self, purpose, secret):
        message = b"gatehouse/1\0" + purpose.encode() + b"\0" + secret
        return AESGCM(hmac.digest(self.bytes, message, "sha256"))

    def _associated(self, purpose, context):
        lengths = struct.pack(">QQ", len(purpose), len(context))
        return b"\1" + self.name + lengths + purpose.encode() + context

    def seal(self, plain, ticket, purpose=PURPOSE):
        nonce = os.urandom(12)
        sealed = self._cipher(purpose, ticket.secret).encrypt(nonce, plain, self._associated(purpose, ticket.digest))
        return b"\1" + self.name + nonce + sealed

    def open(self, record, ticket):
        context = ticket.digest
        if record[0] == 2:
            end = 4 + struct.unpack(">H", record[2:4])[0]
            context += record[4:end]
            record = record[end:]
        assert record[:9] == b"\1" + self.name
        associated = self._associated(PURPOSE, context)
        return self._cipher(PURPOSE, ticket.secret).decrypt(record[9:21], record[21:], associated)


def unpacked(value):
    """The record in what Redis holds."""
    version, _ = _HEAD.unpack(value[: _HEAD.size])
    assert version == 1
    return value[_HEAD.size :]


def packed(record, lives=86_400):
    """A record as Redis holds it."""
    return _HEAD.pack(1, int(time.time()) + lives) + record


def multiply(client, key_text, cookie_value, count):
    """So many more sessions like the one that this cookie stands for, each with its own ticket; their cookies' values."""
    sealing_key = SealingKey(key_text)
    ticket = Ticket.read(cookie_value)
    plain = sealing_key.open(unpacked(client.get(ticket.key)), ticket)
    values = []
    while len(values) < count:
        with client.pipeline(transaction=False) as pipeline:
            for _ in range(min(1000, count - len(values))):
                ticket = Ticket.make()
                pipeline.set(ticket.key, packed(sealing_key.seal(plain, ticket)), ex=86_400)
                values.append(ticket.cookie_value)
            pipeline.execute()
    return values
