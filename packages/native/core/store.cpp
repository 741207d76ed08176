#include "store.h"

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <mutex>

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

// The serial number that src/anchor.ts gives.
bool isMade(const X509* certificate) {
  constexpr char kSerial[] = "ferrule trust anchor";
  const ASN1_INTEGER* serial = ossl().X509_get0_serialNumber(certificate);
  const auto* bytes = reinterpret_cast<const char*>(ossl().ASN1_STRING_get0_data(serial));
  return std::string(bytes, bytes + ossl().ASN1_STRING_length(serial)) == kSerial;
}

bool isUnreadable(X509* certificate) { return (ossl().X509_get_extension_flags(certificate) & static_cast<uint32_t>(K(EXFLAG_INVALID))) != 0; }

// X509_STORE_set_check_issued(3). A bare anchor has only a name and key: an authorityKeyIdentifier with a serial number
// does not apply to it. Of several with one name OpenSSL would try the first; prefer one whose key signed, and without
// constraints.
int isIssuedBy(X509_STORE_CTX* context, X509* certificate, X509* issuer) {
  const TrustStore& store = TrustStore::of(context);
  const int code = ossl().X509_check_issued(issuer, certificate);
  const bool likely = code == K(X509_V_OK) || code == K(X509_V_ERR_KEYUSAGE_NO_CERTSIGN) || code == K(X509_V_ERR_KEYUSAGE_NO_DIGITAL_SIGNATURE);
  if (!store.isBare(issuer)) return likely ? 1 : 0;
  if (!likely && code != K(X509_V_ERR_AKID_ISSUER_SERIAL_MISMATCH)) return 0;
  const auto isNamesake = [&](X509* other) {
    return other != issuer && ossl().X509_NAME_cmp(ossl().X509_get_subject_name(other), ossl().X509_get_subject_name(issuer)) == 0;
  };
  const auto signs = [&](X509* anchor) { return ossl().X509_verify(certificate, ossl().X509_get0_pubkey(anchor)) == 1; };
  const auto isConstrained = [](X509* anchor) { return ossl().X509_get_ext_by_NID(anchor, K(NID_name_constraints), -1) >= 0; };
  if (signs(issuer)) {
    // If both signed, they have the same key.
    const auto isBetter = [&](X509* other) {
      return isNamesake(other) && !isConstrained(other) && ossl().EVP_PKEY_eq(ossl().X509_get0_pubkey(other), ossl().X509_get0_pubkey(issuer)) == 1;
    };
    return isConstrained(issuer) && std::any_of(store.bare.begin(), store.bare.end(), isBetter) ? 0 : 1;
  }
  // If none signed, use the first, so that the signature is reported.
  const auto first = std::find_if(store.bare.begin(), store.bare.end(), [&](X509* other) { return other == issuer || isNamesake(other); });
  return *first == issuer && std::none_of(first, store.bare.end(), [&](X509* other) { return isNamesake(other) && signs(other); }) ? 1 : 0;
}

std::shared_ptr<TrustStore> parse(const Ders& anchors, const Ders& crls, std::string* problem) {
  auto store = std::make_shared<TrustStore>();
  if (store->get() == nullptr) {
    *problem = "OpenSSL could not make a store";
    return nullptr;
  }
  for (size_t i = 0; i < anchors.size(); i++) {
    const uint8_t* at = anchors[i].data();
    X509* certificate = ossl().d2i_X509(nullptr, &at, static_cast<long>(anchors[i].size()));
    const bool whole = certificate != nullptr && at == anchors[i].data() + anchors[i].size();
    const bool added = whole && ossl().X509_STORE_add_cert(store->get(), certificate) == 1;
    const bool bare = added && isMade(certificate);
    const bool unreadable = bare && isUnreadable(certificate);
    if (bare) store->bare.push_back(certificate);
    else ossl().X509_free(certificate);
    if (unreadable) {
      *problem = "trustAnchors[" + std::to_string(i) + "]: has nameConstraints that OpenSSL cannot read";
      return nullptr;
    }
    if (!added) {
      *problem = "trustAnchors[" + std::to_string(i) + "]: is not a DER certificate that OpenSSL can read";
      return nullptr;
    }
  }
  for (size_t i = 0; i < crls.size(); i++) {
    std::string what;
    if (!readList(crls[i], &store->lists, &what)) {
      *problem = "crls[" + std::to_string(i) + "]: " + what;
      return nullptr;
    }
  }
  // Anchors need not be self-signed (RFC 5280 section 6.1.1 d).
  ossl().X509_STORE_set_flags(store->get(), K(X509_V_FLAG_PARTIAL_CHAIN) | K(X509_V_FLAG_TRUSTED_FIRST));
  ossl().X509_STORE_set_ex_data(store->get(), 0, store.get());
  if (!crls.empty()) ossl().X509_STORE_set_check_revocation(store->get(), checkRevocation);
  if (!store->bare.empty()) ossl().X509_STORE_set_check_issued(store->get(), isIssuedBy);
  return store;
}

// Stores kept after their last context, for programs that make one context per connection.
constexpr size_t kKept = 4;

struct Cache {
  std::mutex lock;
  std::map<Digest, std::weak_ptr<TrustStore>> stores;
  std::deque<std::shared_ptr<TrustStore>> kept;  // most recently used first
};

// Never destroyed: threads may outlive statics.
Cache& cache() {
  static auto& only = *new Cache();
  return only;
}

}  // namespace

TrustStore::TrustStore() : store_(ossl().X509_STORE_new()) {}
const TrustStore& TrustStore::of(X509_STORE_CTX* context) {
  return *static_cast<const TrustStore*>(ossl().X509_STORE_get_ex_data(ossl().X509_STORE_CTX_get0_store(context), 0));
}

TrustStore::~TrustStore() {
  for (X509* anchor : bare) ossl().X509_free(anchor);
  ossl().X509_STORE_free(store_);
}

std::shared_ptr<TrustStore> sharedStore(const Ders& anchors, const Ders& crls, std::string* problem) {
  Digest key;
  if (!keyOf(anchors, crls, &key)) {
    *problem = "trustAnchors: OpenSSL has no SHA-256 here";
    return nullptr;
  }
  Cache& all = cache();
  const std::lock_guard<std::mutex> guard(all.lock);
  std::shared_ptr<TrustStore> store = all.stores[key].lock();
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
