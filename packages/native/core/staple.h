// OCSP responses that a server staples: RFC 6960, with the freshness of RFC 5019.
#pragma once

#include <vector>

#include "openssl.h"

namespace ferrule {

// What a response says of the leaf: X509_V_OK, or why not.
long judgeResponse(const uint8_t* der, size_t size, X509* leaf, X509* issuer, time_t now, int level);

// When what it says of the leaf ends, and when certificates that came with it do, in seconds since the epoch; 0 for what cannot be
// read. `leaf` may be null: whatever it says.
std::vector<int64_t> endsOfResponse(const std::vector<uint8_t>& der, const X509* leaf);

}  // namespace ferrule
