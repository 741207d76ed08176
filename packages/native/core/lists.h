// Revocation by CRLs, RFC 5280 sections 5 and 6.3, in place of OpenSSL's own check: where OpenSSL has a better list, or cannot
// use one, it passes over lists that name the certificate.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "openssl.h"

namespace ferrule {

// A complete list, with what there is to know of it before a certificate is looked up.
struct RevocationList {
  std::shared_ptr<X509_CRL> crl;
  std::shared_ptr<const IssuingDistributionPoint> scope;  // null: none
  std::vector<uint8_t> scopeDer;                          // the same, empty for none
  bool isUnderstood = true;   // has no critical extension that is unknown here, nor an entry with one, or without a time
  bool isAttributed = false;  // has an entry that names the issuer of its certificate (section 5.3.3),
  bool isAway = false;        // and that this must not be ignored
};

using RevocationLists = std::vector<RevocationList>;

// Adds one more. False, and why in `problem`, when it is none that can be used.
bool readList(const std::vector<uint8_t>& der, RevocationLists* into, std::string* problem);

// X509_STORE_set_check_revocation(3), by the lists of its TrustStore: no certificate of the path is on one, and the first is
// covered by one.
int checkRevocation(X509_STORE_CTX* store);

}  // namespace ferrule
