// Requirements of RFC 5280 on a path that OpenSSL does not check, or checks differently; applied once OpenSSL accepts
// the path.
#pragma once

#include "openssl.h"

namespace ferrule {

struct Finding {
  long code = K(X509_V_OK);
  int depth = 0;
  X509* certificate = nullptr;  // the one concerned
};

// The first rule that a path breaks, leaf first and trust anchor last. `strict`: all policies and name constraints must
// be valid, even where nothing depends on them.
Finding judgePath(const OPENSSL_STACK* path, bool strict);

// X509_STORE_CTX_set_verify_cb(3): accepts what only OpenSSL rejects: requirements on a CA that is the anchor, dates of
// a bare anchor, the last second of a certificate, and an underscore under a wildcard. Name constraints are left to
// judgePath(), which must then be called.
int forgive(int ok, X509_STORE_CTX* store);

// The certificate whose key signed this one, or itself if absent.
X509* issuerOf(X509* certificate, const OPENSSL_STACK* candidates);

// RFC 7633 section 4: the server must staple an OCSP response to this certificate.
bool mustStaple(const X509* leaf);

}  // namespace ferrule
