"""One chain a line of JSON on standard input, one verdict a line on standard output: pyca/cryptography's verifier of servers."""
import base64
import json
import sys

from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store


def verify(chain):
    read = lambda texts: [x509.load_der_x509_certificate(base64.b64decode(text)) for text in texts]
    sent = read(chain["sent"])
    verifier = PolicyBuilder().store(Store(read(chain["anchors"]))).build_server_verifier(x509.DNSName(chain["host"]))
    verifier.verify(sent[0], sent[1:])


for line in sys.stdin:
    message = ""
    accepts = True
    try:
        verify(json.loads(line))
    except BaseException as error:
        # What Rust panics with is no Exception
        message, accepts = str(error), False
    print(json.dumps({"accepts": accepts, "message": message}), flush=True)
