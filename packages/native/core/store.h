// Trust anchors and CRLs, parsed once per process: a store of 150 roots takes longer to parse than a handshake does.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "openssl.h"

namespace ferrule {

// The store with exactly these contents, shared between contexts and threads; the last few are kept beyond their contexts.
// Null, and why in `problem`, when one of them is no certificate or CRL.
std::shared_ptr<X509_STORE> sharedStore(const std::vector<std::vector<uint8_t>>& anchors, const std::vector<std::vector<uint8_t>>& crls,
                                        std::string* problem);

}  // namespace ferrule
