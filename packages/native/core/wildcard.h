// Host names that OpenSSL's wildcards do not cover.
#pragma once

#include "openssl.h"

namespace ferrule {

// Whether a name of the certificate is a wildcard for this host, which has an underscore in its first label: OpenSSL has only letters,
// digits and hyphens there. Null: no host.
bool isUnderWildcard(const X509* certificate, const char* host);

}  // namespace ferrule
