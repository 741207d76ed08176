// How strong a signature is.
#pragma once

#include "openssl.h"

namespace ferrule {

// SSL_CTX_set_security_level(3): bits of security that a level asks for.
int securityBits(int level);

// Whether its hash is SHA-224 or better, and as strong as the level asks for. Algorithms that bring their own hash are.
bool hasStrongHash(const X509_ALGOR* algorithm, int level);

}  // namespace ferrule
