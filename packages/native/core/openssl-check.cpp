// Compares openssl.h with OpenSSL's own headers. Compiled with -fsyntax-only wherever those are found; never linked.
#define OPENSSL_API_COMPAT 30000
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/params.h>
#include <openssl/ocsp.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/tls1.h>
#include <openssl/x509v3.h>

#include <cstddef>
#include <type_traits>

#include "openssl.h"

#define FERRULE_CHECK(name, value) static_assert(static_cast<long>(name) == (value), #name " differs from OpenSSL's header");
FERRULE_OPENSSL_CONSTANTS(FERRULE_CHECK)
#undef FERRULE_CHECK

static_assert(SSL_OP_NO_RENEGOTIATION == ferrule::kOpNoRenegotiation, "SSL_OP_NO_RENEGOTIATION");
static_assert(SSL_OP_NO_COMPRESSION == ferrule::kOpNoCompression, "SSL_OP_NO_COMPRESSION");
static_assert(SSL_OP_LEGACY_SERVER_CONNECT == ferrule::kOpLegacyServerConnect, "SSL_OP_LEGACY_SERVER_CONNECT");
static_assert(SSL_OP_CIPHER_SERVER_PREFERENCE == ferrule::kOpOwnPreference, "SSL_OP_CIPHER_SERVER_PREFERENCE");
static_assert(SSL_OP_NO_TICKET == ferrule::kOpNoTicket, "SSL_OP_NO_TICKET");

#define FERRULE_SAME_PLACE(ours, member, theirs, name) static_assert(offsetof(ferrule::ours, member) == offsetof(theirs, name), #theirs "." #name);
FERRULE_SAME_PLACE(PolicyQualifier, id, POLICYQUALINFO, pqualid)
FERRULE_SAME_PLACE(PolicyInformation, id, POLICYINFO, policyid)
FERRULE_SAME_PLACE(PolicyInformation, qualifiers, POLICYINFO, qualifiers)
FERRULE_SAME_PLACE(PolicyMapping, issuerPolicy, POLICY_MAPPING, issuerDomainPolicy)
FERRULE_SAME_PLACE(PolicyMapping, subjectPolicy, POLICY_MAPPING, subjectDomainPolicy)
FERRULE_SAME_PLACE(PolicyConstraints, requireExplicitPolicy, POLICY_CONSTRAINTS, requireExplicitPolicy)
FERRULE_SAME_PLACE(PolicyConstraints, inhibitPolicyMapping, POLICY_CONSTRAINTS, inhibitPolicyMapping)
FERRULE_SAME_PLACE(AnyValue, tag, ASN1_TYPE, type)
FERRULE_SAME_PLACE(AnyValue, string, ASN1_TYPE, value.asn1_string)
FERRULE_SAME_PLACE(OtherName, type, OTHERNAME, type_id)
FERRULE_SAME_PLACE(OtherName, value, OTHERNAME, value)
FERRULE_SAME_PLACE(AccessDescription, method, ACCESS_DESCRIPTION, method)
FERRULE_SAME_PLACE(AccessDescription, location, ACCESS_DESCRIPTION, location)
FERRULE_SAME_PLACE(GeneralSubtree, base, GENERAL_SUBTREE, base)
FERRULE_SAME_PLACE(GeneralSubtree, minimum, GENERAL_SUBTREE, minimum)
FERRULE_SAME_PLACE(GeneralSubtree, maximum, GENERAL_SUBTREE, maximum)
FERRULE_SAME_PLACE(NameConstraints, permitted, NAME_CONSTRAINTS, permittedSubtrees)
FERRULE_SAME_PLACE(NameConstraints, excluded, NAME_CONSTRAINTS, excludedSubtrees)
FERRULE_SAME_PLACE(DistributionPointName, type, DIST_POINT_NAME, type)
FERRULE_SAME_PLACE(DistributionPointName, names, DIST_POINT_NAME, name.fullname)
FERRULE_SAME_PLACE(DistributionPoint, name, DIST_POINT, distpoint)
FERRULE_SAME_PLACE(PssParameters, hash, RSA_PSS_PARAMS, hashAlgorithm)
FERRULE_SAME_PLACE(IssuingDistributionPoint, name, ISSUING_DIST_POINT, distpoint)
FERRULE_SAME_PLACE(IssuingDistributionPoint, onlyUser, ISSUING_DIST_POINT, onlyuser)
FERRULE_SAME_PLACE(IssuingDistributionPoint, onlyCa, ISSUING_DIST_POINT, onlyCA)
FERRULE_SAME_PLACE(IssuingDistributionPoint, onlyAttributes, ISSUING_DIST_POINT, onlyattr)
FERRULE_SAME_PLACE(IssuingDistributionPoint, someReasons, ISSUING_DIST_POINT, onlysomereasons)
FERRULE_SAME_PLACE(IssuingDistributionPoint, indirect, ISSUING_DIST_POINT, indirectCRL)
#undef FERRULE_SAME_PLACE

using ferrule::CustomExtAdd;
using ferrule::CustomExtFree;
using ferrule::CustomExtParse;
using ferrule::PskUseSession;

#define FERRULE_CHECK(type, name, parameters) \
  static_assert(std::is_same<decltype(&::name), type(*) parameters>::value, #name " is declared differently in OpenSSL's header");
FERRULE_OPENSSL_FUNCTIONS(FERRULE_CHECK)
#if OPENSSL_VERSION_NUMBER >= 0x30200000L
FERRULE_OPENSSL_OPTIONAL(FERRULE_CHECK)
#endif
#undef FERRULE_CHECK
