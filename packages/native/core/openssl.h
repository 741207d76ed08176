// The part of OpenSSL 3 that ferrule uses: types, constants and a table of functions that is filled when the addon loads.
//
// Nothing is copied from OpenSSL's headers or linked: only Node and a compiler are needed to build this.
// openssl-check.cpp compares every declaration with the real headers wherever those are present.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>

#include "constants.h"

extern "C" {
typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;
typedef struct ssl_method_st SSL_METHOD;
typedef struct ssl_cipher_st SSL_CIPHER;
typedef struct ssl_session_st SSL_SESSION;
typedef struct bio_st BIO;
typedef struct bio_method_st BIO_METHOD;
typedef struct x509_st X509;
typedef struct X509_name_st X509_NAME;
typedef struct X509_name_entry_st X509_NAME_ENTRY;
typedef struct X509_crl_st X509_CRL;
typedef struct X509_pubkey_st X509_PUBKEY;
typedef struct x509_store_st X509_STORE;
typedef struct x509_store_ctx_st X509_STORE_CTX;
typedef struct X509_VERIFY_PARAM_st X509_VERIFY_PARAM;
typedef struct evp_pkey_st EVP_PKEY;
typedef struct evp_md_st EVP_MD;
typedef struct asn1_string_st ASN1_STRING;
typedef struct asn1_string_st ASN1_TIME;
typedef struct asn1_string_st ASN1_GENERALIZEDTIME;
typedef struct asn1_string_st ASN1_INTEGER;
typedef struct asn1_string_st ASN1_OCTET_STRING;
typedef struct asn1_string_st ASN1_BIT_STRING;
typedef struct asn1_object_st ASN1_OBJECT;
typedef struct GENERAL_NAME_st GENERAL_NAME;
typedef struct ocsp_response_st OCSP_RESPONSE;
typedef struct ocsp_basic_response_st OCSP_BASICRESP;
typedef struct ocsp_single_response_st OCSP_SINGLERESP;
typedef struct ocsp_response_data_st OCSP_RESPDATA;
typedef struct ocsp_cert_id_st OCSP_CERTID;
typedef struct PKCS12_st PKCS12;
typedef struct pkcs8_priv_key_info_st PKCS8_PRIV_KEY_INFO;
typedef struct POLICY_MAPPING_st POLICY_MAPPING;
typedef struct POLICY_CONSTRAINTS_st POLICY_CONSTRAINTS;
typedef struct X509_algor_st X509_ALGOR;
typedef struct x509_revoked_st X509_REVOKED;
typedef struct NAME_CONSTRAINTS_st NAME_CONSTRAINTS;
typedef struct ISSUING_DIST_POINT_st ISSUING_DIST_POINT;
typedef struct X509_extension_st X509_EXTENSION;
typedef struct rsa_pss_params_st RSA_PSS_PARAMS;
typedef struct ossl_lib_ctx_st OSSL_LIB_CTX;
typedef struct ossl_provider_st OSSL_PROVIDER;
typedef struct ossl_param_st OSSL_PARAM;
typedef struct stack_st OPENSSL_STACK;
typedef struct engine_st ENGINE;
struct stack_st_X509;
struct stack_st_ASN1_INTEGER;
struct stack_st_GENERAL_NAME;
struct stack_st_DIST_POINT;
struct stack_st_ACCESS_DESCRIPTION;
struct stack_st_POLICYINFO;
struct stack_st_X509_NAME;
struct stack_st_X509_REVOKED;
struct stack_st_SSL_CIPHER;
typedef int ferrule_pem_password_cb(char*, int, int, void*);
}

