// What RFC 5280 asks of a path and OpenSSL does not look at, or in another way: judged once OpenSSL accepts the path.
#pragma once

#include "openssl.h"

namespace ferrule {

struct Finding {
  long code = K(X509_V_OK);
  int depth = 0;
  X509* certificate = nullptr;  // that it is about
};

// The first rule that a path breaks, leaf first and trust anchor last. `strict`: the policies of each certificate and each name
// constraint must be in order, whether something depends on them or not.
Finding judgePath(const OPENSSL_STACK* path, bool strict);

// X509_STORE_CTX_set_verify_cb(3): what OpenSSL refuses and nobody else does. Duties of a CA that is the anchor, dates of an anchor
// that has none, the last second of a certificate, and an underscore under a wildcard. Names under constraints are for judgePath(),
// which whoever forgives must ask.
int forgive(int ok, X509_STORE_CTX* store);

// The certificate whose key signed this one, or, where it is not there, itself.
X509* issuerOf(X509* certificate, const OPENSSL_STACK* candidates);

// RFC 7633 section 4: the server must staple an OCSP response to this certificate.
bool mustStaple(const X509* leaf);

}  // namespace ferrule
