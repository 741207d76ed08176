#include "lists.h"

#include <algorithm>
#include <optional>

#include "chain.h"
#include "directory.h"
#include "store.h"
#include "strength.h"
#include "times.h"

namespace ferrule {
namespace {

const OPENSSL_STACK* stack(const void* typed) { return static_cast<const OPENSSL_STACK*>(typed); }
X509* certificateAt(const OPENSSL_STACK* path, int i) { return static_cast<X509*>(ossl().OPENSSL_sk_value(path, i)); }
bool hasSameKey(const X509* a, const X509* b) { return ossl().EVP_PKEY_eq(ossl().X509_get0_pubkey(a), ossl().X509_get0_pubkey(b)) == 1; }

// ── Reading ──

std::vector<uint8_t> octetsOf(const ASN1_STRING* value) {
  const uint8_t* bytes = ossl().ASN1_STRING_get0_data(value);
  return std::vector<uint8_t>(bytes, bytes + ossl().ASN1_STRING_length(value));
}

int typeOf(X509_EXTENSION* extension) { return ossl().OBJ_obj2nid(ossl().X509_EXTENSION_get_object(extension)); }

// RFC 5280 section 5.2: the critical extensions supported of a list are scope and key identifier.
bool isKnownOfList(int type) { return type == K(NID_issuing_distribution_point) || type == K(NID_authority_key_identifier); }

// Section 5.3. Reason and invalidity date do not affect the result.
bool isKnownOfEntry(int type) { return type == K(NID_crl_reason) || type == K(NID_invalidity_date) || type == K(NID_certificate_issuer); }

void readEntries(RevocationList* list) {
  const OPENSSL_STACK* entries = stack(ossl().X509_CRL_get_REVOKED(list->crl.get()));
  for (int i = 0; i < ossl().OPENSSL_sk_num(entries); i++) {
    const auto* entry = static_cast<const X509_REVOKED*>(ossl().OPENSSL_sk_value(entries, i));
    // OpenSSL never checks it.
    if (!isTime(ossl().X509_REVOKED_get0_revocationDate(entry))) list->isUnderstood = false;
    for (int j = 0; j < ossl().X509_REVOKED_get_ext_count(entry); j++) {
      X509_EXTENSION* extension = ossl().X509_REVOKED_get_ext(entry, j);
      const int type = typeOf(extension);
      const bool critical = ossl().X509_EXTENSION_get_critical(extension) == 1;
      if (critical && !isKnownOfEntry(type)) list->isUnderstood = false;
      if (type != K(NID_certificate_issuer)) continue;
      list->isAttributed = true;
      list->isAway = list->isAway || critical;
    }
  }
}

// An element of DER, from `start` to `end`.
struct Element {
  size_t start = 0;
  size_t contents = 0;
  size_t end = 0;
};

// None if the length is indefinite, or exceeds the input.
std::optional<Element> elementAt(const std::vector<uint8_t>& der, size_t start) {
  if (start + 2 > der.size()) return {};
  const size_t first = der[start + 1];
  const size_t octets = first < 0x80 ? 0 : first & 0x7f;
  const size_t contents = start + 2 + octets;
  if (first == 0x80 || octets > 4 || contents > der.size()) return {};
  size_t length = octets == 0 ? first : 0;
  for (size_t i = start + 2; i < contents; i++) length = length << 8 | der[i];
  if (length > der.size() - contents) return {};
  return Element{start, contents, contents + length};
}

// RFC 5280 section 5.1.1.2: the signed part repeats the signature algorithm. X509_verify(3) checks that,
// X509_CRL_verify(3) does not.
bool namesOneAlgorithm(const std::vector<uint8_t>& der) {
  constexpr uint8_t kInteger = 2;
  const auto whole = elementAt(der, 0);
  const auto tbs = whole ? elementAt(der, whole->contents) : whole;
  auto inner = tbs ? elementAt(der, tbs->contents) : tbs;
  if (inner && der[inner->start] == kInteger) inner = elementAt(der, inner->end);
  const auto outer = tbs ? elementAt(der, tbs->end) : tbs;
  if (!inner || !outer) return false;
  const auto at = [&](size_t offset) { return der.begin() + static_cast<std::ptrdiff_t>(offset); };
  return std::equal(at(inner->start), at(inner->end), at(outer->start), at(outer->end));
}

// False if it is present and unreadable, or present twice.
bool readScope(RevocationList* list) {
  int found = -1;
  auto* scope = static_cast<IssuingDistributionPoint*>(
      ossl().X509_CRL_get_ext_d2i(list->crl.get(), K(NID_issuing_distribution_point), &found, nullptr));
  if (scope == nullptr) return found == -1;
  list->scope.reset(scope, [](const IssuingDistributionPoint* point) {
    ossl().ISSUING_DIST_POINT_free(reinterpret_cast<ISSUING_DIST_POINT*>(const_cast<IssuingDistributionPoint*>(point)));
  });
  const int at = ossl().X509_CRL_get_ext_by_NID(list->crl.get(), K(NID_issuing_distribution_point), -1);
  list->scopeDer = octetsOf(ossl().X509_EXTENSION_get_data(ossl().X509_CRL_get_ext(list->crl.get(), at)));
  return true;
}

// ── Which lists count ──

bool sameGeneralName(GENERAL_NAME* a, GENERAL_NAME* b) {
  int types[2] = {};
  const void* left = ossl().GENERAL_NAME_get0_value(a, &types[0]);
  const void* right = ossl().GENERAL_NAME_get0_value(b, &types[1]);
  if (types[0] == K(GEN_DIRNAME) && types[1] == K(GEN_DIRNAME)) return sameName(static_cast<const X509_NAME*>(left), static_cast<const X509_NAME*>(right));
  return ossl().GENERAL_NAME_cmp(a, b) == 0;
}

// Whether one of the full names of a list's distribution point is one of the certificate's (sections 4.2.1.13 and 5.2.5).
bool sharesPoint(const DistributionPointName* name, const X509* certificate) {
  if (name->type != DistributionPointName::kFull) return false;
  auto* points = static_cast<OPENSSL_STACK*>(ossl().X509_get_ext_d2i(certificate, K(NID_crl_distribution_points), nullptr, nullptr));
  bool shares = false;
  for (int i = 0; i < ossl().OPENSSL_sk_num(points) && !shares; i++) {
    const DistributionPointName* own = static_cast<const DistributionPoint*>(ossl().OPENSSL_sk_value(points, i))->name;
    if (own == nullptr || own->type != DistributionPointName::kFull) continue;
    for (int j = 0; j < ossl().OPENSSL_sk_num(own->names); j++) {
      for (int k = 0; k < ossl().OPENSSL_sk_num(name->names); k++) {
        auto* ours = static_cast<GENERAL_NAME*>(ossl().OPENSSL_sk_value(own->names, j));
        auto* theirs = static_cast<GENERAL_NAME*>(ossl().OPENSSL_sk_value(name->names, k));
        shares = shares || sameGeneralName(ours, theirs);
      }
    }
  }
  ossl().CRL_DIST_POINTS_free(reinterpret_cast<struct stack_st_DIST_POINT*>(points));
  return shares;
}

bool isInScope(const IssuingDistributionPoint* scope, X509* certificate) {
  if (scope == nullptr) return true;
  const bool ca = (ossl().X509_get_extension_flags(certificate) & static_cast<uint32_t>(K(EXFLAG_CA))) != 0;
  if (scope->indirect != 0 || scope->onlyAttributes != 0 || (scope->onlyUser != 0 && ca) || (scope->onlyCa != 0 && !ca)) return false;
  return scope->name == nullptr || sharesPoint(scope->name, certificate);
}

// Why the list is unusable for this certificate, regardless of its signer.
long faultOf(const RevocationList& list, X509* certificate, time_t now) {
  if (!hasBegun(ossl().X509_CRL_get0_lastUpdate(list.crl.get()), now)) return K(X509_V_ERR_CRL_NOT_YET_VALID);
  const ASN1_TIME* nextUpdate = ossl().X509_CRL_get0_nextUpdate(list.crl.get());
  if (nextUpdate != nullptr && !stillHolds(nextUpdate, now)) return K(X509_V_ERR_CRL_HAS_EXPIRED);
  return isInScope(list.scope.get(), certificate) ? K(X509_V_OK) : K(X509_V_ERR_DIFFERENT_CRL_SCOPE);
}

bool maySign(X509* issuer) { return (ossl().X509_get_key_usage(issuer) & static_cast<uint32_t>(K(KU_CRL_SIGN))) != 0; }

bool isSignedBy(X509_STORE_CTX* store, const RevocationList& list, const X509* issuer) {
  const int level = ossl().X509_VERIFY_PARAM_get_auth_level(ossl().X509_STORE_CTX_get0_param(store));
  const X509_ALGOR* algorithm = nullptr;
  ossl().X509_CRL_get0_signature(list.crl.get(), nullptr, &algorithm);
  return hasStrongHash(algorithm, level) && ossl().X509_CRL_verify(list.crl.get(), ossl().X509_get0_pubkey(issuer)) == 1;
}

// The key is the issuer's if its own path ends in the same anchor (section 6.3.3 f). That path is not checked as a
// server's; its own lists apply, unless signed by keys that need another path.
bool leadsToAnchor(X509_STORE_CTX* store, X509* signer) {
  const OPENSSL_STACK* path = stack(ossl().X509_STORE_CTX_get0_chain(store));
  X509* anchor = certificateAt(path, ossl().OPENSSL_sk_num(path) - 1);
  if (sameName(ossl().X509_get_subject_name(anchor), ossl().X509_get_subject_name(signer)) && hasSameKey(anchor, signer)) return true;
  const X509_VERIFY_PARAM* param = ossl().X509_STORE_CTX_get0_param(store);
  OPENSSL_STACK* trusted = ossl().OPENSSL_sk_new_null();
  ossl().OPENSSL_sk_push(trusted, anchor);
  X509_STORE_CTX* own = ossl().X509_STORE_CTX_new();
  bool leads = own != nullptr && ossl().X509_STORE_CTX_init(own, ossl().X509_STORE_CTX_get0_store(store), signer, ossl().X509_STORE_CTX_get0_untrusted(store)) == 1 &&
               ossl().X509_STORE_CTX_set_ex_data(own, 0, store) == 1;
  if (leads) {
    ossl().X509_STORE_CTX_set0_trusted_stack(own, reinterpret_cast<struct stack_st_X509*>(trusted));
    X509_VERIFY_PARAM* ours = ossl().X509_STORE_CTX_get0_param(own);
    ossl().X509_VERIFY_PARAM_set_flags(ours, ossl().X509_VERIFY_PARAM_get_flags(param));
    ossl().X509_VERIFY_PARAM_set_time(ours, timeOf(store));
    ossl().X509_VERIFY_PARAM_set_auth_level(ours, ossl().X509_VERIFY_PARAM_get_auth_level(param));
    ossl().X509_STORE_CTX_set_verify_cb(own, forgive);
    const bool strict = (ossl().X509_VERIFY_PARAM_get_flags(param) & static_cast<unsigned long>(K(X509_V_FLAG_X509_STRICT))) != 0;
    leads = ossl().X509_verify_cert(own) == 1 && judgePath(stack(ossl().X509_STORE_CTX_get0_chain(own)), strict).code == K(X509_V_OK);
  }
  ossl().X509_STORE_CTX_free(own);
  ossl().OPENSSL_sk_free(trusted);
  return leads;
}

bool isInPathOfSigner(X509_STORE_CTX* store) { return ossl().X509_STORE_CTX_get_ex_data(store, 0) != nullptr; }

// Any subscriber may have a certificate with the issuer's name: without CA status it needs explicit cRLSign, as
// separate CRL issuers have.
bool isIssuers(X509* certificate) {
  return (ossl().X509_get_extension_flags(certificate) & static_cast<uint32_t>(K(EXFLAG_CA) | K(EXFLAG_KUSAGE))) != 0;
}

// After a rollover another key of the issuer may sign its lists.
bool isSignedByOtherKey(X509_STORE_CTX* store, const RevocationList& list, X509* issuer) {
  const auto signs = [&](const OPENSSL_STACK* candidates) {
    for (int i = 0; i < ossl().OPENSSL_sk_num(candidates); i++) {
      X509* other = certificateAt(candidates, i);
      if (sameName(ossl().X509_get_subject_name(other), ossl().X509_get_subject_name(issuer)) && !hasSameKey(other, issuer) && isIssuers(other) && maySign(other) &&
          isSignedBy(store, list, other) && leadsToAnchor(store, other)) {
        return true;
      }
    }
    return false;
  };
  if (isInPathOfSigner(store)) return false;
  if (signs(stack(ossl().X509_STORE_CTX_get0_untrusted(store)))) return true;
  // OpenSSL would only find byte-equal names.
  auto* anchors = reinterpret_cast<OPENSSL_STACK*>(ossl().X509_STORE_get1_all_certs(ossl().X509_STORE_CTX_get0_store(store)));
  const bool found = signs(anchors);
  ossl().OPENSSL_sk_pop_free(anchors, [](void* certificate) { ossl().X509_free(static_cast<X509*>(certificate)); });
  return found;
}

long judgeSigner(X509_STORE_CTX* store, const RevocationList& list, X509* issuer) {
  if ((maySign(issuer) && isSignedBy(store, list, issuer)) || isSignedByOtherKey(store, list, issuer)) return K(X509_V_OK);
  return maySign(issuer) ? K(X509_V_ERR_CRL_SIGNATURE_FAILURE) : K(X509_V_ERR_KEYUSAGE_NO_CRL_SIGN);
}

// ── What they say ──

bool hasSerialOf(const RevocationList& list, const X509* certificate) {
  const OPENSSL_STACK* entries = stack(ossl().X509_CRL_get_REVOKED(list.crl.get()));
  for (int i = 0; i < ossl().OPENSSL_sk_num(entries); i++) {
    const auto* entry = static_cast<const X509_REVOKED*>(ossl().OPENSSL_sk_value(entries, i));
    if (ossl().ASN1_INTEGER_cmp(ossl().X509_REVOKED_get0_serialNumber(entry), ossl().X509_get0_serialNumber(certificate)) == 0) return true;
  }
  return false;
}

// Whatever the reason: only a delta list (section 5.3.1), or absence, ends a hold. OpenSSL does not find entries for
// certificates of another issuer. Those belong in indirect lists, which are inconclusive. So is a list with an unknown
// critical extension (section 5.2); it does not fall back to an older list.
long look(const RevocationList& list, X509* certificate) {
  if (!list.isUnderstood) return K(X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION);
  X509_REVOKED* entry = nullptr;
  // Not X509_CRL_get0_by_cert(3), which compares the issuers' names again.
  if (ossl().X509_CRL_get0_by_serial(list.crl.get(), &entry, ossl().X509_get0_serialNumber(certificate)) != 0) return K(X509_V_ERR_CERT_REVOKED);
  if (!list.isAttributed || !hasSerialOf(list, certificate)) return K(X509_V_OK);
  return list.isAway ? K(X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION) : K(X509_V_ERR_CERT_REVOKED);
}

// The newest list of each scope decides; if several are equally new, all of them.
std::vector<const RevocationList*> newestOf(const std::vector<const RevocationList*>& lists) {
  std::vector<const RevocationList*> newest;
  std::copy_if(lists.begin(), lists.end(), std::back_inserter(newest), [&](const RevocationList* one) {
    return std::none_of(lists.begin(), lists.end(), [&](const RevocationList* other) {
      return other->scopeDer == one->scopeDer &&
             ossl().ASN1_TIME_compare(ossl().X509_CRL_get0_lastUpdate(other->crl.get()), ossl().X509_CRL_get0_lastUpdate(one->crl.get())) > 0;
    });
  });
  return newest;
}

long judge(X509_STORE_CTX* store, const RevocationLists& lists, X509* certificate, X509* issuer, bool required) {
  const time_t now = timeOf(store);
  long fault = K(X509_V_OK);
  const auto note = [&](long code) {
    if (fault == K(X509_V_OK)) fault = code;
    return code == K(X509_V_OK);
  };
  std::vector<const RevocationList*> usable;
  for (const RevocationList& list : lists) {
    if (!sameName(ossl().X509_CRL_get_issuer(list.crl.get()), ossl().X509_get_issuer_name(certificate))) continue;
    if (note(faultOf(list, certificate, now)) && note(judgeSigner(store, list, issuer))) usable.push_back(&list);
  }
  bool covered = false;
  for (const RevocationList* list : newestOf(usable)) {
    const long code = look(*list, certificate);
    if (code == K(X509_V_ERR_CERT_REVOKED)) return code;
    // A list limited to some reasons can revoke a certificate, but not show it to be good.
    if (note(code) && (list->scope == nullptr || list->scope->someReasons == nullptr)) covered = true;
  }
  if (covered) return K(X509_V_OK);
  return fault != K(X509_V_OK) || !required ? fault : K(X509_V_ERR_UNABLE_TO_GET_CRL);
}

bool isSigned(const OPENSSL_STACK* path) {
  bool good = true;
  for (int at = 0; at + 1 < ossl().OPENSSL_sk_num(path); at++) good = good && ossl().X509_verify(certificateAt(path, at), ossl().X509_get0_pubkey(certificateAt(path, at + 1))) == 1;
  ossl().ERR_clear_error();
  return good;
}

// Alone in its path a certificate is its own anchor; its issuer may have been sent.
X509* issuerIn(X509_STORE_CTX* store, int at) {
  const OPENSSL_STACK* path = stack(ossl().X509_STORE_CTX_get0_chain(store));
  return at + 1 < ossl().OPENSSL_sk_num(path) ? certificateAt(path, at + 1) : issuerOf(certificateAt(path, at), stack(ossl().X509_STORE_CTX_get0_untrusted(store)));
}

}  // namespace

bool readList(const std::vector<uint8_t>& der, RevocationLists* into, std::string* problem) {
  const uint8_t* at = der.data();
  RevocationList list;
  list.crl.reset(ossl().d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())), [](X509_CRL* crl) { ossl().X509_CRL_free(crl); });
  X509_CRL* crl = list.crl.get();
  const ASN1_TIME* nextUpdate = crl == nullptr ? nullptr : ossl().X509_CRL_get0_nextUpdate(crl);
  if (crl == nullptr || at != der.data() + der.size() || !isTime(ossl().X509_CRL_get0_lastUpdate(crl)) || (nextUpdate != nullptr && !isTime(nextUpdate)) ||
      !readScope(&list)) {
    *problem = "is not a DER CertificateList that OpenSSL can read";
    return false;
  }
  if (!namesOneAlgorithm(der)) {
    *problem = "names two different signature algorithms";
    return false;
  }
  if (ossl().X509_CRL_get_ext_by_NID(crl, K(NID_delta_crl), -1) >= 0) {
    *problem = "is a delta CRL (RFC 5280 section 5.2.4), which is not supported: give the complete list";
    return false;
  }
  for (int i = 0; i < ossl().X509_CRL_get_ext_count(crl); i++) {
    X509_EXTENSION* extension = ossl().X509_CRL_get_ext(crl, i);
    if (ossl().X509_EXTENSION_get_critical(extension) == 1 && !isKnownOfList(typeOf(extension))) list.isUnderstood = false;
  }
  readEntries(&list);
  into->push_back(std::move(list));
  return true;
}

int checkRevocation(X509_STORE_CTX* store) {
  const RevocationLists& lists = TrustStore::of(store).lists;
  const OPENSSL_STACK* path = stack(ossl().X509_STORE_CTX_get0_chain(store));
  // OpenSSL calls this before it checks signatures; leave a bad signature to it. Such a path is unauthenticated, and
  // could take seconds to check.
  if (!isSigned(path)) return 1;
  // The anchor is only checked if it is the server's own certificate.
  const int length = std::max(ossl().OPENSSL_sk_num(path) - 1, 1);
  const bool ofSigner = isInPathOfSigner(store);
  for (int at = 0; at < length; at++) {
    X509* certificate = certificateAt(path, at);
    const long code = judge(store, lists, certificate, issuerIn(store, at), at == 0 && !ofSigner);
    if (code == K(X509_V_OK) || (ofSigner && code != K(X509_V_ERR_CERT_REVOKED))) continue;
    ossl().X509_STORE_CTX_set_error(store, static_cast<int>(code));
    ossl().X509_STORE_CTX_set_error_depth(store, at);
    ossl().X509_STORE_CTX_set_current_cert(store, certificate);
    return 0;
  }
  return 1;
}

}  // namespace ferrule
