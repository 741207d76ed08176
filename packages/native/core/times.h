// Validity of lists and responses, by the clock of a connection.
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

// The same of a time; up to a second early, since the clock is read twice. 0 if unreadable.
inline int64_t secondsOf(const ASN1_TIME* time) {
  const int64_t now = std::time(nullptr);
  int days = 0;
  int seconds = 0;
  if (time == nullptr || ossl().ASN1_TIME_diff(&days, &seconds, nullptr, time) != 1) return 0;
  return now + int64_t{86400} * days + seconds;
}

// RFC 5280 section 4.1.2.5: UTCTime as YYMMDDHHMMSSZ, GeneralizedTime as YYYYMMDDHHMMSSZ. OpenSSL's comparison accepts
// more forms.
inline bool isTime(const ASN1_TIME* time) {
  constexpr int kUtcTime = 23;
  const int length = ossl().ASN1_STRING_type(time) == kUtcTime ? 13 : 15;
  const bool whole = ossl().ASN1_STRING_length(time) == length && ossl().ASN1_STRING_get0_data(time)[length - 1] == 'Z';
  return whole && ossl().ASN1_TIME_cmp_time_t(time, 0) != -2;
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
