"""An authority, and people whose keys it vouches for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PASSPHRASE = b"correct horse"


@dataclass(frozen=True)
class Authority:
    """Who vouches."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def vouched(self, name: str, days: int = 30) -> bytes:
        """A PKCS #12 file with a key and a certificate for a name, which is valid for so many days from yesterday."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self.certificate_for(name, key, days)
        return pkcs12.serialize_key_and_certificates(
            name.encode(), key, certificate, [self.certificate], BestAvailableEncryption(PASSPHRASE)
        )

    def certificate_for(
        self, name: str, key: ec.EllipticCurvePrivateKey, days: int = 30, *, stamps: bool = False
    ) -> x509.Certificate:
        """A certificate for a key; with `stamps`, that of a timestamping authority."""
        made = _certificate(name, key, self.certificate.subject, days, authority=False)
        if stamps:
            made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        return made.add_extension(identifier, critical=False).sign(self.key, hashes.SHA256())


def authority(name: str) -> Authority:
    """A new authority, which vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _certificate(name, key, _named(name), 30, authority=True).sign(key, hashes.SHA256())
    return Authority(certificate, key)


def pem_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The key itself, for a server."""
    return key.private_bytes(Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _certificate(
    name: str, key: ec.EllipticCurvePrivateKey, issuer: x509.Name, days: int, *, authority: bool
) -> x509.CertificateBuilder:
    begin = datetime.now(UTC) - timedelta(days=1)
    usage = x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
