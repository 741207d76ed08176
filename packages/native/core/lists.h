// Revocation by CRLs, RFC 5280 sections 5 and 6.3, instead of OpenSSL's own check, which ignores lists that revoke the
// certificate if it prefers another, or cannot use one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "openssl.h"

namespace ferrule {

// A complete list, with facts known before any look-up.
struct RevocationList {
  std::shared_ptr<X509_CRL> crl;
  std::shared_ptr<const IssuingDistributionPoint> scope;  // null: none
  std::vector<uint8_t> scopeDer;                          // the same, empty for none
  bool isUnderstood = true;   // has no unknown critical extension, nor an entry with one or without a time
  bool isAttributed = false;  // has an entry that names the issuer of its certificate (section 5.3.3),
  bool isAway = false;        // and that extension is critical
};

using RevocationLists = std::vector<RevocationList>;

// Adds a list. False, with `problem`, if it is unusable.
bool readList(const std::vector<uint8_t>& der, RevocationLists* into, std::string* problem);

// X509_STORE_set_check_revocation(3), by the lists of its TrustStore: no certificate of the path is revoked, and the
// leaf is covered.
int checkRevocation(X509_STORE_CTX* store);

}  // namespace ferrule
