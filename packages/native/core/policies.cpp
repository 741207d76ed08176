#include "policies.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "extension.h"

namespace ferrule {
namespace {

// The contents octets of an OBJECT IDENTIFIER.
using Oid = std::string;
using Oids = std::set<Oid>;

// 2.5.29.32.0
Oid anyPolicy() { return Oid("\x55\x1d\x20\x00", 4); }
bool isAny(const Oid& id) { return id == anyPolicy(); }
bool hasAny(const Oids& ids) { return ids.count(anyPolicy()) != 0; }

Oid oidOf(const ASN1_OBJECT* object) {
  const uint8_t* octets = ossl().OBJ_get0_data(object);
  return Oid(octets, octets + ossl().OBJ_length(object));
}

// A certificate's policy extensions. An absent count is longer than any path.
struct Policies {
  static constexpr long kNever = 0x7fffffff;
  bool malformed = false;
  bool selfIssued = false;
  std::vector<Oid> named;
  std::vector<std::pair<Oid, Oid>> mappings;
  long requireExplicitPolicy = kNever;
  long inhibitPolicyMapping = kNever;
  long inhibitAnyPolicy = kNever;
};

// SkipCerts: INTEGER (0..MAX); OpenSSL returns −1 for values larger than a long.
void readCount(const ASN1_INTEGER* value, long* count, Policies* policies) {
  if (value == nullptr) return;
  if (ossl().ASN1_STRING_type(value) == K(V_ASN1_NEG_INTEGER)) policies->malformed = true;
  const long number = ossl().ASN1_INTEGER_get(value);
  *count = number < 0 ? Policies::kNever : std::min(number, Policies::kNever);
}

template <typename T>
T* read(const X509* certificate, long nid, Policies* policies) {
  bool critical = false;
  bool unreadable = false;
  T* value = decoded<T>(certificate, nid, &critical, &unreadable);
  policies->malformed = policies->malformed || unreadable;
  return value;
}

void readNamed(const X509* certificate, Policies* policies) {
  auto* list = read<OPENSSL_STACK>(certificate, K(NID_certificate_policies), policies);
  for (int i = 0; i < ossl().OPENSSL_sk_num(list); i++) policies->named.push_back(oidOf(static_cast<const PolicyInformation*>(ossl().OPENSSL_sk_value(list, i))->id));
  ossl().CERTIFICATEPOLICIES_free(reinterpret_cast<struct stack_st_POLICYINFO*>(list));
  // Section 4.2.1.4: a policy is named once.
  if (Oids(policies->named.begin(), policies->named.end()).size() < policies->named.size()) policies->malformed = true;
}

void readMappings(const X509* certificate, Policies* policies) {
  auto* list = read<OPENSSL_STACK>(certificate, K(NID_policy_mappings), policies);
  for (int i = 0; i < ossl().OPENSSL_sk_num(list); i++) {
    const auto* mapping = static_cast<const PolicyMapping*>(ossl().OPENSSL_sk_value(list, i));
    policies->mappings.emplace_back(oidOf(mapping->issuerPolicy), oidOf(mapping->subjectPolicy));
  }
  ossl().OPENSSL_sk_pop_free(list, [](void* mapping) { ossl().POLICY_MAPPING_free(static_cast<POLICY_MAPPING*>(mapping)); });
}

void readConstraints(const X509* certificate, Policies* policies) {
  auto* constraints = read<PolicyConstraints>(certificate, K(NID_policy_constraints), policies);
  if (constraints != nullptr) {
    // Section 4.2.1.11: one of the two is there.
    if (constraints->requireExplicitPolicy == nullptr && constraints->inhibitPolicyMapping == nullptr) policies->malformed = true;
    readCount(constraints->requireExplicitPolicy, &policies->requireExplicitPolicy, policies);
    readCount(constraints->inhibitPolicyMapping, &policies->inhibitPolicyMapping, policies);
  }
  ossl().POLICY_CONSTRAINTS_free(reinterpret_cast<POLICY_CONSTRAINTS*>(constraints));
  auto* inhibitAny = read<ASN1_INTEGER>(certificate, K(NID_inhibit_any_policy), policies);
  readCount(inhibitAny, &policies->inhibitAnyPolicy, policies);
  ossl().ASN1_INTEGER_free(inhibitAny);
}

Policies policiesOf(X509* certificate) {
  Policies policies;
  policies.selfIssued = (ossl().X509_get_extension_flags(certificate) & static_cast<uint32_t>(K(EXFLAG_SI))) != 0;
  readNamed(certificate, &policies);
  readMappings(certificate, &policies);
  readConstraints(certificate, &policies);
  return policies;
}

// 6.1.3 (d), (e): the expected policies that the certificate names; any-policy matches all.
Oids narrowed(const Policies& certificate, const Oids& expected, bool anyCounts) {
  if (anyCounts && std::any_of(certificate.named.begin(), certificate.named.end(), isAny)) return expected;
  Oids next;
  for (const Oid& id : certificate.named) {
    if (hasAny(expected) ? !isAny(id) : expected.count(id) != 0) next.insert(id);
  }
  return next;
}

// 6.1.4 (b): maps policies of the issuer's domain to the subject's, or removes them if mapping is inhibited.
Oids mapped(const Policies& certificate, const Oids& valid, bool allowed) {
  Oids next = valid;
  for (const auto& mapping : certificate.mappings) next.erase(mapping.first);
  for (const auto& mapping : certificate.mappings) {
    if (allowed && (valid.count(mapping.first) != 0 || hasAny(valid))) next.insert(mapping.second);
  }
  return next;
}

// Section 6.1.4 (a).
bool mapsAny(const Policies& certificate) {
  return std::any_of(certificate.mappings.begin(), certificate.mappings.end(), [](const auto& mapping) { return isAny(mapping.first) || isAny(mapping.second); });
}

}  // namespace

long judgePolicies(const OPENSSL_STACK* path, bool always) {
  const int count = ossl().OPENSSL_sk_num(path) - 1;
  const auto certificateAt = [path](int i) { return static_cast<X509*>(ossl().OPENSSL_sk_value(path, i)); };
  bool asked = always;
  for (int i = 0; i < count; i++) asked = asked || hasExtension(certificateAt(i), K(NID_policy_constraints));
  if (!asked) return K(X509_V_OK);
  std::vector<Policies> below;
  for (int i = 0; i < count; i++) below.push_back(policiesOf(certificateAt(i)));
  if (std::any_of(below.begin(), below.end(), [](const Policies& one) { return one.malformed; })) return K(X509_V_ERR_INVALID_POLICY_EXTENSION);
  long explicitPolicy = count + 1;
  long policyMapping = count + 1;
  long inhibitAnyPolicy = count + 1;
  // Policies common to the certificates so far, as the next one has to name them.
  Oids expected{anyPolicy()};
  const auto countDown = [](long* number) {
    if (*number > 0) --*number;
  };
  for (int i = count - 1; i >= 0; i--) {
    const Policies& certificate = below[static_cast<size_t>(i)];
    expected = narrowed(certificate, expected, inhibitAnyPolicy > 0 || (i > 0 && certificate.selfIssued));
    if (explicitPolicy == 0 && expected.empty()) return K(X509_V_ERR_NO_EXPLICIT_POLICY);
    if (i == 0) {
      countDown(&explicitPolicy);
      if (certificate.requireExplicitPolicy == 0) explicitPolicy = 0;
      break;
    }
    if (mapsAny(certificate)) return K(X509_V_ERR_INVALID_POLICY_EXTENSION);
    expected = mapped(certificate, expected, policyMapping > 0);
    if (!certificate.selfIssued) {
      for (long* number : {&explicitPolicy, &policyMapping, &inhibitAnyPolicy}) countDown(number);
    }
    policyMapping = std::min(policyMapping, certificate.inhibitPolicyMapping);
    inhibitAnyPolicy = std::min(inhibitAnyPolicy, certificate.inhibitAnyPolicy);
    explicitPolicy = std::min(explicitPolicy, certificate.requireExplicitPolicy);
  }
  return explicitPolicy == 0 && expected.empty() ? K(X509_V_ERR_NO_EXPLICIT_POLICY) : K(X509_V_OK);
}

}  // namespace ferrule
