"""Certificates for a broker of a test's own: an authority, who it vouches for, and who it has vouched for."""

import ipaddress
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


class Identity(NamedTuple):
    """PEM files: the certificate, its key, and both in one, as a broker wants them."""

    certificate: Path
    key: Path
    both: Path


class Authority:
    """Signs certificates; `certificate` is the PEM file that one has to trust."""

    def __init__(self, directory: Path, name: str, now: datetime) -> None:
        directory.mkdir()
        self._directory, self._now = directory, now
        self._name, self._key = _name(name), ec.generate_private_key(ec.SECP256R1())
        signed = (
            self._builder(self._name, now + DAY)
            .public_key(self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.certificate = directory / "authority.pem"
        self.certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))

    def identity(self, name: str, *, host: str | None = None, is_over: bool = False) -> Identity:
        """Vouch for a name, of a client or of a broker at a host; `is_over`: until yesterday."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.IPAddress(ipaddress.ip_address(host))] if host else [x509.DNSName(name)]
        signed = (
            self._builder(_name(name), self._now - DAY if is_over else self._now + DAY)
            .public_key(key.public_key())
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        certificate = signed.public_bytes(serialization.Encoding.PEM)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        made = Identity(*(self._directory / f"{name}-{part}.pem" for part in Identity._fields))
        for path, content in zip(made, (certificate, private, private + certificate), strict=True):
            path.write_bytes(content)
        return made

    def _builder(self, subject: x509.Name, until: datetime) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now - 2 * DAY)
            .not_valid_after(until)
        )


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
