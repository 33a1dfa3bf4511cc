"""A cluster that cannot be trusted, or does not trust us, is told in one sentence; a certificate of ours lets us in."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.integration.installation import Installation
from tests.integration.secured import CERTIFIED, Casino
from topologies.runtime.rights import Right

UNTRUSTED = "an authority that is not trusted here has signed it: set ssl.ca.location to that authority's certificate"
PROTOCOL = "connections were closed by the other side: it restarts, or security.protocol does not fit the port"

CASES: Mapping[str, tuple[Callable[[Casino], Mapping[str, str]], str]] = {
    "an unknown authority": (
        lambda casino: {"KAFKA_SSL_CA_LOCATION": casino.broker.stranger},
        f"the certificate of 127.0.0.1:{{port}} is refused: {UNTRUSTED}. cluster ",
    ),
    "a wrong host name": (
        lambda casino: {"BOOTSTRAP_SERVERS": casino.broker.sasl.replace("127.0.0.1", "localhost")},
        "the certificate of localhost:{port} is refused: it is not for this name: use a name in bootstrap_servers, ",
    ),
    "an expired certificate": (
        lambda casino: {"KAFKA_SECURITY_PROTOCOL": "SSL", "BOOTSTRAP_SERVERS": casino.broker.expired},
        "is refused: it has expired. cluster ",
    ),
    "plaintext to a port with TLS": (lambda _: {"KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT"}, PROTOCOL),
    "TLS to a port without it": (
        lambda casino: {"BOOTSTRAP_SERVERS": casino.broker.admin},
        "connecting to a PLAINTEXT broker listener? | SSL connection closed by peer",
    ),
    "no certificate of ours": (
        lambda casino: {"KAFKA_SECURITY_PROTOCOL": "SSL", "BOOTSTRAP_SERVERS": casino.broker.certificate},
        "alert certificate required",
    ),
    "a wrong password": (
        lambda casino: {"KAFKA_SASL_PASSWORD_FILE": casino.broker.authority},
        "the broker refused our credentials: ",
    ),
}
"""What is set wrongly, and what is said of it."""


def installation(casino: Casino, directory: Path, settings: Mapping[str, str]) -> Installation:
    variables = {f"CROUPIER_{name}": value for name, value in settings.items()}
    directory.mkdir()
    return Installation("", "tls", directory, {**casino.environment("worker"), **variables})


def test_what_is_wrong_with_a_connection_is_said_in_one_sentence(casino: Casino, tmp_path: Path) -> None:
    made = [installation(casino, tmp_path / name, wrong(casino)) for name, (wrong, _) in CASES.items()]

    # Each waits some seconds for another broker to answer: all at once.
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(lambda each: each.croupier("topics", "check"), made))

    port = casino.broker.sasl.rpartition(":")[2]
    for (name, (_, sentence)), each in zip(CASES.items(), done, strict=True):
        assert (True, 1) == (each.returncode in (1, 2), each.stderr.count("\n")), (name, each.stderr)
        # One mistake is seen in two ways, by chance.
        assert any(way in each.stderr for way in sentence.format(port=port).split(" | ")), (name, each.stderr)


def test_a_certificate_of_ours_is_as_good_as_a_password(casino: Casino, tmp_path: Path) -> None:
    certificate, key, _ = casino.broker.identity
    settings = {
        "BOOTSTRAP_SERVERS": casino.broker.certificate,
        "KAFKA_SECURITY_PROTOCOL": "SSL",
        "KAFKA_SSL_CERTIFICATE_LOCATION": certificate,
        "KAFKA_SSL_KEY_PEM_FILE": key,
    }
    casino.grant(CERTIFIED, [Right("Describe", "topic", "tls", is_prefix=True)])
    entered = installation(casino, tmp_path / "entered", settings).croupier("tap", "--drain")

    assert (2, True) == (entered.returncode, entered.stderr.startswith("croupier: topics are missing: tls.crm.events"))
