#include "concerned.h"

namespace ferrule {
namespace {

// RFC 4514, but with non-ASCII characters unescaped.
std::string nameOf(const X509_NAME* name) {
  BIO* out = ossl().BIO_new(ossl().BIO_s_mem());
  ossl().X509_NAME_print_ex(out, name, 0, static_cast<unsigned long>(K(XN_FLAG_RFC2253) & ~K(ASN1_STRFLGS_ESC_MSB)));
  char* data = nullptr;
  const long size = ossl().BIO_ctrl(out, K(BIO_CTRL_INFO), 0, &data);
  std::string text(data, static_cast<size_t>(size < 0 ? 0 : size));
  ossl().BIO_free(out);
  return text;
}

Bytes octetsOf(const ASN1_STRING* string) {
  const uint8_t* data = ossl().ASN1_STRING_get0_data(string);
  return Bytes(data, data + ossl().ASN1_STRING_length(string));
}

std::string timeOf(const ASN1_TIME* time) {
  const Bytes text = octetsOf(time);
  return std::string(text.begin(), text.end());
}

// RFC 5280 section 4.2.2.1: the URL of the issuer's certificate; empty if absent.
Bytes issuerUrlOf(const X509* certificate) {
  Bytes url;
  auto* descriptions = static_cast<OPENSSL_STACK*>(ossl().X509_get_ext_d2i(certificate, K(NID_info_access), nullptr, nullptr));
  for (int i = 0; url.empty() && i < ossl().OPENSSL_sk_num(descriptions); i++) {
    const auto* description = static_cast<const AccessDescription*>(ossl().OPENSSL_sk_value(descriptions, i));
    int type = 0;
    const void* value = ossl().GENERAL_NAME_get0_value(description->location, &type);
    if (type == K(GEN_URI) && ossl().OBJ_obj2nid(description->method) == K(NID_ad_ca_issuers)) url = octetsOf(static_cast<const ASN1_STRING*>(value));
  }
  ossl().AUTHORITY_INFO_ACCESS_free(reinterpret_cast<struct stack_st_ACCESS_DESCRIPTION*>(descriptions));
  return url;
}

}  // namespace

ConcernedCertificate concernedCertificate(const X509* certificate, bool trusted) {
  return {nameOf(ossl().X509_get_subject_name(certificate)), nameOf(ossl().X509_get_issuer_name(certificate)), issuerUrlOf(certificate),
          timeOf(ossl().X509_get0_notBefore(certificate)),   timeOf(ossl().X509_get0_notAfter(certificate)),   trusted};
}

std::vector<PeerName> hostNames(const X509* certificate) {
  std::vector<PeerName> names;
  auto* alternatives = static_cast<OPENSSL_STACK*>(ossl().X509_get_ext_d2i(certificate, K(NID_subject_alt_name), nullptr, nullptr));
  for (int i = 0; i < ossl().OPENSSL_sk_num(alternatives); i++) {
    int type = 0;
    const void* value = ossl().GENERAL_NAME_get0_value(static_cast<const GENERAL_NAME*>(ossl().OPENSSL_sk_value(alternatives, i)), &type);
    if (type == K(GEN_DNS) || type == K(GEN_IPADD)) names.push_back({type == K(GEN_IPADD), octetsOf(static_cast<const ASN1_STRING*>(value))});
  }
  ossl().GENERAL_NAMES_free(reinterpret_cast<struct stack_st_GENERAL_NAME*>(alternatives));
  return names;
}

}  // namespace ferrule
