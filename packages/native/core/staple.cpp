#include "staple.h"

#include <algorithm>
#include <initializer_list>
#include <memory>

#include "chain.h"
#include "strength.h"
#include "times.h"

namespace ferrule {
namespace {

struct Freed {
  void operator()(OCSP_BASICRESP* response) const { ossl().OCSP_BASICRESP_free(response); }
};
using Response = std::unique_ptr<OCSP_BASICRESP, Freed>;

// Null if it is not a successful basic response, or has trailing bytes.
Response read(const uint8_t* der, size_t size) {
  const uint8_t* at = der;
  OCSP_RESPONSE* response = ossl().d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(size));
  const bool successful = response != nullptr && at == der + size && ossl().OCSP_response_status(response) == K(OCSP_RESPONSE_STATUS_SUCCESSFUL);
  Response basic(successful ? ossl().OCSP_response_get1_basic(response) : nullptr);
  ossl().OCSP_RESPONSE_free(response);
  return basic;
}

struct Status {
  explicit Status(OCSP_SINGLERESP* single) { code = ossl().OCSP_single_get0_status(single, nullptr, &revoked, &thisUpdate, &nextUpdate); }
  int code;
  ASN1_GENERALIZEDTIME* revoked = nullptr;
  ASN1_GENERALIZEDTIME* thisUpdate = nullptr;
  ASN1_GENERALIZEDTIME* nextUpdate = nullptr;
};

// RFC 6960 section 4.2.1: v1, which DER omits, is the only version. OpenSSL does not expose it; it would be the first
// element.
bool isFirstVersion(const OCSP_BASICRESP* response) {
  unsigned char* der = nullptr;
  const int size = ossl().i2d_OCSP_RESPDATA(const_cast<OCSP_RESPDATA*>(ossl().OCSP_resp_get0_respdata(response)), &der);
  const int header = size < 2 ? 0 : der[1] < 0x80 ? 2 : 2 + (der[1] & 0x7f);
  const bool told = header + 5 <= size && der[header] == 0xa0;
  const bool first = size > 0 && (!told || (der[header + 1] == 3 && der[header + 2] == 2 && der[header + 3] == 1 && der[header + 4] == 0));
  ossl().CRYPTO_free(der, "ferrule", 0);
  return first;
}

// Times as in RFC 5280 section 4.1.2.5.2; section 4.4: no critical extension is supported.
bool isUnderstood(OCSP_BASICRESP* response) {
  if (!isFirstVersion(response) || !isTime(ossl().OCSP_resp_get0_produced_at(response))) return false;
  if (ossl().OCSP_BASICRESP_get_ext_by_critical(response, 1, -1) >= 0) return false;
  for (int i = 0; i < ossl().OCSP_resp_count(response); i++) {
    OCSP_SINGLERESP* single = ossl().OCSP_resp_get0(response, i);
    const Status status(single);
    if (ossl().OCSP_SINGLERESP_get_ext_by_critical(single, 1, -1) >= 0 || !isTime(status.thisUpdate)) return false;
    if ((status.nextUpdate != nullptr && !isTime(status.nextUpdate)) || (status.revoked != nullptr && !isTime(status.revoked))) return false;
  }
  return true;
}

// Limit of certificates considered from a response, as in the pure engine.
constexpr int kMostDelegates = 16;

// A stack that owns nothing.
struct Stack {
  explicit Stack(std::initializer_list<X509*> certificates) : list(ossl().OPENSSL_sk_new_null()) {
    for (X509* certificate : certificates) ossl().OPENSSL_sk_push(list, certificate);
  }
  ~Stack() { ossl().OPENSSL_sk_free(list); }
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;
  struct stack_st_X509* certificates() const { return reinterpret_cast<struct stack_st_X509*>(list); }
  OPENSSL_STACK* list;
};

// RFC 6960 section 4.2.2.2: the response is signed by the issuer or its delegated responder, with a key that may sign.
// OpenSSL would use the first certificate with the responder's name or key, whoever issued it.
bool signedByIssuer(OCSP_BASICRESP* response, X509* issuer, time_t now, int level) {
  if (!hasStrongHash(ossl().OCSP_resp_get0_tbs_sigalg(response), level)) return false;
  const std::unique_ptr<X509_STORE, void (*)(X509_STORE*)> store(ossl().X509_STORE_new(), ossl().X509_STORE_free);
  ossl().X509_STORE_add_cert(store.get(), issuer);
  X509_VERIFY_PARAM* param = ossl().X509_STORE_get0_param(store.get());
  ossl().X509_VERIFY_PARAM_set_time(param, now);
  ossl().X509_VERIFY_PARAM_set_auth_level(param, level);
  const auto verifies = [&](X509* signer, long more) {
    const Stack alone({signer});
    const auto flags = static_cast<unsigned long>(K(OCSP_NOINTERN) | K(OCSP_NOEXPLICIT) | K(OCSP_PARTIAL_CHAIN) | more);
    return ossl().OCSP_basic_verify(response, alone.certificates(), store.get(), flags) == 1;
  };
  const Stack itself({issuer});
  X509* named = nullptr;
  if (ossl().OCSP_resp_get0_signer(response, &named, itself.certificates()) == 1 && named == issuer) return verifies(issuer, K(OCSP_TRUSTOTHER));
  const auto* sent = reinterpret_cast<const OPENSSL_STACK*>(ossl().OCSP_resp_get0_certs(response));
  for (int i = 0; i < std::min(ossl().OPENSSL_sk_num(sent), kMostDelegates); i++) {
    auto* delegate = static_cast<X509*>(ossl().OPENSSL_sk_value(sent, i));
    const Stack path({delegate, issuer});
    const bool maySign = (ossl().X509_get_key_usage(delegate) & static_cast<uint32_t>(K(KU_DIGITAL_SIGNATURE))) != 0;
    if (maySign && verifies(delegate, 0) && judgePath(path.list, false).code == K(X509_V_OK)) return true;
  }
  return false;
}

// Hashes of issuers, RFC 5019 section 2.1.1 and RFC 6960 section 4.3. Not MD5.
bool isHashOfNames(int nid) { return nid == K(NID_sha1) || nid == K(NID_sha256) || nid == K(NID_sha384) || nid == K(NID_sha512); }

bool concerns(const OCSP_CERTID* id, X509* leaf, X509* issuer) {
  ASN1_OBJECT* algorithm = nullptr;
  ossl().OCSP_id_get0_info(nullptr, &algorithm, nullptr, nullptr, const_cast<OCSP_CERTID*>(id));
  const int nid = algorithm == nullptr ? K(NID_undef) : ossl().OBJ_obj2nid(algorithm);
  const EVP_MD* hash = isHashOfNames(nid) ? ossl().EVP_get_digestbyname(ossl().OBJ_nid2sn(nid)) : nullptr;
  OCSP_CERTID* ours = hash == nullptr ? nullptr : ossl().OCSP_cert_to_id(hash, leaf, issuer);
  const bool same = ours != nullptr && ossl().OCSP_id_cmp(id, ours) == 0;
  ossl().OCSP_CERTID_free(ours);
  return same;
}

}  // namespace

