"""The certificates are made once, kept while they serve, and made anew when they do not."""

import datetime
import shutil
import ssl
import stat

import pytest
from cryptography import x509

from tools import pki


def handshake(server, client_ca, name):
    """A TLS handshake in memory between a server with `server`'s certificate and a client that trusts `client_ca`."""
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(server.cert_pem, server.key_pem)
    client_context = ssl.create_default_context(cafile=client_ca)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname=name)
    host = server_context.wrap_bio(to_server, to_client, server_side=True)
    for side in (client, host, client, host):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return client.version()


def contents(made):
    return {path.name: path.read_bytes() for path in made.dir.iterdir()}


def test_a_client_with_our_ca_accepts_the_broker_by_name_and_by_address(tmp_path):
    made = pki.ensure(tmp_path)
    for name in (pki.SERVER_NAME, "127.0.0.1"):
        assert handshake(made, made.ca_pem, name)


def test_a_wrong_ca_or_a_wrong_name_is_refused(tmp_path):
    made = pki.ensure(tmp_path / "right")
    other = pki.wrong_ca(tmp_path / "wrong")
    for ca, name in ((other.ca_pem, pki.SERVER_NAME), (made.ca_pem, "another.example")):
        with pytest.raises(ssl.SSLCertVerificationError):
            handshake(made, ca, name)


def test_a_second_run_changes_nothing(tmp_path):
    before = contents(pki.ensure(tmp_path))
    assert contents(pki.ensure(tmp_path)) == before


def test_another_name_or_address_renews_the_broker_and_keeps_the_ca(tmp_path):
    first = contents(pki.ensure(tmp_path))
    for change in ({"server_name": "other.example"}, {"ips": ("127.0.0.1", "192.0.2.7")}):
        after = contents(pki.ensure(tmp_path, **change))
        assert after["broker.pem"] != first["broker.pem"]
        assert after["ca.pem"] == first["ca.pem"]


def test_an_expiring_broker_certificate_is_renewed_under_the_same_ca(tmp_path):
    first = contents(pki.ensure(tmp_path))
    later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=410)
    after = contents(pki.ensure(tmp_path, now=later))
    assert after["broker.pem"] != first["broker.pem"]
    assert after["ca.der"] == first["ca.der"]


def test_damaged_files_are_made_anew(tmp_path):
    for name in ("ca.pem", "ca.key", "ca.der", "broker.pem", "broker.key"):
        made = pki.ensure(tmp_path)
        (tmp_path / name).write_bytes(b"not a certificate")
        pki.ensure(tmp_path)
        assert handshake(made, made.ca_pem, pki.SERVER_NAME)


def test_a_broker_certificate_of_another_ca_is_replaced(tmp_path):
    made = pki.ensure(tmp_path / "a")
    other = pki.ensure(tmp_path / "b")
    for name in ("broker.pem", "broker.key"):
        shutil.copy(other.dir / name, made.dir / name)
    pki.ensure(made.dir)
    assert handshake(made, made.ca_pem, pki.SERVER_NAME)


def test_private_keys_are_for_their_owner_only_and_the_der_is_the_ca(tmp_path):
    made = pki.ensure(tmp_path)
    for key in (made.ca_key, made.key_pem):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    der = x509.load_der_x509_certificate(made.ca_der.read_bytes())
    assert der == x509.load_pem_x509_certificate(made.ca_pem.read_bytes())
