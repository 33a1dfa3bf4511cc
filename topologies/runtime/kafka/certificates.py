"""Why a broker's certificate is refused: the client says only that it is."""

import re
import socket
import ssl
from collections.abc import Mapping
from pathlib import Path

TIMEOUT_S = 3.0

_ADDRESS = re.compile(r"://(.+):(\d+)/")
"""Host and port in what the client calls a broker: `sasl_ssl://kafka-1:9093/bootstrap`."""

_UNTRUSTED = "an authority that is not trusted here has signed it: set ssl.ca.location to that authority's certificate"
_ANOTHERS = "it is not for this name: use a name in bootstrap_servers, or in advertised.listeners, that it is for"

_REASONS: Mapping[int, str] = {
    9: "it is not valid yet",
    10: "it has expired",
    **dict.fromkeys((18, 19, 20, 21), _UNTRUSTED),
    **dict.fromkeys((62, 64), _ANOTHERS),
}
"""What OpenSSL's codes mean. https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/"""


def problem(complaint: str, properties: Mapping[str, str]) -> str | None:
    """Look at a broker's certificate as the client does, and return a sentence; None: nothing is wrong with it now.

    `complaint` is the client's: it has the broker's address.
    """
    found = _ADDRESS.search(complaint)
    if "certificate verify failed" not in complaint or not found:
        return None
    host, port = found[1].strip("[]"), int(found[2])
    try:
        with (
            socket.create_connection((host, port), TIMEOUT_S) as plain,
            _trust(properties).wrap_socket(plain, server_hostname=host),
        ):
            return None
    except ssl.SSLCertVerificationError as error:
        why = _REASONS.get(error.verify_code, error.verify_message)
    except (OSError, ValueError):
        return None
    return f"the certificate of {host}:{port} is refused: {why}"


def _trust(properties: Mapping[str, str]) -> ssl.SSLContext:
    place = Path(properties.get("ssl.ca.location", ""))
    return ssl.create_default_context(
        cafile=str(place) if place.is_file() else None,
        capath=str(place) if place.is_dir() and place != Path() else None,
        cadata=properties.get("ssl.ca.pem"),
    )
