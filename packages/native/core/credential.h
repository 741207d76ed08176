// A client certificate with its chain and private key.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "openssl.h"

namespace ferrule {

class KeyPair {
 public:
  // DER certificates, leaf first, and a DER key (PKCS#8, PKCS#1 or SEC 1). Null, and why in `problem`.
  static std::unique_ptr<KeyPair> make(const std::vector<std::vector<uint8_t>>& chain, const std::vector<uint8_t>& key, std::string* problem);
  ~KeyPair();
  KeyPair(const KeyPair&) = delete;
  KeyPair& operator=(const KeyPair&) = delete;

  X509* leaf() const { return leaf_; }
  EVP_PKEY* key() const { return key_; }
  struct stack_st_X509* rest() const { return reinterpret_cast<struct stack_st_X509*>(rest_); }

  // OpenSSL's name of the kind of key: RSA, RSA-PSS, EC, ED25519, ML-DSA-65.
  std::string kind() const {
    const char* name = ossl().EVP_PKEY_get0_type_name(key_);
    return name == nullptr ? "" : name;
  }
  int bits() const { return ossl().EVP_PKEY_get_bits(key_); }
  // DER Names of who issued the certificates of the chain.
  std::vector<std::vector<uint8_t>> issuers() const;

 private:
  KeyPair() = default;
  X509* leaf_ = nullptr;
  EVP_PKEY* key_ = nullptr;
  OPENSSL_STACK* rest_ = nullptr;
};

// What a PKCS#12 file holds, as DER: leaf first, then whatever else it has; the key as PKCS#8.
struct Pkcs12Contents {
  std::vector<std::vector<uint8_t>> chain;
  std::vector<uint8_t> key;
};

// Old files (RC2, 3DES, SHA-1 MACs) too: they are read in a library context of their own, with the legacy provider, and
// the process's own configuration stays as it was. False, and why in `problem`.
bool readPkcs12(const std::vector<uint8_t>& der, const std::string& password, Pkcs12Contents* contents, std::string* problem);

std::vector<uint8_t> derOf(const X509* certificate);
std::vector<uint8_t> derOf(const X509_NAME* name);

// OpenSSL's queue as one line, emptied.
std::string takeErrors(int* library = nullptr, int* reason = nullptr);

}  // namespace ferrule
