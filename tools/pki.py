"""A small certificate authority for demo, tests and a first installation: one CA, one broker certificate.

    python -m tools.pki DIR [--name broker.ils.internal] [--ip 127.0.0.1 ...]

makes (or keeps, while they are valid) in DIR: ca.pem, ca.der (for the units), ca.key, broker.pem, broker.key. Keys are
P-256: a handshake costs an ESP32 about a second with it and several with RSA. Source: D10, FACTS.md.
"""

import argparse
import datetime
import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SERVER_NAME = "broker.ils.internal"
LOOPBACK = ("127.0.0.1",)

_CA_DAYS = 3650  # units in walls keep the CA for years
_BROKER_DAYS = 425  # with the backdate 825: the longest that common verifiers take for a server certificate
_RENEW_DAYS = 30  # a certificate with less to go is made anew
_BACKDATE_DAYS = 400  # a unit whose clock stands at its build date (its floor) must find the certificate valid already


@dataclass(frozen=True)
class Pki:
    """Where the files are. `server_name` is in the broker's certificate, beside the IP addresses."""

    dir: Path
    server_name: str

    @property
    def ca_pem(self):
        return self.dir / "ca.pem"

    @property
    def ca_der(self):
        return self.dir / "ca.der"

    @property
    def ca_key(self):
        return self.dir / "ca.key"

    @property
    def cert_pem(self):
        return self.dir / "broker.pem"

    @property
    def key_pem(self):
        return self.dir / "broker.key"


def ensure(directory, server_name=SERVER_NAME, ips=LOOPBACK, now=None):
    """CA and broker certificate in `directory`, made only where missing, expiring or for another name. Returns Pki."""
    pki = Pki(Path(directory), server_name)
    now = now or datetime.datetime.now(datetime.timezone.utc)
    pki.dir.mkdir(parents=True, exist_ok=True)
    ca_cert, ca_key = _stored_ca(pki, now) or _make_ca(pki, now)
    if not _broker_serves(pki, ca_cert, server_name, ips, now):
        _make_broker(pki, ca_cert, ca_key, server_name, ips, now)
    return pki


def wrong_ca(directory):
    """A CA that signed nothing here: whoever trusts it must refuse our broker. Returns Pki (its CA files only)."""
    pki = Pki(Path(directory), SERVER_NAME)
    pki.dir.mkdir(parents=True, exist_ok=True)
    now = datetime.datetime.now(datetime.timezone.utc)
    if not _stored_ca(pki, now):
        _make_ca(pki, now)
    return pki


def _stored_ca(pki, now):
    """(certificate, key) from the directory, or None when one is missing, unreadable or about to end."""
    try:
        cert = x509.load_pem_x509_certificate(pki.ca_pem.read_bytes())
        key = serialization.load_pem_private_key(pki.ca_key.read_bytes(), None)
        der = pki.ca_der.read_bytes()
    except (OSError, ValueError):
        return None
    same = der == cert.public_bytes(serialization.Encoding.DER) and key.public_key() == cert.public_key()
    return (cert, key) if same and _lasts(cert, now) else None


def _broker_serves(pki, ca_cert, server_name, ips, now):
    try:
        cert = x509.load_pem_x509_certificate(pki.cert_pem.read_bytes())
        key = serialization.load_pem_private_key(pki.key_pem.read_bytes(), None)
        cert.verify_directly_issued_by(ca_cert)
        names = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    wanted_ips = {ipaddress.ip_address(ip) for ip in ips}
    named = server_name in names.get_values_for_type(x509.DNSName)
    addressed = wanted_ips <= set(names.get_values_for_type(x509.IPAddress))
    return named and addressed and key.public_key() == cert.public_key() and _lasts(cert, now)


def _lasts(cert, now):
    return cert.not_valid_before_utc <= now <= cert.not_valid_after_utc - datetime.timedelta(days=_RENEW_DAYS)


def _make_ca(pki, now):
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"ILS module CA {os.urandom(4).hex()}")  # its own name: two CAs are told apart by a reader
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    cert = (
        _builder(name, name, key, now, _CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write_key(pki.ca_key, key)
    _write(pki.ca_pem, cert.public_bytes(serialization.Encoding.PEM))
    _write(pki.ca_der, cert.public_bytes(serialization.Encoding.DER))
    return cert, key


def _make_broker(pki, ca_cert, ca_key, server_name, ips, now):
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.DNSName(server_name)] + [x509.IPAddress(ipaddress.ip_address(ip)) for ip in ips]
    cert = (
        _builder(_name(server_name), ca_cert.subject, key, now, _BROKER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    _write_key(pki.key_pem, key)
    _write(pki.cert_pem, cert.public_bytes(serialization.Encoding.PEM))


def _builder(subject, issuer, key, now, days):
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=_BACKDATE_DAYS))
        .not_valid_after(now + datetime.timedelta(days=days))
    )


def _name(common_name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _write_key(path, key):
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _write(path, pem, mode=0o600)


def _write(path, data, mode=0o644):
    """Write new, then rename: a run that is cut short leaves the old file or the whole new one."""
    part = path.with_name(path.name + ".new")
    part.unlink(missing_ok=True)
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
    os.replace(part, path)


def main():
    parser = argparse.ArgumentParser(prog="python -m tools.pki", description="CA and broker certificate, made once.")
    parser.add_argument("dir")
    parser.add_argument("--name", default=SERVER_NAME, help="the broker's name in its certificate")
    parser.add_argument("--ip", action="append", help="address in the certificate; may be given again")
    args = parser.parse_args()
    pki = ensure(args.dir, args.name, args.ip or LOOPBACK)
    print(f"CA for the units: {pki.ca_der}\nbroker: {pki.cert_pem} and {pki.key_pem}, for {pki.server_name}")


if __name__ == "__main__":
    main()
