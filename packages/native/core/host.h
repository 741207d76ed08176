// The abilities of this OpenSSL: its groups and signature schemes, and its default offer.
#pragma once

#include <string>
#include <vector>

#include "openssl.h"

namespace ferrule {

// A group or a signature scheme of a provider (provider-base(7), "TLS-GROUP" and "TLS-SIGALG").
struct Capability {
  int id = 0;
  std::string name;     // in the notation of SSL_CTX_set1_groups_list(3) or SSL_CTX_set1_sigalgs_list(3)
  std::string keyType;  // of a scheme: the name of its key type
  int bits = 0;         // security bits
  int maxVersion = 0;   // 0: none; -1: not for TLS
};

// Providers report ML-DSA since OpenSSL 3.5, and no schemes before 3.2.
std::vector<Capability> groupsOfProviders();
std::vector<Capability> schemesOfProviders();

// The names of the schemes that are built into libssl, separated by colons; empty before OpenSSL 3.2.
std::string builtinSchemes();

struct Offer {
  std::vector<int> groups;
  std::vector<int> schemes;
};

// The code points of a ClientHello with these lists; an empty one means OpenSSL's default. Empty if OpenSSL rejects a
// list.
Offer offerOf(const std::string& groups, const std::string& schemes);

}  // namespace ferrule
