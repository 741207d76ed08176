#include "store.h"

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <mutex>

#include "chain.h"

namespace ferrule {
namespace {

using Ders = std::vector<std::vector<uint8_t>>;
using Digest = std::array<uint8_t, 32>;

bool append(std::vector<uint8_t>* to, const Ders& ders) {
  for (const auto& der : ders) {
    Digest digest;
    unsigned int size = 0;
    if (ossl().EVP_Digest(der.data(), der.size(), digest.data(), &size, ossl().EVP_sha256(), nullptr) != 1) return false;
    to->insert(to->end(), digest.begin(), digest.end());
  }
  return true;
}

// A digest of the digests of all anchors, a separator, and those of all CRLs.
bool keyOf(const Ders& anchors, const Ders& crls, Digest* key) {
  std::vector<uint8_t> all;
  if (!append(&all, anchors)) return false;
  all.push_back(0);
  if (!append(&all, crls)) return false;
  unsigned int size = 0;
  return ossl().EVP_Digest(all.data(), all.size(), key->data(), &size, ossl().EVP_sha256(), nullptr) == 1;
}

std::shared_ptr<X509_STORE> parse(const Ders& anchors, const Ders& crls, std::string* problem) {
  std::shared_ptr<X509_STORE> store(ossl().X509_STORE_new(), [](X509_STORE* s) { ossl().X509_STORE_free(s); });
  for (size_t i = 0; i < anchors.size(); i++) {
    const uint8_t* at = anchors[i].data();
    X509* certificate = ossl().d2i_X509(nullptr, &at, static_cast<long>(anchors[i].size()));
    const bool whole = certificate != nullptr && at == anchors[i].data() + anchors[i].size();
    const bool added = whole && ossl().X509_STORE_add_cert(store.get(), certificate) == 1;
    ossl().X509_free(certificate);
    if (!added) {
      *problem = "trustAnchors[" + std::to_string(i) + "]: is no DER certificate that OpenSSL can read";
      return nullptr;
    }
  }
  bool limited = false;
  for (size_t i = 0; i < crls.size(); i++) {
    const uint8_t* at = crls[i].data();
    X509_CRL* crl = ossl().d2i_X509_CRL(nullptr, &at, static_cast<long>(crls[i].size()));
    const bool whole = crl != nullptr && at == crls[i].data() + crls[i].size();
    const bool delta = whole && ossl().X509_CRL_get_ext_by_NID(crl, K(NID_delta_crl), -1) >= 0;
    const bool added = whole && !delta && ossl().X509_STORE_add_crl(store.get(), crl) == 1;
    limited = limited || (whole && (isOfSomeReasons(crl) || isIndirect(crl)));
    ossl().X509_CRL_free(crl);
    if (delta) {
      *problem = "crls[" + std::to_string(i) + "]: is a delta CRL (RFC 5280 section 5.2.4), which is not supported: give the complete list";
      return nullptr;
    }
    if (!added) {
      *problem = "crls[" + std::to_string(i) + "]: is no DER CertificateList that OpenSSL can read";
      return nullptr;
    }
  }
  // Every anchor is one, whether it signed itself or not (RFC 5280 section 6.1.1 d).
  unsigned long flags = K(X509_V_FLAG_PARTIAL_CHAIN) | K(X509_V_FLAG_TRUSTED_FIRST);
  if (!crls.empty()) flags |= K(X509_V_FLAG_CRL_CHECK) | K(X509_V_FLAG_CRL_CHECK_ALL);
  // A list may be signed by another key of the issuer, after a rollover, if that chains to the same anchor. The flag also
  // makes OpenSSL use lists of other issuers and of some reasons, which we do not.
  if (!crls.empty() && !limited) flags |= K(X509_V_FLAG_EXTENDED_CRL_SUPPORT);
  ossl().X509_STORE_set_flags(store.get(), flags);
  return store;
}

// Stores that outlive their last context, for programs that make a context for each connection.
constexpr size_t kKept = 4;

struct Cache {
  std::mutex lock;
  std::map<Digest, std::weak_ptr<X509_STORE>> stores;
  std::deque<std::shared_ptr<X509_STORE>> kept;  // most recently asked for first
};

// Never destroyed: threads may outlive statics.
Cache& cache() {
  static auto& only = *new Cache();
  return only;
}

}  // namespace

std::shared_ptr<X509_STORE> sharedStore(const Ders& anchors, const Ders& crls, std::string* problem) {
  Digest key;
  if (!keyOf(anchors, crls, &key)) {
    *problem = "trustAnchors: OpenSSL has no SHA-256 here";
    return nullptr;
  }
  Cache& all = cache();
  const std::lock_guard<std::mutex> guard(all.lock);
  std::shared_ptr<X509_STORE> store = all.stores[key].lock();
  if (store == nullptr) store = parse(anchors, crls, problem);
  all.stores[key] = store;
  if (store != nullptr) {
    const auto found = std::find(all.kept.begin(), all.kept.end(), store);
    if (found != all.kept.end()) all.kept.erase(found);
    all.kept.push_front(store);
    if (all.kept.size() > kKept) all.kept.pop_back();
  }
  for (auto at = all.stores.begin(); at != all.stores.end();) at = at->second.expired() ? all.stores.erase(at) : std::next(at);
  return store;
}

}  // namespace ferrule
