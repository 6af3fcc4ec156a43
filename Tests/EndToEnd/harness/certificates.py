"""A certificate authority of our own, for an hour."""

import datetime
import ipaddress
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Certificate:
    certificate_file: Path
    key_file: Path


class Certificates:
    def __init__(self):
        self.directory = Path(tempfile.mkdtemp(prefix="certificates-"))
        self.authority_file = self.directory / "authority.pem"
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("End-to-end authority")
        authority = (
            _builder(self._name, self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.authority_file.write_bytes(authority.public_bytes(serialization.Encoding.PEM))

    def issue(self, *names, expired=False):
        """A certificate for host names and addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder(_name(names[0]), self._name, key.public_key(), expired)
            .add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        stem = self.directory / str(certificate.serial_number)
        certificate_file, key_file = stem.with_suffix(".pem"), stem.with_suffix(".key")
        certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return Certificate(certificate_file, key_file)

    def stop(self):
        shutil.rmtree(self.directory, ignore_errors=True)


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _builder(subject, issuer, public_key, expired=False):
    now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=30 if expired else 0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(hours=1))
    )
