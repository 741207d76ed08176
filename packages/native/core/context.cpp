#include "context.h"

#include <algorithm>

#include "connection.h"

namespace ferrule {
namespace {

int onVerify(X509_STORE_CTX* store, void*) {
  const auto* ssl = static_cast<const SSL*>(ossl().X509_STORE_CTX_get_ex_data(store, ossl().SSL_get_ex_data_X509_STORE_CTX_idx()));
  return Connection::of(ssl).verify(store);
}

int onCertificateRequest(SSL* ssl, void*) { return Connection::of(ssl).chooseCredential(); }

int onStaple(SSL* ssl, void*) { return Connection::of(ssl).judgeStaple(); }

int onSession(SSL* ssl, SSL_SESSION* session) {
  Connection::of(ssl).saveSession(session);
  return 0;  // not kept here: OpenSSL frees it
}

int onPsk(SSL* ssl, const EVP_MD* hash, const unsigned char** identity, size_t* size, SSL_SESSION** session) {
  Connection::of(ssl).offerPsk(hash, identity, size, session);
  return 1;
}

void onKeylog(const SSL* ssl, const char* line) { Connection::of(ssl).log(line); }

void onMessage(int sent, int, int contentType, const void* bytes, size_t size, SSL* ssl, void*) {
  if (contentType == K(SSL3_RT_HEADER) && size >= 5) Connection::of(ssl).record(sent == 1, static_cast<const uint8_t*>(bytes));
  if (contentType == K(SSL3_RT_INNER_CONTENT_TYPE) && sent == 0 && size == 1) Connection::of(ssl).receivedInner(*static_cast<const uint8_t*>(bytes));
  if (contentType > K(SSL3_RT_HANDSHAKE)) return;
  // After the peer's end OpenSSL's alert is dropped.
  if (sent == 1 && contentType == K(SSL3_RT_ALERT) && Connection::of(ssl).spans.ended) return;
  Connection::of(ssl).message(sent == 1, contentType, static_cast<const uint8_t*>(bytes), size);
}

// RFC 6962 section 3.3.1: the request is an empty extension.
int addTimestampRequest(SSL*, unsigned int, unsigned int, const unsigned char** out, size_t* size, X509*, size_t, int*, void*) {
  *out = nullptr;
  *size = 0;
  return 1;
}

// RFC 6962 section 3.3: a list of at least one, none of them empty.
bool isTimestampList(const unsigned char* in, size_t size) {
  if (size < 4 || size_t{2} + (in[0] << 8 | in[1]) != size) return false;
  for (size_t at = 2; at < size;) {
    if (size - at < 2) return false;
    const size_t length = static_cast<size_t>(in[at] << 8 | in[at + 1]);
    at += 2 + length;
    if (length == 0 || at > size) return false;
  }
  return true;
}

int parseTimestamps(SSL* ssl, unsigned int, unsigned int, const unsigned char* in, size_t size, X509*, size_t index, int* alert, void*) {
  if (!isTimestampList(in, size)) {
    *alert = ::ferrule::alert::decodeError;
    return 0;
  }
  if (index == 0) Connection::of(ssl).keepTimestamps(in, size);
  return 1;
}

}  // namespace

std::shared_ptr<Context> Context::make(ContextConfig config, std::string* problem) {
  ossl().ERR_clear_error();
  std::shared_ptr<Context> context(new Context(std::move(config)));
  const bool ok = context->setUp(problem);
  ossl().ERR_clear_error();
  return ok ? context : nullptr;
}

Context::~Context() {
  ossl().SSL_CTX_free(ctx_);
  ossl().OPENSSL_cleanse(config_.psk.key.data(), config_.psk.key.size());
}

// Everything is set explicitly, on or off, and checked afterwards: defaults differ between versions and builds, and an
// openssl.cnf can change each of them (SSL_CONF_cmd(3)). Returns a problem, or null.
const char* Context::settle() {
  const auto control = [&](long command, long number) { return ossl().SSL_CTX_ctrl(ctx_, static_cast<int>(command), number, nullptr); };
  // Before any cipher list: the SuiteB flag overrides it.
  control(K(SSL_CTRL_CLEAR_CERT_FLAGS), ~0L);
  ossl().SSL_CTX_set0_CA_list(ctx_, nullptr);

  // The contract's level applies to the chain, and is set for its verification; OpenSSL's also restricts what is
  // offered.
  const int level = std::min(config_.securityLevel, 2);
  ossl().SSL_CTX_set_security_level(ctx_, level);
  if (ossl().SSL_CTX_get_security_level(ctx_) != level) return "securityLevel: OpenSSL refuses it";

  if (control(K(SSL_CTRL_SET_MIN_PROTO_VERSION), config_.minVersion) != 1 || control(K(SSL_CTRL_GET_MIN_PROTO_VERSION), 0) != config_.minVersion) {
    return "minVersion: OpenSSL refuses it";
  }
  if (control(K(SSL_CTRL_SET_MAX_PROTO_VERSION), config_.maxVersion) != 1 || control(K(SSL_CTRL_GET_MAX_PROTO_VERSION), 0) != config_.maxVersion) {
    return "maxVersion: OpenSSL refuses it";
  }

  const uint64_t options = kOpNoRenegotiation | kOpNoCompression | kOpMiddleboxCompat | kOpOwnPreference | (config_.requireSecureRenegotiation ? 0 : kOpLegacyServerConnect) |
                           (config_.sessionTickets ? 0 : kOpNoTicket) |
                           (config_.certificateCompression.empty() ? kOpNoTxCertificateCompression | kOpNoRxCertificateCompression : 0);
  ossl().SSL_CTX_clear_options(ctx_, ~options);
  ossl().SSL_CTX_set_options(ctx_, options);
  if (ossl().SSL_CTX_get_options(ctx_) != options) return "OpenSSL does not take the options of the context, or keeps others";

  // Without SSL_MODE_AUTO_RETRY reads return after each message of the peer. Our chain is sent as given, not completed
  // from the trust anchors.
  const long modes = K(SSL_MODE_ENABLE_PARTIAL_WRITE) | K(SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER) | K(SSL_MODE_NO_AUTO_CHAIN) | K(SSL_MODE_RELEASE_BUFFERS);
  control(K(SSL_CTRL_CLEAR_MODE), ~modes);
  return control(K(SSL_CTRL_MODE), modes) == modes ? nullptr : "OpenSSL does not take the modes of the context, or keeps others";
}

bool Context::setUp(std::string* problem) {
  const auto refuse = [&](const char* what) {
    *problem = what;
    return false;
  };
  ctx_ = ossl().SSL_CTX_new_ex(nullptr, nullptr, ossl().TLS_client_method());
  if (ctx_ == nullptr) return refuse("OpenSSL could not make a context");
  const auto control = [&](long command, long number, void* pointer) { return ossl().SSL_CTX_ctrl(ctx_, static_cast<int>(command), number, pointer); };
  const auto list = [&](long command, const std::string& value) {
    return control(command, 0, const_cast<char*>(value.c_str())) == 1;
  };

  if (const char* what = settle()) return refuse(what);
  control(K(SSL_CTRL_SET_MAX_CERT_LIST), static_cast<long>(config_.handshakeBytes), nullptr);

  // OpenSSL silently drops unknown entries of these lists: compare the result.
  if (ossl().SSL_CTX_set_ciphersuites(ctx_, config_.cipherSuites.c_str()) != 1) return refuse("cipherSuites: OpenSSL refuses them");
  if (!config_.cipherList.empty() && ossl().SSL_CTX_set_cipher_list(ctx_, config_.cipherList.c_str()) != 1) return refuse("cipherSuites: OpenSSL refuses them");
  const auto* ciphers = reinterpret_cast<const OPENSSL_STACK*>(ossl().SSL_CTX_get_ciphers(ctx_));
  for (const uint16_t id : config_.suiteIds) {
    bool found = false;
    for (int i = 0; i < ossl().OPENSSL_sk_num(ciphers) && !found; i++) {
      found = ossl().SSL_CIPHER_get_protocol_id(static_cast<const SSL_CIPHER*>(ossl().OPENSSL_sk_value(ciphers, i))) == id;
    }
    if (!found) {
      *problem = "cipherSuites: " + std::to_string(id) + " is unknown to this backend";
      return false;
    }
  }
  if (!list(K(SSL_CTRL_SET_GROUPS_LIST), config_.groups)) return refuse("groups: OpenSSL refuses them");
  if (!list(K(SSL_CTRL_SET_SIGALGS_LIST), config_.signatureAlgorithms)) return refuse("signatureAlgorithms: OpenSSL refuses them");
  if (!config_.clientSignatureAlgorithms.empty() && !list(K(SSL_CTRL_SET_CLIENT_SIGALGS_LIST), config_.clientSignatureAlgorithms)) {
    return refuse("credentials: OpenSSL refuses their signatureAlgorithms");
  }
  // Returns 0 on success.
  if (!config_.alpn.empty() && ossl().SSL_CTX_set_alpn_protos(ctx_, config_.alpn.data(), static_cast<unsigned>(config_.alpn.size())) != 0) {
    return refuse("alpn: OpenSSL refuses it");
  }
  if (ossl().SSL_CTX_set_block_padding(ctx_, config_.recordPadding) != 1) return refuse("recordPadding: OpenSSL refuses it");
  if (!config_.certificateCompression.empty()) {
    auto& wanted = config_.certificateCompression;
    if (ossl().SSL_CTX_set1_cert_comp_preference == nullptr || ossl().SSL_CTX_set1_cert_comp_preference(ctx_, wanted.data(), wanted.size()) != 1) {
      return refuse("certificateCompression: not available in this OpenSSL");
    }
  }

  store_ = sharedStore(config_.anchors, config_.crls, problem);
  if (store_ == nullptr) return false;
  crlEnds_ = endsOf(store_->lists);
  config_.anchors.clear();
  config_.crls.clear();
  ossl().X509_STORE_up_ref(store());
  ossl().SSL_CTX_set_cert_store(ctx_, store());
  // Takes precedence over a store made by VerifyCAFile of an openssl.cnf.
  if (control(K(SSL_CTRL_SET_VERIFY_CERT_STORE), 1, store()) != 1) return refuse("trustAnchors: OpenSSL refuses the store");
  control(K(SSL_CTRL_SET_CHAIN_CERT_STORE), 0, nullptr);

  // Always "peer", so that our verdict counts: with SSL_VERIFY_NONE OpenSSL ignores it.
  ossl().SSL_CTX_set_verify(ctx_, K(SSL_VERIFY_PEER), nullptr);
  ossl().SSL_CTX_set_cert_verify_callback(ctx_, onVerify, nullptr);
  if (!config_.psk.identity.empty()) ossl().SSL_CTX_set_psk_use_session_callback(ctx_, onPsk);
  if (config_.clientAuthentication) ossl().SSL_CTX_set_cert_cb(ctx_, onCertificateRequest, nullptr);
  if (config_.postHandshakeAuth) ossl().SSL_CTX_set_post_handshake_auth(ctx_, 1);
  if (config_.ocsp != Ocsp::off) {
    control(K(SSL_CTRL_SET_TLSEXT_STATUS_REQ_TYPE), K(TLSEXT_STATUSTYPE_ocsp), nullptr);
    ossl().SSL_CTX_callback_ctrl(ctx_, K(SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB), reinterpret_cast<void (*)(void)>(onStaple));
  }
  if (config_.signedCertificateTimestamps &&
      ossl().SSL_CTX_add_custom_ext(ctx_, static_cast<unsigned>(K(TLSEXT_TYPE_signed_certificate_timestamp)),
                               static_cast<unsigned>(K(SSL_EXT_CLIENT_HELLO) | K(SSL_EXT_TLS1_2_SERVER_HELLO) | K(SSL_EXT_TLS1_3_CERTIFICATE)),
                               addTimestampRequest, nullptr, nullptr, parseTimestamps, nullptr) != 1) {
    return refuse("signedCertificateTimestamps: OpenSSL refuses the extension");
  }
  control(K(SSL_CTRL_SET_SESS_CACHE_MODE), config_.sessions ? K(SSL_SESS_CACHE_CLIENT) | K(SSL_SESS_CACHE_NO_INTERNAL) : K(SSL_SESS_CACHE_OFF), nullptr);
  if (config_.sessions) ossl().SSL_CTX_sess_set_new_cb(ctx_, onSession);
  if (config_.keylog) ossl().SSL_CTX_set_keylog_callback(ctx_, onKeylog);
  ossl().SSL_CTX_set_msg_callback(ctx_, onMessage);
  return true;
}

}  // namespace ferrule
