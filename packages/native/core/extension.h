// Extensions of certificates, as OpenSSL decodes them.
#pragma once

#include "openssl.h"

namespace ferrule {

inline bool hasExtension(const X509* certificate, long nid) { return ossl().X509_get_ext_by_NID(certificate, static_cast<int>(nid), -1) >= 0; }

// A decoded extension. Null, with `unreadable` set if it is malformed or present twice.
template <typename T>
T* decoded(const X509* certificate, long nid, bool* critical, bool* unreadable) {
  int found = -1;
  T* value = static_cast<T*>(ossl().X509_get_ext_d2i(certificate, static_cast<int>(nid), &found, nullptr));
  *critical = found == 1;
  *unreadable = value == nullptr && found != -1;
  return value;
}

}  // namespace ferrule