long judgeResponse(const uint8_t* der, size_t size, X509* leaf, X509* issuer, time_t now, int level) {
  const Response response = read(der, size);
  if (response == nullptr || !isUnderstood(response.get()) || !signedByIssuer(response.get(), issuer, now, level)) return K(X509_V_ERR_OCSP_VERIFY_FAILED);
  for (int i = 0; i < ossl().OCSP_resp_count(response.get()); i++) {
    OCSP_SINGLERESP* single = ossl().OCSP_resp_get0(response.get(), i);
    if (!concerns(ossl().OCSP_SINGLERESP_get0_id(single), leaf, issuer)) continue;
    const Status status(single);
    const bool holds = status.nextUpdate != nullptr ? stillHolds(status.nextUpdate, now) : ossl().ASN1_TIME_cmp_time_t(status.thisUpdate, now - clocks::longestResponse) >= 0;
    if (!hasBegun(status.thisUpdate, now) || !holds) return K(X509_V_ERR_OCSP_VERIFY_FAILED);
    if (status.code == K(V_OCSP_CERTSTATUS_GOOD)) return K(X509_V_OK);
    return status.code == K(V_OCSP_CERTSTATUS_REVOKED) ? K(X509_V_ERR_CERT_REVOKED) : K(X509_V_ERR_OCSP_CERT_UNKNOWN);
  }
  return K(X509_V_ERR_OCSP_VERIFY_FAILED);
}

std::vector<int64_t> endsOfResponse(const std::vector<uint8_t>& der, const X509* leaf) {
  std::vector<int64_t> ends;
  const Response response = read(der.data(), der.size());
  if (response == nullptr) return ends;
  for (int i = 0; i < ossl().OCSP_resp_count(response.get()); i++) {
    OCSP_SINGLERESP* single = ossl().OCSP_resp_get0(response.get(), i);
    ASN1_INTEGER* serial = nullptr;
    ossl().OCSP_id_get0_info(nullptr, nullptr, nullptr, &serial, const_cast<OCSP_CERTID*>(ossl().OCSP_SINGLERESP_get0_id(single)));
    if (leaf != nullptr && ossl().ASN1_INTEGER_cmp(serial, ossl().X509_get0_serialNumber(leaf)) != 0) continue;
    const Status status(single);
    const int64_t begin = secondsOf(status.thisUpdate);
    ends.push_back(status.nextUpdate != nullptr ? secondsOf(status.nextUpdate) : begin == 0 ? 0 : begin + clocks::longestResponse);
  }
  const auto* certificates = reinterpret_cast<const OPENSSL_STACK*>(ossl().OCSP_resp_get0_certs(response.get()));
  for (int i = 0; i < ossl().OPENSSL_sk_num(certificates); i++) {
    ends.push_back(secondsOf(ossl().X509_get0_notAfter(static_cast<const X509*>(ossl().OPENSSL_sk_value(certificates, i)))));
  }
  return ends;
}

}  // namespace ferrule