namespace ferrule {

// 64-bit option bits, SSL_CTX_set_options(3).
constexpr uint64_t kOpNoRenegotiation = uint64_t{1} << 30;
constexpr uint64_t kOpNoCompression = uint64_t{1} << 17;
constexpr uint64_t kOpLegacyServerConnect = uint64_t{1} << 2;
constexpr uint64_t kOpNoTicket = uint64_t{1} << 14;
constexpr uint64_t kOpMiddleboxCompat = uint64_t{1} << 20;
// Named for servers; on a client it gives its own order of signature algorithms precedence (tls1_set_shared_sigalgs in
// t1_lib.c).
constexpr uint64_t kOpOwnPreference = uint64_t{1} << 22;
// OpenSSL 3.2 and later.
constexpr uint64_t kOpNoTxCertificateCompression = uint64_t{1} << 32;
constexpr uint64_t kOpNoRxCertificateCompression = uint64_t{1} << 33;

// Structures of decoded extensions (x509v3.h), the parts that are read. Lists are stacks of the struct below.
struct PolicyQualifier {
  ASN1_OBJECT* id;
};
struct PolicyInformation {
  ASN1_OBJECT* id;
  OPENSSL_STACK* qualifiers;
};
struct PolicyMapping {
  ASN1_OBJECT* issuerPolicy;
  ASN1_OBJECT* subjectPolicy;
};
struct PolicyConstraints {
  ASN1_INTEGER* requireExplicitPolicy;
  ASN1_INTEGER* inhibitPolicyMapping;
};
struct AnyValue {
  int tag;
  ASN1_STRING* string;  // of a string type
};
struct OtherName {
  ASN1_OBJECT* type;
  AnyValue* value;
};
struct AccessDescription {
  ASN1_OBJECT* method;
  GENERAL_NAME* location;
};
struct GeneralSubtree {
  GENERAL_NAME* base;
  ASN1_INTEGER* minimum;
  ASN1_INTEGER* maximum;
};
struct NameConstraints {
  OPENSSL_STACK* permitted;
  OPENSSL_STACK* excluded;
};
struct DistributionPointName {
  static constexpr int kFull = 0;
  int type;
  OPENSSL_STACK* names;  // of a full one
};
struct DistributionPoint {
  DistributionPointName* name;
};
struct IssuingDistributionPoint {
  DistributionPointName* name;
  int onlyUser;
  int onlyCa;
  void* someReasons;
  int indirect;
  int onlyAttributes;
};
struct PssParameters {
  X509_ALGOR* hash;
};

// SSL_CTX_add_custom_ext(3).
typedef int (*CustomExtAdd)(SSL*, unsigned int, unsigned int, const unsigned char**, size_t*, X509*, size_t, int*, void*);
typedef void (*CustomExtFree)(SSL*, unsigned int, unsigned int, const unsigned char*, void*);
typedef int (*CustomExtParse)(SSL*, unsigned int, unsigned int, const unsigned char*, size_t, X509*, size_t, int*, void*);

// SSL_CTX_set_psk_use_session_callback(3).
typedef int (*PskUseSession)(SSL*, const EVP_MD*, const unsigned char**, size_t*, SSL_SESSION**);

// F(return type, name, parameters): every function that is called. A host that lacks one is refused with its name.
#define FERRULE_OPENSSL_FUNCTIONS(F)                                                                         \
  F(unsigned long, OpenSSL_version_num, (void))                                                     \
  F(const char*, OpenSSL_version, (int))                                                            \
  F(void, OPENSSL_cleanse, (void*, size_t))                                                         \
  F(void, CRYPTO_free, (void*, const char*, int))                                                   \
  F(unsigned long, ERR_get_error_all, (const char**, int*, const char**, const char**, int*))       \
  F(unsigned long, ERR_peek_error, (void))                                                          \
  F(void, ERR_clear_error, (void))                                                                  \
  F(void, ERR_error_string_n, (unsigned long, char*, size_t))                                       \
  F(OSSL_LIB_CTX*, OSSL_LIB_CTX_new, (void))                                                        \
  F(void, OSSL_LIB_CTX_free, (OSSL_LIB_CTX*))                                                       \
  F(OSSL_PROVIDER*, OSSL_PROVIDER_load, (OSSL_LIB_CTX*, const char*))                               \
  F(int, OSSL_PROVIDER_unload, (OSSL_PROVIDER*))                                                    \
  F(int, OSSL_PROVIDER_do_all, (OSSL_LIB_CTX*, int (*)(OSSL_PROVIDER*, void*), void*))              \
  F(int, OSSL_PROVIDER_get_capabilities, (const OSSL_PROVIDER*, const char*, int (*)(const OSSL_PARAM*, void*), void*)) \
  F(const OSSL_PARAM*, OSSL_PARAM_locate_const, (const OSSL_PARAM*, const char*))                   \
  F(int, OSSL_PARAM_get_uint, (const OSSL_PARAM*, unsigned int*))                                   \
  F(int, OSSL_PARAM_get_int, (const OSSL_PARAM*, int*))                                             \
  F(int, OSSL_PARAM_get_utf8_string_ptr, (const OSSL_PARAM*, const char**))                         \
  F(int, OPENSSL_sk_num, (const OPENSSL_STACK*))                                                    \
  F(void*, OPENSSL_sk_value, (const OPENSSL_STACK*, int))                                           \
  F(OPENSSL_STACK*, OPENSSL_sk_new_null, (void))                                                    \
  F(int, OPENSSL_sk_push, (OPENSSL_STACK*, const void*))                                            \
  F(void, OPENSSL_sk_free, (OPENSSL_STACK*))                                                        \
  F(void, OPENSSL_sk_pop_free, (OPENSSL_STACK*, void (*)(void*)))                                   \
  F(int, BIO_get_new_index, (void))                                                                 \
  F(BIO_METHOD*, BIO_meth_new, (int, const char*))                                                  \
  F(int, BIO_meth_set_write_ex, (BIO_METHOD*, int (*)(BIO*, const char*, size_t, size_t*)))         \
  F(int, BIO_meth_set_read_ex, (BIO_METHOD*, int (*)(BIO*, char*, size_t, size_t*)))                \
  F(int, BIO_meth_set_ctrl, (BIO_METHOD*, long (*)(BIO*, int, long, void*)))                        \
  F(int, BIO_meth_set_create, (BIO_METHOD*, int (*)(BIO*)))                                         \
  F(BIO*, BIO_new, (const BIO_METHOD*))                                                             \
  F(int, BIO_free, (BIO*))                                                                          \
  F(void, BIO_set_data, (BIO*, void*))                                                              \
  F(void*, BIO_get_data, (BIO*))                                                                    \
  F(void, BIO_set_init, (BIO*, int))                                                                \
  F(void, BIO_set_flags, (BIO*, int))                                                               \
  F(void, BIO_clear_flags, (BIO*, int))                                                             \
  F(const BIO_METHOD*, BIO_s_mem, (void))                                                           \
  F(long, BIO_ctrl, (BIO*, int, long, void*))                                                       \
  F(const SSL_METHOD*, TLS_client_method, (void))                                                   \
  F(const char*, OSSL_default_cipher_list, (void))                                                  \
  F(const char*, OSSL_default_ciphersuites, (void))                                                 \
  F(int, SSL_CIPHER_is_aead, (const SSL_CIPHER*))                                                   \
  F(int, SSL_CIPHER_get_kx_nid, (const SSL_CIPHER*))                                                \
  F(SSL_CTX*, SSL_CTX_new_ex, (OSSL_LIB_CTX*, const char*, const SSL_METHOD*))                      \
  F(void, SSL_CTX_free, (SSL_CTX*))                                                                 \
  F(long, SSL_CTX_ctrl, (SSL_CTX*, int, long, void*))                                               \
  F(long, SSL_CTX_callback_ctrl, (SSL_CTX*, int, void (*)(void)))                                   \
  F(uint64_t, SSL_CTX_set_options, (SSL_CTX*, uint64_t))                                            \
  F(uint64_t, SSL_CTX_clear_options, (SSL_CTX*, uint64_t))                                          \
  F(uint64_t, SSL_CTX_get_options, (const SSL_CTX*))                                                \
  F(int, SSL_CTX_get_security_level, (const SSL_CTX*))                                              \
  F(void, SSL_CTX_set0_CA_list, (SSL_CTX*, struct stack_st_X509_NAME*))                             \
  F(int, SSL_CTX_set_cipher_list, (SSL_CTX*, const char*))                                          \
  F(int, SSL_CTX_set_ciphersuites, (SSL_CTX*, const char*))                                         \
  F(struct stack_st_SSL_CIPHER*, SSL_CTX_get_ciphers, (const SSL_CTX*))                             \
  F(uint16_t, SSL_CIPHER_get_protocol_id, (const SSL_CIPHER*))                                      \
  F(const char*, SSL_CIPHER_get_name, (const SSL_CIPHER*))                                          \
  F(void, SSL_CTX_set_security_level, (SSL_CTX*, int))                                              \
  F(int, SSL_CTX_set_alpn_protos, (SSL_CTX*, const unsigned char*, unsigned int))                   \
  F(void, SSL_CTX_set_verify, (SSL_CTX*, int, int (*)(int, X509_STORE_CTX*)))                       \
  F(void, SSL_CTX_set_cert_verify_callback, (SSL_CTX*, int (*)(X509_STORE_CTX*, void*), void*))     \
  F(void, SSL_CTX_set_cert_cb, (SSL_CTX*, int (*)(SSL*, void*), void*))                             \
  F(void, SSL_CTX_set_cert_store, (SSL_CTX*, X509_STORE*))                                          \
  F(void, SSL_CTX_sess_set_new_cb, (SSL_CTX*, int (*)(SSL*, SSL_SESSION*)))                         \
  F(void, SSL_CTX_set_keylog_callback, (SSL_CTX*, void (*)(const SSL*, const char*)))               \
  F(void, SSL_CTX_set_msg_callback, (SSL_CTX*, void (*)(int, int, int, const void*, size_t, SSL*, void*))) \
  F(void, SSL_CTX_set_post_handshake_auth, (SSL_CTX*, int))                                         \
  F(int, SSL_CTX_set_block_padding, (SSL_CTX*, size_t))                                             \
  F(int, SSL_CTX_add_custom_ext, (SSL_CTX*, unsigned int, unsigned int, CustomExtAdd, CustomExtFree, void*, CustomExtParse, void*)) \
  F(SSL*, SSL_new, (SSL_CTX*))                                                                      \
  F(void, SSL_free, (SSL*))                                                                         \
  F(void, SSL_set_connect_state, (SSL*))                                                            \
  F(void, SSL_certs_clear, (SSL*))                                                                  \
  F(void, SSL_set_bio, (SSL*, BIO*, BIO*))                                                          \
  F(int, SSL_do_handshake, (SSL*))                                                                  \
  F(int, SSL_read_ex, (SSL*, void*, size_t, size_t*))                                               \
  F(int, SSL_write_ex, (SSL*, const void*, size_t, size_t*))                                        \
  F(int, SSL_write_early_data, (SSL*, const void*, size_t, size_t*))                                \
  F(int, SSL_get_early_data_status, (const SSL*))                                                   \
  F(int, SSL_shutdown, (SSL*))                                                                      \
  F(int, SSL_get_shutdown, (const SSL*))                                                            \
  F(int, SSL_get_error, (const SSL*, int))                                                          \
  F(int, SSL_pending, (const SSL*))                                                                 \
  F(int, SSL_version, (const SSL*))                                                                 \
  F(const char*, SSL_state_string_long, (const SSL*))                                               \
  F(long, SSL_ctrl, (SSL*, int, long, void*))                                                       \
  F(int, SSL_set_ex_data, (SSL*, int, void*))                                                       \
  F(void*, SSL_get_ex_data, (const SSL*, int))                                                      \
  F(int, SSL_get_ex_data_X509_STORE_CTX_idx, (void))                                                \
  F(X509_VERIFY_PARAM*, SSL_get0_param, (SSL*))                                                     \
  F(const SSL_CIPHER*, SSL_get_current_cipher, (const SSL*))                                        \
  F(const SSL_CIPHER*, SSL_get_pending_cipher, (const SSL*))                                        \
  F(void, SSL_get0_alpn_selected, (const SSL*, const unsigned char**, unsigned int*))               \
  F(X509*, SSL_get0_peer_certificate, (const SSL*))                                                 \
  F(struct stack_st_X509*, SSL_get_peer_cert_chain, (const SSL*))                                   \
  F(struct stack_st_X509*, SSL_get0_verified_chain, (const SSL*))                                   \
  F(int, SSL_session_reused, (const SSL*))                                                          \
  F(SSL_SESSION*, SSL_get_session, (const SSL*))                                                    \
  F(int, SSL_in_init, (const SSL*))                                                                 \
  F(int, SSL_key_update, (SSL*, int))                                                               \
  F(int, SSL_export_keying_material, (SSL*, unsigned char*, size_t, const char*, size_t, const unsigned char*, size_t, int)) \
  F(int, SSL_set_session, (SSL*, SSL_SESSION*))                                                     \
  F(const struct stack_st_X509_NAME*, SSL_get0_peer_CA_list, (const SSL*))                          \
  F(int, SSL_get_sigalgs, (SSL*, int, int*, int*, int*, unsigned char*, unsigned char*))            \
  F(int, SSL_get_shared_sigalgs, (SSL*, int, int*, int*, int*, unsigned char*, unsigned char*))     \
  F(int, SSL_use_cert_and_key, (SSL*, X509*, EVP_PKEY*, struct stack_st_X509*, int))                \
  F(int, i2d_SSL_SESSION, (const SSL_SESSION*, unsigned char**))                                    \
  F(SSL_SESSION*, d2i_SSL_SESSION, (SSL_SESSION**, const unsigned char**, long))                    \
  F(void, SSL_SESSION_free, (SSL_SESSION*))                                                         \
  F(const SSL_CIPHER*, SSL_SESSION_get0_cipher, (const SSL_SESSION*))                               \
  F(void, SSL_SESSION_get0_alpn_selected, (const SSL_SESSION*, const unsigned char**, size_t*))     \
  F(void, SSL_SESSION_get0_ticket, (const SSL_SESSION*, const unsigned char**, size_t*))              \
  F(SSL_SESSION*, SSL_SESSION_new, (void))                                                          \
  F(int, SSL_SESSION_set1_master_key, (SSL_SESSION*, const unsigned char*, size_t))                 \
  F(int, SSL_SESSION_set_cipher, (SSL_SESSION*, const SSL_CIPHER*))                                 \
  F(int, SSL_SESSION_set_protocol_version, (SSL_SESSION*, int))                                     \
  F(const SSL_CIPHER*, SSL_CIPHER_find, (SSL*, const unsigned char*))                               \
  F(void, SSL_CTX_set_psk_use_session_callback, (SSL_CTX*, PskUseSession))                          \
  F(int, EVP_MD_get_size, (const EVP_MD*))                                                          \
  F(int, SSL_SESSION_is_resumable, (const SSL_SESSION*))                                            \
  F(uint32_t, SSL_SESSION_get_max_early_data, (const SSL_SESSION*))                                 \
  F(unsigned long, SSL_SESSION_get_ticket_lifetime_hint, (const SSL_SESSION*))                      \
  F(long, SSL_SESSION_get_timeout, (const SSL_SESSION*))                                            \
  F(int, SSL_SESSION_get_protocol_version, (const SSL_SESSION*))                                    \
  F(X509*, d2i_X509, (X509**, const unsigned char**, long))                                         \
  F(int, i2d_X509, (const X509*, unsigned char**))                                                  \
  F(void, X509_free, (X509*))                                                                       \
  F(X509_NAME*, X509_get_subject_name, (const X509*))                                               \
  F(X509_NAME*, X509_get_issuer_name, (const X509*))                                                \
  F(int, X509_NAME_print_ex, (BIO*, const X509_NAME*, int, unsigned long))                          \
  F(int, X509_NAME_entry_count, (const X509_NAME*))                                                 \
  F(X509_NAME_ENTRY*, X509_NAME_get_entry, (const X509_NAME*, int))                                 \
  F(ASN1_OBJECT*, X509_NAME_ENTRY_get_object, (const X509_NAME_ENTRY*))                             \
  F(ASN1_STRING*, X509_NAME_ENTRY_get_data, (const X509_NAME_ENTRY*))                               \
  F(int, X509_NAME_ENTRY_set, (const X509_NAME_ENTRY*))                                             \
  F(int, ASN1_STRING_type, (const ASN1_STRING*))                                                    \
  F(int, i2d_X509_NAME, (const X509_NAME*, unsigned char**))                                        \
  F(void*, X509_get_ext_d2i, (const X509*, int, int*, int*))                                        \
  F(int, X509_get_ext_by_NID, (const X509*, int, int))                                            \
  F(long, ASN1_INTEGER_get, (const ASN1_INTEGER*))                                                \
  F(void, GENERAL_NAMES_free, (struct stack_st_GENERAL_NAME*))                                    \
  F(void, NAME_CONSTRAINTS_free, (NAME_CONSTRAINTS*))                                             \
  F(void, AUTHORITY_INFO_ACCESS_free, (struct stack_st_ACCESS_DESCRIPTION*))                       \
  F(void, CERTIFICATEPOLICIES_free, (struct stack_st_POLICYINFO*))                                \
  F(void, CRL_DIST_POINTS_free, (struct stack_st_DIST_POINT*))                                    \
  F(void, TLS_FEATURE_free, (struct stack_st_ASN1_INTEGER*))                                      \
  F(void, ISSUING_DIST_POINT_free, (ISSUING_DIST_POINT*))                                         \
  F(void, POLICY_MAPPING_free, (POLICY_MAPPING*))                                                 \
  F(void, POLICY_CONSTRAINTS_free, (POLICY_CONSTRAINTS*))                                         \
  F(void, ASN1_INTEGER_free, (ASN1_INTEGER*))                                                     \
  F(size_t, OBJ_length, (const ASN1_OBJECT*))                                                     \
  F(const unsigned char*, OBJ_get0_data, (const ASN1_OBJECT*))                                    \
  F(int, X509_CRL_get_ext_by_NID, (const X509_CRL*, int, int))                                    \
  F(void*, X509_CRL_get_ext_d2i, (const X509_CRL*, int, int*, int*))                              \
  F(int, X509_CRL_get0_by_serial, (X509_CRL*, X509_REVOKED**, const ASN1_INTEGER*))               \
  F(X509_NAME*, X509_CRL_get_issuer, (const X509_CRL*))                                             \
  F(int, X509_NAME_cmp, (const X509_NAME*, const X509_NAME*))                                       \
  F(int, X509_CRL_verify, (X509_CRL*, EVP_PKEY*))                                                 \
  F(int, X509_verify, (X509*, EVP_PKEY*))                                                           \
  F(int, X509_check_issued, (X509*, X509*))                                                         \
  F(int, EVP_PKEY_eq, (const EVP_PKEY*, const EVP_PKEY*))                                           \
  F(struct stack_st_X509_REVOKED*, X509_CRL_get_REVOKED, (X509_CRL*))                               \
  F(int, X509_CRL_get_ext_count, (const X509_CRL*))                                                 \
  F(X509_EXTENSION*, X509_CRL_get_ext, (const X509_CRL*, int))                                      \
  F(void, X509_CRL_get0_signature, (const X509_CRL*, const ASN1_BIT_STRING**, const X509_ALGOR**))  \
  F(int, X509_REVOKED_get_ext_count, (const X509_REVOKED*))                                         \
  F(X509_EXTENSION*, X509_REVOKED_get_ext, (const X509_REVOKED*, int))                              \
  F(const ASN1_INTEGER*, X509_REVOKED_get0_serialNumber, (const X509_REVOKED*))                     \
  F(const ASN1_TIME*, X509_REVOKED_get0_revocationDate, (const X509_REVOKED*))                      \
  F(const ASN1_INTEGER*, X509_get0_serialNumber, (const X509*))                                     \
  F(int, ASN1_INTEGER_cmp, (const ASN1_INTEGER*, const ASN1_INTEGER*))                              \
  F(int, X509_EXTENSION_get_critical, (const X509_EXTENSION*))                                      \
  F(ASN1_OBJECT*, X509_EXTENSION_get_object, (X509_EXTENSION*))                                     \
  F(ASN1_OCTET_STRING*, X509_EXTENSION_get_data, (X509_EXTENSION*))                                 \
  F(int, GENERAL_NAME_cmp, (GENERAL_NAME*, GENERAL_NAME*))                                          \
  F(int, ASN1_TIME_compare, (const ASN1_TIME*, const ASN1_TIME*))                                   \
  F(RSA_PSS_PARAMS*, d2i_RSA_PSS_PARAMS, (RSA_PSS_PARAMS**, const unsigned char**, long))           \
  F(void, RSA_PSS_PARAMS_free, (RSA_PSS_PARAMS*))                                                   \
  F(EVP_PKEY*, X509_get0_pubkey, (const X509*))                                                   \
  F(const ASN1_TIME*, X509_CRL_get0_lastUpdate, (const X509_CRL*))                                \
  F(unsigned long, X509_VERIFY_PARAM_get_flags, (const X509_VERIFY_PARAM*))                       \
  F(int, X509_VERIFY_PARAM_set_flags, (X509_VERIFY_PARAM*, unsigned long))                        \
  F(time_t, X509_VERIFY_PARAM_get_time, (const X509_VERIFY_PARAM*))                               \
  F(int, X509_cmp, (const X509*, const X509*))                                                    \
  F(int, OCSP_resp_get0_signer, (OCSP_BASICRESP*, X509**, struct stack_st_X509*))                 \
  F(const X509_ALGOR*, OCSP_resp_get0_tbs_sigalg, (const OCSP_BASICRESP*))                        \
  F(void, X509_ALGOR_get0, (const ASN1_OBJECT**, int*, const void**, const X509_ALGOR*))          \
  F(int, OBJ_find_sigid_algs, (int, int*, int*))                                                  \
  F(X509_PUBKEY*, X509_get_X509_PUBKEY, (const X509*))                                              \
  F(int, i2d_X509_PUBKEY, (const X509_PUBKEY*, unsigned char**))                                    \
  F(int, X509_check_private_key, (const X509*, const EVP_PKEY*))                                    \
  F(uint32_t, X509_get_key_usage, (X509*))                                                          \
  F(uint32_t, X509_get_extension_flags, (X509*))                                                    \
  F(int, X509_get_signature_info, (X509*, int*, int*, int*, uint32_t*))                             \
  F(int, X509_digest, (const X509*, const EVP_MD*, unsigned char*, unsigned int*))                  \
  F(void*, GENERAL_NAME_get0_value, (const GENERAL_NAME*, int*))                                    \
  F(void, GENERAL_NAME_free, (GENERAL_NAME*))                                                       \
  F(const unsigned char*, ASN1_STRING_get0_data, (const ASN1_STRING*))                              \
  F(int, ASN1_STRING_length, (const ASN1_STRING*))                                                  \
  F(int, ASN1_TIME_diff, (int*, int*, const ASN1_TIME*, const ASN1_TIME*))                            \
  F(const ASN1_TIME*, X509_get0_notBefore, (const X509*))                                             \
  F(const ASN1_TIME*, X509_get0_notAfter, (const X509*))                                              \
  F(const ASN1_TIME*, X509_CRL_get0_nextUpdate, (const X509_CRL*))                                    \
  F(int, ASN1_TIME_cmp_time_t, (const ASN1_TIME*, time_t))                                          \
  F(X509_CRL*, d2i_X509_CRL, (X509_CRL**, const unsigned char**, long))                             \
  F(void, X509_CRL_free, (X509_CRL*))                                                               \
  F(X509_STORE*, X509_STORE_new, (void))                                                            \
  F(void, X509_STORE_free, (X509_STORE*))                                                           \
  F(int, X509_STORE_up_ref, (X509_STORE*))                                                          \
  F(int, X509_STORE_add_cert, (X509_STORE*, X509*))                                                 \
  F(int, X509_STORE_set_flags, (X509_STORE*, unsigned long))                                        \
  F(int, X509_STORE_set_ex_data, (X509_STORE*, int, void*))                                         \
  F(void*, X509_STORE_get_ex_data, (const X509_STORE*, int))                                        \
  F(void, X509_STORE_set_check_revocation, (X509_STORE*, int (*)(X509_STORE_CTX*)))                 \
  F(void, X509_STORE_set_check_issued, (X509_STORE*, int (*)(X509_STORE_CTX*, X509*, X509*)))       \
  F(X509_VERIFY_PARAM*, X509_STORE_get0_param, (const X509_STORE*))                                 \
  F(X509_STORE_CTX*, X509_STORE_CTX_new, (void))                                                      \
  F(void, X509_STORE_CTX_free, (X509_STORE_CTX*))                                                     \
  F(int, X509_STORE_CTX_init, (X509_STORE_CTX*, X509_STORE*, X509*, struct stack_st_X509*))           \
  F(int, X509_STORE_CTX_set_default, (X509_STORE_CTX*, const char*))                                  \
  F(void*, X509_STORE_CTX_get_ex_data, (const X509_STORE_CTX*, int))                                \
  F(int, X509_STORE_CTX_get_error, (const X509_STORE_CTX*))                                         \
  F(void, X509_STORE_CTX_set_error, (X509_STORE_CTX*, int))                                         \
  F(int, X509_STORE_CTX_get_error_depth, (const X509_STORE_CTX*))                                   \
  F(X509*, X509_STORE_CTX_get_current_cert, (const X509_STORE_CTX*))                                \
  F(int, X509_STORE_CTX_get_num_untrusted, (const X509_STORE_CTX*))                                 \
  F(struct stack_st_X509*, X509_STORE_CTX_get0_untrusted, (const X509_STORE_CTX*))                  \
  F(struct stack_st_X509*, X509_STORE_CTX_get0_chain, (const X509_STORE_CTX*))                      \
  F(X509_VERIFY_PARAM*, X509_STORE_CTX_get0_param, (const X509_STORE_CTX*))                         \
  F(X509_STORE*, X509_STORE_CTX_get0_store, (const X509_STORE_CTX*))                                \
  F(int, X509_STORE_CTX_set_ex_data, (X509_STORE_CTX*, int, void*))                                 \
  F(void, X509_STORE_CTX_set0_trusted_stack, (X509_STORE_CTX*, struct stack_st_X509*))              \
  F(struct stack_st_X509*, X509_STORE_CTX_get1_certs, (X509_STORE_CTX*, const X509_NAME*))          \
  F(struct stack_st_X509*, X509_STORE_get1_all_certs, (X509_STORE*))                              \
  F(void, X509_STORE_CTX_set_error_depth, (X509_STORE_CTX*, int))                                   \
  F(void, X509_STORE_CTX_set_current_cert, (X509_STORE_CTX*, X509*))                                \
  F(int, X509_VERIFY_PARAM_get_auth_level, (const X509_VERIFY_PARAM*))                              \
  F(void, X509_STORE_CTX_set_verify_cb, (X509_STORE_CTX*, int (*)(int, X509_STORE_CTX*)))           \
  F(int, X509_verify_cert, (X509_STORE_CTX*))                                                       \
  F(int, X509_VERIFY_PARAM_set1, (X509_VERIFY_PARAM*, const X509_VERIFY_PARAM*))                      \
  F(int, X509_VERIFY_PARAM_set1_host, (X509_VERIFY_PARAM*, const char*, size_t))                    \
  F(char*, X509_VERIFY_PARAM_get0_host, (X509_VERIFY_PARAM*, int))                                  \
  F(int, X509_VERIFY_PARAM_set1_ip_asc, (X509_VERIFY_PARAM*, const char*))                          \
  F(int, X509_VERIFY_PARAM_set1_ip, (X509_VERIFY_PARAM*, const unsigned char*, size_t))             \
  F(void, X509_VERIFY_PARAM_set_hostflags, (X509_VERIFY_PARAM*, unsigned int))                      \
  F(void, X509_VERIFY_PARAM_set_time, (X509_VERIFY_PARAM*, time_t))                                 \
  F(void, X509_VERIFY_PARAM_set_auth_level, (X509_VERIFY_PARAM*, int))                              \
  F(void, X509_VERIFY_PARAM_set_depth, (X509_VERIFY_PARAM*, int))                                   \
  F(const EVP_MD*, EVP_sha256, (void))                                                              \
  F(const EVP_MD*, EVP_get_digestbyname, (const char*))                                             \
  F(int, EVP_Digest, (const void*, size_t, unsigned char*, unsigned int*, const EVP_MD*, ENGINE*))  \
  F(const char*, OBJ_nid2sn, (int))                                                                 \
  F(int, OBJ_obj2nid, (const ASN1_OBJECT*))                                                         \
  F(EVP_PKEY*, d2i_AutoPrivateKey_ex, (EVP_PKEY**, const unsigned char**, long, OSSL_LIB_CTX*, const char*)) \
  F(const char*, EVP_PKEY_get0_type_name, (const EVP_PKEY*))                                        \
  F(int, EVP_PKEY_get_bits, (const EVP_PKEY*))                                                      \
  F(void, EVP_PKEY_free, (EVP_PKEY*))                                                               \
  F(PKCS8_PRIV_KEY_INFO*, EVP_PKEY2PKCS8, (const EVP_PKEY*))                                        \
  F(int, i2d_PKCS8_PRIV_KEY_INFO, (const PKCS8_PRIV_KEY_INFO*, unsigned char**))                    \
  F(void, PKCS8_PRIV_KEY_INFO_free, (PKCS8_PRIV_KEY_INFO*))                                         \
  F(PKCS12*, PKCS12_init_ex, (int, OSSL_LIB_CTX*, const char*))                                     \
  F(PKCS12*, d2i_PKCS12, (PKCS12**, const unsigned char**, long))                                   \
  F(int, PKCS12_parse, (PKCS12*, const char*, EVP_PKEY**, X509**, struct stack_st_X509**))          \
  F(void, PKCS12_free, (PKCS12*))                                                                   \
  F(OCSP_RESPONSE*, d2i_OCSP_RESPONSE, (OCSP_RESPONSE**, const unsigned char**, long))              \
  F(void, OCSP_RESPONSE_free, (OCSP_RESPONSE*))                                                     \
  F(int, OCSP_response_status, (OCSP_RESPONSE*))                                                    \
  F(OCSP_BASICRESP*, OCSP_response_get1_basic, (OCSP_RESPONSE*))                                    \
  F(void, OCSP_BASICRESP_free, (OCSP_BASICRESP*))                                                   \
  F(int, OCSP_basic_verify, (OCSP_BASICRESP*, struct stack_st_X509*, X509_STORE*, unsigned long))   \
  F(int, OCSP_resp_count, (OCSP_BASICRESP*))                                                        \
  F(const OCSP_RESPDATA*, OCSP_resp_get0_respdata, (const OCSP_BASICRESP*))                         \
  F(int, i2d_OCSP_RESPDATA, (const OCSP_RESPDATA*, unsigned char**))                                \
  F(const ASN1_GENERALIZEDTIME*, OCSP_resp_get0_produced_at, (const OCSP_BASICRESP*))               \
  F(const struct stack_st_X509*, OCSP_resp_get0_certs, (const OCSP_BASICRESP*))                     \
  F(int, OCSP_BASICRESP_get_ext_by_critical, (OCSP_BASICRESP*, int, int))                           \
  F(int, OCSP_SINGLERESP_get_ext_by_critical, (OCSP_SINGLERESP*, int, int))                         \
  F(OCSP_SINGLERESP*, OCSP_resp_get0, (OCSP_BASICRESP*, int))                                       \
  F(const OCSP_CERTID*, OCSP_SINGLERESP_get0_id, (const OCSP_SINGLERESP*))                          \
  F(int, OCSP_single_get0_status, (OCSP_SINGLERESP*, int*, ASN1_GENERALIZEDTIME**, ASN1_GENERALIZEDTIME**, ASN1_GENERALIZEDTIME**)) \
  F(int, OCSP_id_get0_info, (ASN1_OCTET_STRING**, ASN1_OBJECT**, ASN1_OCTET_STRING**, ASN1_INTEGER**, OCSP_CERTID*)) \
  F(OCSP_CERTID*, OCSP_cert_to_id, (const EVP_MD*, const X509*, const X509*))                       \
  F(void, OCSP_CERTID_free, (OCSP_CERTID*))                                                         \
  F(int, OCSP_id_cmp, (const OCSP_CERTID*, const OCSP_CERTID*))

// OpenSSL 3.2 and later; null if the host lacks them.
#define FERRULE_OPENSSL_OPTIONAL(F)                                    \
  F(int, SSL_CTX_set1_cert_comp_preference, (SSL_CTX*, int*, size_t)) \
  F(char*, SSL_get1_builtin_sigalgs, (OSSL_LIB_CTX*))

// The table. Members are named after their functions: `ossl().SSL_new(ctx)`.
struct OpenSsl {
#define FERRULE_MEMBER(type, name, parameters) type(*name) parameters = nullptr;
  FERRULE_OPENSSL_FUNCTIONS(FERRULE_MEMBER)
  FERRULE_OPENSSL_OPTIONAL(FERRULE_MEMBER)
#undef FERRULE_MEMBER
};

// Fills the table from the host process, once. Returns null, or why this process cannot be used (static storage).
const char* loadOpenSsl();

// Valid after loadOpenSsl() has returned null.
extern OpenSsl table;
inline const OpenSsl& ossl() { return table; }

}  // namespace ferrule
