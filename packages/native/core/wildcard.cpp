#include "wildcard.h"

#include <algorithm>
#include <string>

namespace ferrule {
namespace {

bool sameLetter(char a, char b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return lower(a) == lower(b);
}

bool isWildcardFor(const ASN1_STRING* name, const std::string& parent) {
  const uint8_t* bytes = ossl().ASN1_STRING_get0_data(name);
  const std::string text(bytes, bytes + ossl().ASN1_STRING_length(name));
  return text.size() == parent.size() + 1 && text[0] == '*' && std::equal(parent.begin(), parent.end(), text.begin() + 1, sameLetter);
}

}  // namespace

bool isUnderWildcard(const X509* certificate, const char* host) {
  const std::string name = host == nullptr ? "" : host;
  const size_t dot = name.find('.');
  // RFC 9525 section 6.3: a whole label, followed by at least two, as in OpenSSL and the pure engine.
  if (dot == std::string::npos || name.find('.', dot + 1) == std::string::npos) return false;
  auto* names = static_cast<OPENSSL_STACK*>(ossl().X509_get_ext_d2i(certificate, K(NID_subject_alt_name), nullptr, nullptr));
  bool covers = false;
  for (int i = 0; i < ossl().OPENSSL_sk_num(names); i++) {
    int type = 0;
    const void* value = ossl().GENERAL_NAME_get0_value(static_cast<const GENERAL_NAME*>(ossl().OPENSSL_sk_value(names, i)), &type);
    covers = covers || (type == K(GEN_DNS) && isWildcardFor(static_cast<const ASN1_STRING*>(value), name.substr(dot)));
  }
  ossl().GENERAL_NAMES_free(reinterpret_cast<struct stack_st_GENERAL_NAME*>(names));
  return covers;
}

}  // namespace ferrule
