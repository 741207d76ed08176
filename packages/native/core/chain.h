// What RFC 5280 asks of a path and OpenSSL does not look at, or only when it is told: judged once OpenSSL accepts the path.
#pragma once

#include "openssl.h"

namespace ferrule {

struct Finding {
  long code = K(X509_V_OK);
  int depth = 0;
  X509* certificate = nullptr;  // that it is about
};

// The first rule that a path breaks, leaf first and trust anchor last. `strict`: the policies of each certificate must be in
// order, whether one is required or not.
Finding judgePath(const OPENSSL_STACK* path, bool strict);

// RFC 5280 section 5.2.5: a list for some reasons of revocation alone, or with certificates of other issuers.
bool isOfSomeReasons(const X509_CRL* crl);
bool isIndirect(const X509_CRL* crl);

// OpenSSL passes over the lists of some reasons. They cannot say that a certificate is good; that it is revoked they can.
Finding judgeListsOfSomeReasons(const OPENSSL_STACK* path, const X509_STORE* store);

// RFC 7633 section 4: the server must staple an OCSP response to this certificate.
bool mustStaple(const X509* leaf);

}  // namespace ferrule
