// The constants of OpenSSL 3 that ferrule uses; openssl_check.cpp compares them with the real headers.
#pragma once

namespace ferrule {

// Constants, under the names that OpenSSL gives them.
#define FERRULE_OPENSSL_CONSTANTS(C)          \
  C(SSL_ERROR_SSL, 1)                               \
  C(SSL_ERROR_WANT_READ, 2)                         \
  C(SSL_ERROR_WANT_WRITE, 3)                        \
  C(SSL_ERROR_WANT_X509_LOOKUP, 4)                  \
  C(SSL_ERROR_SYSCALL, 5)                           \
  C(SSL_ERROR_ZERO_RETURN, 6)                       \
  C(SSL_ERROR_WANT_RETRY_VERIFY, 12)                \
  C(SSL_VERIFY_NONE, 0)                             \
  C(SSL_VERIFY_PEER, 1)                             \
  C(SSL_CTRL_MODE, 33)                              \
  C(SSL_CTRL_CLEAR_MODE, 78)                        \
  C(SSL_CTRL_SET_SESS_CACHE_MODE, 44)               \
  C(SSL_CTRL_SET_MAX_CERT_LIST, 51)                 \
  C(SSL_CTRL_SET_TLSEXT_HOSTNAME, 55)               \
  C(SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB, 63)          \
  C(SSL_CTRL_SET_TLSEXT_STATUS_REQ_TYPE, 65)        \
  C(SSL_CTRL_GET_TLSEXT_STATUS_REQ_OCSP_RESP, 70)   \
  C(SSL_CTRL_SET_GROUPS_LIST, 92)                   \
  C(SSL_CTRL_CLEAR_CERT_FLAGS, 100)                 \
  C(SSL_CTRL_SET_VERIFY_CERT_STORE, 106)            \
  C(SSL_CTRL_SET_CHAIN_CERT_STORE, 107)             \
  C(SSL_CTRL_GET_MIN_PROTO_VERSION, 130)            \
  C(SSL_CTRL_GET_MAX_PROTO_VERSION, 131)            \
  C(SSL_CTRL_SET_SIGALGS_LIST, 98)                  \
  C(SSL_CTRL_SET_CLIENT_SIGALGS_LIST, 102)          \
  C(SSL_CTRL_GET_CLIENT_CERT_TYPES, 103)            \
  C(SSL_CTRL_SET_MIN_PROTO_VERSION, 123)            \
  C(SSL_CTRL_SET_MAX_PROTO_VERSION, 124)            \
  C(SSL_CTRL_GET_EXTMS_SUPPORT, 122)                \
  C(SSL_CTRL_SET_RETRY_VERIFY, 136)                 \
  C(SSL_MODE_ENABLE_PARTIAL_WRITE, 1)               \
  C(SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER, 2)         \
  C(SSL_MODE_NO_AUTO_CHAIN, 8)                      \
  C(SSL_MODE_RELEASE_BUFFERS, 16)                   \
  C(SSL_SESS_CACHE_OFF, 0)                          \
  C(SSL_SESS_CACHE_CLIENT, 1)                       \
  C(SSL_SESS_CACHE_NO_INTERNAL, 0x300)              \
  C(TLSEXT_NAMETYPE_host_name, 0)                   \
  C(TLSEXT_STATUSTYPE_ocsp, 1)                      \
  C(TLSEXT_TYPE_signed_certificate_timestamp, 18)   \
  C(SSL_EXT_CLIENT_HELLO, 0x80)                     \
  C(SSL_EXT_TLS1_2_SERVER_HELLO, 0x100)             \
  C(SSL_EXT_TLS1_3_CERTIFICATE, 0x1000)             \
  C(TLS1_2_VERSION, 0x303)                          \
  C(TLS1_3_VERSION, 0x304)                          \
  C(SSL3_RT_CHANGE_CIPHER_SPEC, 20)                 \
  C(SSL3_RT_ALERT, 21)                              \
  C(SSL3_RT_HANDSHAKE, 22)                          \
  C(SSL3_RT_APPLICATION_DATA, 23)                   \
  C(SSL3_RT_HEADER, 256)                            \
  C(SSL3_RT_INNER_CONTENT_TYPE, 257)                \
  C(SSL_SENT_SHUTDOWN, 1)                           \
  C(SSL_KEY_UPDATE_NOT_REQUESTED, 0)                \
  C(SSL_KEY_UPDATE_REQUESTED, 1)                    \
  C(ERR_LIB_SSL, 20)                                \
  C(SSL_R_CERTIFICATE_VERIFY_FAILED, 134)           \
  C(SSL_R_PROTOCOL_IS_SHUTDOWN, 207)                \
  C(SSL_AD_REASON_OFFSET, 1000)                     \
  C(BIO_TYPE_SOURCE_SINK, 0x400)                    \
  C(BIO_CTRL_EOF, 2)                                \
  C(BIO_CTRL_INFO, 3)                               \
  C(BIO_CTRL_FLUSH, 11)                             \
  C(BIO_FLAGS_READ, 1)                              \
  C(BIO_FLAGS_WRITE, 2)                             \
  C(BIO_FLAGS_SHOULD_RETRY, 8)                      \
  C(X509_V_OK, 0)                                   \
  C(X509_V_ERR_UNSPECIFIED, 1)                      \
  C(X509_V_ERR_UNABLE_TO_GET_CRL, 3)                \
  C(X509_V_ERR_CERT_CHAIN_TOO_LONG, 22)             \
  C(X509_V_ERR_CERT_REVOKED, 23)                    \
  C(X509_V_ERR_CERT_REJECTED, 28)                   \
  C(X509_V_ERR_INVALID_PURPOSE, 26)                 \
  C(X509_V_ERR_KEYUSAGE_NO_DIGITAL_SIGNATURE, 39)   \
  C(KU_DIGITAL_SIGNATURE, 128)                      \
  C(EXFLAG_INVALID, 0x80)                           \
  C(X509_V_ERR_INVALID_EXTENSION, 41)               \
  C(X509_V_ERR_APPLICATION_VERIFICATION, 50)        \
  C(X509_V_ERR_OCSP_VERIFY_NEEDED, 73)              \
  C(X509_V_ERR_OCSP_VERIFY_FAILED, 74)              \
  C(X509_V_ERR_OCSP_CERT_UNKNOWN, 75)               \
  C(X509_V_ERR_CRL_NOT_YET_VALID, 11)            \
  C(X509_V_ERR_CRL_HAS_EXPIRED, 12)              \
  C(X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, 34) \
  C(X509_V_ERR_INVALID_POLICY_EXTENSION, 42)     \
  C(X509_V_ERR_NO_EXPLICIT_POLICY, 43)           \
  C(X509_V_ERR_EXCLUDED_VIOLATION, 48)           \
  C(X509_V_ERR_UNSUPPORTED_NAME_SYNTAX, 53)      \
  C(X509_PCY_TREE_FAILURE, -2)                   \
  C(EXFLAG_SI, 0x20)                             \
  C(X509_V_FLAG_USE_CHECK_TIME, 2)               \
  C(X509_V_FLAG_X509_STRICT, 0x20)               \
  C(X509_V_FLAG_EXTENDED_CRL_SUPPORT, 0x1000)    \
  C(TLSEXT_TYPE_status_request, 5)               \
  C(X509_V_ERR_HOSTNAME_MISMATCH, 62)               \
  C(X509_V_ERR_IP_ADDRESS_MISMATCH, 64)             \
  C(X509_V_ERR_PATHLEN_INVALID_FOR_NON_CA, 80)      \
  C(X509_V_ERR_EXTENSIONS_REQUIRE_VERSION_3, 93)    \
  C(NID_any_policy, 746)                            \
  C(NID_tlsfeature, 1020)                        \
  C(NID_id_qt_cps, 164)                          \
  C(NID_id_qt_unotice, 165)                      \
  C(NID_delta_crl, 140)                          \
  C(NID_issuing_distribution_point, 770)         \
  C(NID_name_constraints, 666)                   \
  C(NID_crl_distribution_points, 103)            \
  C(NID_certificate_policies, 89)                \
  C(NID_policy_constraints, 401)                 \
  C(X509_V_FLAG_CRL_CHECK, 4)                       \
  C(X509_V_FLAG_CRL_CHECK_ALL, 8)                   \
  C(X509_V_FLAG_TRUSTED_FIRST, 0x8000)              \
  C(X509_V_FLAG_PARTIAL_CHAIN, 0x80000)             \
  C(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, 4)        \
  C(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, 32)        \
  C(XN_FLAG_RFC2253, 0x1110317)                     \
  C(NID_subject_alt_name, 85)                       \
  C(NID_sha1, 64)                                   \
  C(NID_md5, 4)                                     \
  C(GEN_DNS, 2)                                     \
  C(GEN_IPADD, 7)                                   \
  C(OCSP_RESPONSE_STATUS_SUCCESSFUL, 0)             \
  C(V_OCSP_CERTSTATUS_GOOD, 0)                      \
  C(V_OCSP_CERTSTATUS_REVOKED, 1)                   \
  C(OCSP_TRUSTOTHER, 0x200)                         \
  C(OCSP_NOEXPLICIT, 0x20)                          \
  C(OCSP_PARTIAL_CHAIN, 0x1000)                     \
  C(NID_kx_ecdhe, 1038)                             \
  C(NID_kx_any, 1063)

// Their value is in `k::`, so that a translation unit that includes OpenSSL's macros can still name them by token pasting.
namespace k {
#define FERRULE_CONSTANT(name, value) constexpr int name##_ = value;
FERRULE_OPENSSL_CONSTANTS(FERRULE_CONSTANT)
#undef FERRULE_CONSTANT
}  // namespace k
#define K(name) ::ferrule::k::name##_

}  // namespace ferrule
