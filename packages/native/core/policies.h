// Certificate policies: RFC 5280 section 6.1 with the policy graph of RFC 9618, for the initial set any-policy. The
// rules are those of @ferrule/x509's policy.ts: X509_policy_check(3) ignores the mappings of a certificate without
// policies, and applies those of the server's certificate.
#pragma once

#include "openssl.h"

namespace ferrule {

// X509_V_OK, or why not. If no certificate below the anchor has policyConstraints, policy errors are ignored, unless
// `always`.
long judgePolicies(const OPENSSL_STACK* path, bool always);

}  // namespace ferrule
