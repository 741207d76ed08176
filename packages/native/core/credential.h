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
  // DER certificates, leaf first, and a DER key (PKCS#8, PKCS#1 or SEC 1). Null on failure, with `problem`.
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
  // DER Names of the issuers of the chain's certificates.
  std::vector<std::vector<uint8_t>> issuers() const;

 private:
  KeyPair() = default;
  X509* leaf_ = nullptr;
  EVP_PKEY* key_ = nullptr;
  OPENSSL_STACK* rest_ = nullptr;
};

// The content of a PKCS#12 file, as DER: leaf first, then other certificates; the key as PKCS#8.
struct Pkcs12Contents {
  std::vector<std::vector<uint8_t>> chain;
  std::vector<uint8_t> key;
};

// Including old files (RC2, 3DES, SHA-1 MACs): read in a separate library context with the legacy provider, so that the
// process's configuration is unchanged. False on failure, with `problem`.
bool readPkcs12(const std::vector<uint8_t>& der, const std::string& password, Pkcs12Contents* contents, std::string* problem);

std::vector<uint8_t> derOf(const X509* certificate);
std::vector<uint8_t> derOf(const X509_NAME* name);

// Drains OpenSSL's error queue into one line.
std::string takeErrors(int* library = nullptr, int* reason = nullptr);

}  // namespace ferrule
