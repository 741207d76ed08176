// Trust anchors and CRLs, parsed once per process: a store of 150 roots takes longer to parse than a handshake does.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "lists.h"

namespace ferrule {

class TrustStore {
 public:
  TrustStore();
  ~TrustStore();
  TrustStore(const TrustStore&) = delete;
  TrustStore& operator=(const TrustStore&) = delete;

  static const TrustStore& of(X509_STORE_CTX* context);

  X509_STORE* get() const { return store_; }
  // Whether src/anchor.ts made it from a name and a key; its other fields are meaningless.
  bool isBare(const X509* anchor) const { return std::find(bare.begin(), bare.end(), anchor) != bare.end(); }

  RevocationLists lists;
  // Counted references: the store keeps only the first of duplicates.
  std::vector<X509*> bare;

 private:
  X509_STORE* store_;
};

// The store with exactly these contents, shared between contexts and threads; the last few are kept beyond their
// contexts. Null, with `problem`, if one is not a certificate or CRL.
std::shared_ptr<TrustStore> sharedStore(const std::vector<std::vector<uint8_t>>& anchors, const std::vector<std::vector<uint8_t>>& crls,
                                        std::string* problem);

}  // namespace ferrule
