#include "host.h"

#include "rules.h"

namespace ferrule {
namespace {

struct Query {
  const char* capability;
  const char* id;
  const char* name;
  const char* keyType;
  const char* fallbackKeyType;
  const char* bits;
  std::vector<Capability> found;
};

std::string textOf(const OSSL_PARAM* params, const char* key) {
  const char* text = nullptr;
  const OSSL_PARAM* param = key == nullptr ? nullptr : ossl().OSSL_PARAM_locate_const(params, key);
  return param != nullptr && ossl().OSSL_PARAM_get_utf8_string_ptr(param, &text) == 1 && text != nullptr ? text : "";
}

int addCapability(const OSSL_PARAM* params, void* arg) {
  auto& query = *static_cast<Query*>(arg);
  unsigned int id = 0;
  unsigned int bits = 0;
  Capability capability;
  capability.name = textOf(params, query.name);
  capability.keyType = textOf(params, query.keyType);
  if (capability.keyType.empty()) capability.keyType = textOf(params, query.fallbackKeyType);
  const OSSL_PARAM* code = ossl().OSSL_PARAM_locate_const(params, query.id);
  const OSSL_PARAM* strength = ossl().OSSL_PARAM_locate_const(params, query.bits);
  const OSSL_PARAM* most = ossl().OSSL_PARAM_locate_const(params, "tls-max-tls");
  // Skip an unreadable one: 0 would end the list.
  if (capability.name.empty() || code == nullptr || ossl().OSSL_PARAM_get_uint(code, &id) != 1) return 1;
  if (strength != nullptr) ossl().OSSL_PARAM_get_uint(strength, &bits);
  if (most != nullptr) ossl().OSSL_PARAM_get_int(most, &capability.maxVersion);
  capability.id = static_cast<int>(id);
  capability.bits = static_cast<int>(bits);
  query.found.push_back(std::move(capability));
  return 1;
}

int askProvider(OSSL_PROVIDER* provider, void* arg) {
  // A provider without the capability returns 0.
  ossl().OSSL_PROVIDER_get_capabilities(provider, static_cast<Query*>(arg)->capability, addCapability, arg);
  return 1;
}

std::vector<Capability> ask(Query query) {
  ossl().OSSL_PROVIDER_do_all(nullptr, askProvider, &query);
  ossl().ERR_clear_error();
  return query.found;
}

// The body of the first message in a BIO of records, after record and message headers.
bool readHello(BIO* bio, Rules* rules) {
  char* data = nullptr;
  const long size = ossl().BIO_ctrl(bio, K(BIO_CTRL_INFO), 0, &data);
  if (data == nullptr || size <= 9) return false;
  rules->sentClientHello(reinterpret_cast<const uint8_t*>(data) + 9, static_cast<size_t>(size) - 9);
  return true;
}

}  // namespace

std::vector<Capability> groupsOfProviders() {
  return ask({"TLS-GROUP", "tls-group-id", "tls-group-name", nullptr, nullptr, "tls-group-sec-bits", {}});
}

std::vector<Capability> schemesOfProviders() {
  return ask({"TLS-SIGALG", "tls-sigalg-code-point", "tls-sigalg-iana-name", "tls-sigalg-keytype", "tls-sigalg-name", "tls-sigalg-sec-bits", {}});
}

std::string builtinSchemes() {
  if (ossl().SSL_get1_builtin_sigalgs == nullptr) return "";
  char* list = ossl().SSL_get1_builtin_sigalgs(nullptr);
  const std::string names = list == nullptr ? "" : list;
  ossl().CRYPTO_free(list, "ferrule", 0);
  ossl().ERR_clear_error();
  return names;
}

Offer offerOf(const std::string& groups, const std::string& schemes) {
  const auto set = [&](SSL_CTX* ctx, long command, const std::string& list) {
    return list.empty() || ossl().SSL_CTX_ctrl(ctx, static_cast<int>(command), 0, const_cast<char*>(list.c_str())) == 1;
  };
  SSL_CTX* ctx = ossl().SSL_CTX_new_ex(nullptr, nullptr, ossl().TLS_client_method());
  Offer offer;
  if (ctx != nullptr) {
    // As in Context::settle: independent of openssl.cnf.
    ossl().SSL_CTX_ctrl(ctx, K(SSL_CTRL_CLEAR_CERT_FLAGS), ~0L, nullptr);
    ossl().SSL_CTX_ctrl(ctx, K(SSL_CTRL_SET_MIN_PROTO_VERSION), K(TLS1_2_VERSION), nullptr);
    ossl().SSL_CTX_ctrl(ctx, K(SSL_CTRL_SET_MAX_PROTO_VERSION), K(TLS1_3_VERSION), nullptr);
    ossl().SSL_CTX_set_ciphersuites(ctx, ossl().OSSL_default_ciphersuites());
    ossl().SSL_CTX_set_cipher_list(ctx, ossl().OSSL_default_cipher_list());
    ossl().SSL_CTX_set_security_level(ctx, 2);
    ossl().SSL_CTX_clear_options(ctx, ~uint64_t{0});
    const bool taken = set(ctx, K(SSL_CTRL_SET_GROUPS_LIST), groups) && set(ctx, K(SSL_CTRL_SET_SIGALGS_LIST), schemes);
    SSL* ssl = taken ? ossl().SSL_new(ctx) : nullptr;
    BIO* in = ssl == nullptr ? nullptr : ossl().BIO_new(ossl().BIO_s_mem());
    BIO* out = in == nullptr ? nullptr : ossl().BIO_new(ossl().BIO_s_mem());
    if (out == nullptr) {
      ossl().BIO_free(in);
    } else {
      const ContextConfig config;
      Rules rules(config);
      ossl().SSL_set_bio(ssl, in, out);
      ossl().SSL_set_connect_state(ssl);
      ossl().SSL_do_handshake(ssl);
      if (readHello(out, &rules)) offer = {rules.offeredGroups(), rules.offeredSchemes()};
    }
    ossl().SSL_free(ssl);
  }
  ossl().SSL_CTX_free(ctx);
  ossl().ERR_clear_error();
  return offer;
}

}  // namespace ferrule
