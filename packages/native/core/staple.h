// OCSP responses that a server staples: RFC 6960, with the freshness of RFC 5019.
#pragma once

#include <vector>

#include "openssl.h"

namespace ferrule {

// A response's verdict on the leaf: X509_V_OK, or why not.
long judgeResponse(const uint8_t* der, size_t size, X509* leaf, X509* issuer, time_t now, int level);

// When its statement on the leaf, and its certificates, expire, in seconds since the epoch; 0 if unreadable. With a
// null `leaf`, all its statements.
std::vector<int64_t> endsOfResponse(const std::vector<uint8_t>& der, const X509* leaf);

}  // namespace ferrule
