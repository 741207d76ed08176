// Whether lists and responses hold, by the clock of a connection.
#pragma once

#include <ctime>

#include "numbers.h"
#include "openssl.h"

namespace ferrule {

// Seconds since the epoch.
inline time_t timeOf(X509_STORE_CTX* store) {
  const X509_VERIFY_PARAM* param = ossl().X509_STORE_CTX_get0_param(store);
  const bool given = (ossl().X509_VERIFY_PARAM_get_flags(param) & static_cast<unsigned long>(K(X509_V_FLAG_USE_CHECK_TIME))) != 0;
  return given ? ossl().X509_VERIFY_PARAM_get_time(param) : std::time(nullptr);
}

// ASN1_TIME_cmp_time_t(3): -2 is "no time".
inline bool hasBegun(const ASN1_TIME* time, time_t now) {
  const int order = time == nullptr ? -2 : ossl().ASN1_TIME_cmp_time_t(time, now + clocks::skew);
  return order == -1 || order == 0;
}

inline bool stillHolds(const ASN1_TIME* time, time_t now) {
  const int order = time == nullptr ? -2 : ossl().ASN1_TIME_cmp_time_t(time, now - clocks::skew);
  return order == 0 || order == 1;
}

}  // namespace ferrule
