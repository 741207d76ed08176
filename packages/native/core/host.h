// What this OpenSSL has: its groups and signature schemes, from the library itself, and what it offers by itself.
#pragma once

#include <string>
#include <vector>

#include "openssl.h"

namespace ferrule {

// A group or a signature scheme of a provider (provider-base(7), "TLS-GROUP" and "TLS-SIGALG").
struct Capability {
  int id = 0;
  std::string name;     // in the notation of SSL_CTX_set1_groups_list(3) or SSL_CTX_set1_sigalgs_list(3)
  std::string keyType;  // of a scheme: the name of the key that signs with it
  int bits = 0;         // of security
  int maxVersion = 0;   // 0: none; -1: not for TLS
};

// Providers tell of ML-DSA since OpenSSL 3.5, of no scheme before 3.2.
std::vector<Capability> groupsOfProviders();
std::vector<Capability> schemesOfProviders();

// The names of the schemes that are built into libssl, separated by colons; empty before OpenSSL 3.2.
std::string builtinSchemes();

struct Offer {
  std::vector<int> groups;
  std::vector<int> schemes;
};

// What a ClientHello has under these lists, each of which may be empty: OpenSSL's own then. Nothing where OpenSSL refuses one.
Offer offerOf(const std::string& groups, const std::string& schemes);

}  // namespace ferrule
