// Host names that OpenSSL's wildcards do not cover.
#pragma once

#include "openssl.h"

namespace ferrule {

// Whether a name of the certificate is a wildcard for this host, which setHost() has validated. OpenSSL's wildcards
// allow no underscores in any label, and no hyphens at the edges of later labels. Null: no host.
bool isUnderWildcard(const X509* certificate, const char* host);

}  // namespace ferrule
