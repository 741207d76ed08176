#include "chain.h"

#include <algorithm>
#include <vector>

#include "constraints.h"
#include "directory.h"
#include "extension.h"
#include "policies.h"
#include "store.h"
#include "times.h"
#include "wildcard.h"

namespace ferrule {
namespace {

X509* certificateAt(const OPENSSL_STACK* path, int i) { return static_cast<X509*>(ossl().OPENSSL_sk_value(path, i)); }

// RFC 5280 section 4.2.1.4: if the extension is critical, unknown qualifiers reject the certificate.
bool hasUnknownQualifier(const X509* certificate) {
  bool critical = false;
  bool unreadable = false;
  auto* policies = decoded<OPENSSL_STACK>(certificate, K(NID_certificate_policies), &critical, &unreadable);
  bool unknown = false;
  for (int i = 0; critical && i < ossl().OPENSSL_sk_num(policies); i++) {
    const OPENSSL_STACK* qualifiers = static_cast<const PolicyInformation*>(ossl().OPENSSL_sk_value(policies, i))->qualifiers;
    for (int j = 0; j < ossl().OPENSSL_sk_num(qualifiers); j++) {
      const int id = ossl().OBJ_obj2nid(static_cast<const PolicyQualifier*>(ossl().OPENSSL_sk_value(qualifiers, j))->id);
      if (id != K(NID_id_qt_cps) && id != K(NID_id_qt_unotice)) unknown = true;
    }
  }
  ossl().CERTIFICATEPOLICIES_free(reinterpret_cast<struct stack_st_POLICYINFO*>(policies));
  return unknown || (critical && unreadable);
}

// RFC 5280 section 4.2.1.13: there is at least one point. OpenSSL checks each point.
bool hasNoDistributionPoint(const X509* certificate) {
  bool critical = false;
  bool unreadable = false;
  auto* points = decoded<OPENSSL_STACK>(certificate, K(NID_crl_distribution_points), &critical, &unreadable);
  const bool none = points != nullptr && ossl().OPENSSL_sk_num(points) == 0;
  ossl().CRL_DIST_POINTS_free(reinterpret_cast<struct stack_st_DIST_POINT*>(points));
  return critical && none;
}

// RFC 5280 section 4.2.1.10, instead of OpenSSL's own name check: from the top down, as in OpenSSL.
Finding judgeConstraints(const OPENSSL_STACK* path, bool strict) {
  const int length = ossl().OPENSSL_sk_num(path);
  bool constrained = false;
  for (int i = 0; i < length; i++) constrained = constrained || hasExtension(certificateAt(path, i), K(NID_name_constraints));
  if (!constrained) return {};
  std::vector<Constraints> read(static_cast<size_t>(length));
  for (int i = 1; i < length; i++) {
    bool ignored = false;
    auto* constraints = decoded<NameConstraints>(certificateAt(path, i), K(NID_name_constraints), &ignored, &ignored);
    if (constraints != nullptr) read[static_cast<size_t>(i)] = readConstraints(constraints);
    ossl().NAME_CONSTRAINTS_free(reinterpret_cast<NAME_CONSTRAINTS*>(constraints));
  }
  size_t comparisons = kMostComparisons;
  for (int at = length - 1; at >= 0; at--) {
    X509* certificate = certificateAt(path, at);
    const bool selfIssued = (ossl().X509_get_extension_flags(certificate) & static_cast<uint32_t>(K(EXFLAG_SI))) != 0;
    if (at > 0 && selfIssued) continue;
    const std::vector<ConstrainedName> names = constrainedNamesOf(certificate);
    for (int above = length - 1; above > at; above--) {
      const long code = judgeNames(read[static_cast<size_t>(above)], names, strict, &comparisons);
      if (code != K(X509_V_OK)) return {code, at};
    }
  }
  return {};
}

// An anchor is a name, a key and constraints (RFC 5280 section 6.1.1 d): X509_V_FLAG_X509_STRICT's requirements on CAs
// do not apply to it.
bool isDutyOfAnchor(int error, X509_STORE_CTX* store) {
  const auto* path = reinterpret_cast<const OPENSSL_STACK*>(ossl().X509_STORE_CTX_get0_chain(store));
  const int last = ossl().OPENSSL_sk_num(path) - 1;
  return error >= K(X509_V_ERR_PATHLEN_INVALID_FOR_NON_CA) && error <= K(X509_V_ERR_EXTENSIONS_REQUIRE_VERSION_3) && last > 0 &&
         ossl().X509_STORE_CTX_get_error_depth(store) == last;
}

}  // namespace

Finding judgePath(const OPENSSL_STACK* path, bool strict) {
  const int length = ossl().OPENSSL_sk_num(path);
  Finding finding = judgeConstraints(path, strict);
  // The trust anchor is a name, a key and its constraints (section 6.1.1 d); alone in the path it is also the server's
  // certificate.
  for (int i = 0; i < std::max(length - 1, 1) && finding.code == K(X509_V_OK); i++) {
    if (hasUnknownQualifier(certificateAt(path, i))) finding = {K(X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION), i};
    else if (hasNoDistributionPoint(certificateAt(path, i))) finding = {K(X509_V_ERR_INVALID_EXTENSION), i};
  }
  if (finding.code == K(X509_V_OK)) finding = {judgePolicies(path, strict), 0};
  finding.certificate = certificateAt(path, finding.depth);
  return finding;
}

int forgive(int ok, X509_STORE_CTX* store) {
  if (ok != 0) return ok;
  const int error = ossl().X509_STORE_CTX_get_error(store);
  X509* certificate = ossl().X509_STORE_CTX_get_current_cert(store);
  bool fine = false;
  switch (error) {
    case K(X509_V_ERR_CERT_NOT_YET_VALID):
      fine = TrustStore::of(store).isBare(certificate);
      break;
    case K(X509_V_ERR_CERT_HAS_EXPIRED):
      // RFC 5280 section 4.1.2.5: valid through notAfter.
      fine = TrustStore::of(store).isBare(certificate) || ossl().ASN1_TIME_cmp_time_t(ossl().X509_get0_notAfter(certificate), timeOf(store)) == 0;
      break;
    // Left to judgePath().
    case K(X509_V_ERR_PERMITTED_VIOLATION):
    case K(X509_V_ERR_EXCLUDED_VIOLATION):
    case K(X509_V_ERR_SUBTREE_MINMAX):
    case K(X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE):
    case K(X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX):
    case K(X509_V_ERR_UNSUPPORTED_NAME_SYNTAX):
      fine = true;
      break;
    case K(X509_V_ERR_HOSTNAME_MISMATCH):
      fine = isUnderWildcard(certificate, ossl().X509_VERIFY_PARAM_get0_host(ossl().X509_STORE_CTX_get0_param(store), 0));
      break;
    default:
      fine = isDutyOfAnchor(error, store);
      break;
  }
  if (fine) ossl().X509_STORE_CTX_set_error(store, K(X509_V_OK));
  return fine ? 1 : 0;
}

X509* issuerOf(X509* certificate, const OPENSSL_STACK* candidates) {
  for (int i = 0; i < ossl().OPENSSL_sk_num(candidates); i++) {
    X509* candidate = certificateAt(candidates, i);
    const bool named = sameName(ossl().X509_get_subject_name(candidate), ossl().X509_get_issuer_name(certificate));
    if (named && ossl().X509_verify(certificate, ossl().X509_get0_pubkey(candidate)) == 1) return candidate;
  }
  return certificate;
}

bool mustStaple(const X509* leaf) {
  bool ignored = false;
  auto* features = decoded<OPENSSL_STACK>(leaf, K(NID_tlsfeature), &ignored, &ignored);
  bool must = false;
  for (int i = 0; i < ossl().OPENSSL_sk_num(features); i++) {
    must = must || ossl().ASN1_INTEGER_get(static_cast<const ASN1_INTEGER*>(ossl().OPENSSL_sk_value(features, i))) == K(TLSEXT_TYPE_status_request);
  }
  ossl().TLS_FEATURE_free(reinterpret_cast<struct stack_st_ASN1_INTEGER*>(features));
  return must;
}

}  // namespace ferrule
