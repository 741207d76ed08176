// How strong a signature is.
#pragma once

#include "openssl.h"

namespace ferrule {

// SSL_CTX_set_security_level(3): security bits that a level requires.
int securityBits(int level);

// Whether its hash is SHA-224 or better, and meets the level. Algorithms with an intrinsic hash do.
bool hasStrongHash(const X509_ALGOR* algorithm, int level);

}  // namespace ferrule
