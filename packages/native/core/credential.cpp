#include "credential.h"

namespace ferrule {

using Ders = std::vector<std::vector<uint8_t>>;

std::vector<uint8_t> derOf(const X509* certificate) {
  unsigned char* out = nullptr;
  const int size = ossl().i2d_X509(certificate, &out);
  std::vector<uint8_t> der(out, out + (size < 0 ? 0 : size));
  ossl().CRYPTO_free(out, "ferrule", 0);
  return der;
}

std::vector<uint8_t> derOf(const X509_NAME* name) {
  unsigned char* out = nullptr;
  const int size = ossl().i2d_X509_NAME(name, &out);
  std::vector<uint8_t> der(out, out + (size < 0 ? 0 : size));
  ossl().CRYPTO_free(out, "ferrule", 0);
  return der;
}

std::string takeErrors(int* library, int* reason) {
  std::string text;
  const char* data = nullptr;
  int flags = 0;
  bool first = true;
  while (const unsigned long code = ossl().ERR_get_error_all(nullptr, nullptr, nullptr, &data, &flags)) {
    const int lib = static_cast<int>((code >> 23) & 0xff);
    const int why = static_cast<int>(code & 0x7fffff);
    // The first of the TLS library's own entries says what happened; what lower layers said stands in the text.
    if (library != nullptr && (first || (*library != K(ERR_LIB_SSL) && lib == K(ERR_LIB_SSL)))) {
      *library = lib;
      *reason = why;
      first = false;
    }
    char line[256];
    ossl().ERR_error_string_n(code, line, sizeof line);
    if (!text.empty()) text += "; ";
    text += line;
    if (data != nullptr && (flags & 2) != 0 && *data != '\0') text += std::string(" (") + data + ")";  // ERR_TXT_STRING
  }
  return text;
}

std::unique_ptr<KeyPair> KeyPair::make(const Ders& chain, const std::vector<uint8_t>& key, std::string* problem) {
  std::unique_ptr<KeyPair> pair(new KeyPair());
  pair->rest_ = ossl().OPENSSL_sk_new_null();
  for (size_t i = 0; i < chain.size(); i++) {
    const uint8_t* at = chain[i].data();
    X509* certificate = ossl().d2i_X509(nullptr, &at, static_cast<long>(chain[i].size()));
    if (certificate != nullptr && at != chain[i].data() + chain[i].size()) {
      ossl().X509_free(certificate);
      certificate = nullptr;
    }
    if (certificate == nullptr) {
      *problem = "chain[" + std::to_string(i) + "]: is not a DER certificate that OpenSSL can read";
      ossl().ERR_clear_error();
      return nullptr;
    }
    if (i == 0) {
      pair->leaf_ = certificate;
    } else {
      ossl().OPENSSL_sk_push(pair->rest_, certificate);
    }
  }
  const uint8_t* at = key.data();
  pair->key_ = ossl().d2i_AutoPrivateKey_ex(nullptr, &at, static_cast<long>(key.size()), nullptr, nullptr);
  if (pair->key_ == nullptr) {
    *problem = "key: is not a DER private key (PKCS#8, PKCS#1 or SEC 1) that OpenSSL can read";
    ossl().ERR_clear_error();
    return nullptr;
  }
  if (ossl().X509_check_private_key(pair->leaf_, pair->key_) != 1) {
    *problem = "key: does not belong to chain[0]";
    ossl().ERR_clear_error();
    return nullptr;
  }
  return pair;
}

KeyPair::~KeyPair() {
  ossl().X509_free(leaf_);
  ossl().EVP_PKEY_free(key_);
  ossl().OPENSSL_sk_pop_free(rest_, [](void* certificate) { ossl().X509_free(static_cast<X509*>(certificate)); });
}

Ders KeyPair::issuers() const {
  Ders names{derOf(ossl().X509_get_issuer_name(leaf_))};
  for (int i = 0; i < ossl().OPENSSL_sk_num(rest_); i++) {
    names.push_back(derOf(ossl().X509_get_issuer_name(static_cast<X509*>(ossl().OPENSSL_sk_value(rest_, i)))));
  }
  return names;
}

namespace {

// NID_pkcs7_data: what PKCS12_init_ex is for.
constexpr int kNidPkcs7Data = 21;

bool parsePkcs12(OSSL_LIB_CTX* library, const std::vector<uint8_t>& der, const std::string& password, Pkcs12Contents* contents) {
  PKCS12* file = ossl().PKCS12_init_ex(kNidPkcs7Data, library, nullptr);
  const uint8_t* at = der.data();
  if (ossl().d2i_PKCS12(&file, &at, static_cast<long>(der.size())) == nullptr) return false;  // frees `file`
  EVP_PKEY* key = nullptr;
  X509* leaf = nullptr;
  struct stack_st_X509* others = nullptr;
  const bool parsed = ossl().PKCS12_parse(file, password.c_str(), &key, &leaf, &others) == 1;
  auto* rest = reinterpret_cast<OPENSSL_STACK*>(others);
  if (parsed && key != nullptr && leaf != nullptr) {
    contents->chain.push_back(derOf(leaf));
    for (int i = 0; i < ossl().OPENSSL_sk_num(rest); i++) contents->chain.push_back(derOf(static_cast<X509*>(ossl().OPENSSL_sk_value(rest, i))));
    if (PKCS8_PRIV_KEY_INFO* info = ossl().EVP_PKEY2PKCS8(key)) {
      unsigned char* out = nullptr;
      const int size = ossl().i2d_PKCS8_PRIV_KEY_INFO(info, &out);
      if (size > 0) {
        contents->key.assign(out, out + size);
        ossl().OPENSSL_cleanse(out, static_cast<size_t>(size));
      }
      ossl().CRYPTO_free(out, "ferrule", 0);
      ossl().PKCS8_PRIV_KEY_INFO_free(info);
    }
  }
  ossl().EVP_PKEY_free(key);
  ossl().X509_free(leaf);
  ossl().OPENSSL_sk_pop_free(rest, [](void* certificate) { ossl().X509_free(static_cast<X509*>(certificate)); });
  ossl().PKCS12_free(file);
  return parsed;
}

}  // namespace

bool readPkcs12(const std::vector<uint8_t>& der, const std::string& password, Pkcs12Contents* contents, std::string* problem) {
  OSSL_LIB_CTX* library = ossl().OSSL_LIB_CTX_new();
  OSSL_PROVIDER* current = ossl().OSSL_PROVIDER_load(library, "default");
  OSSL_PROVIDER* legacy = ossl().OSSL_PROVIDER_load(library, "legacy");  // absent in some builds; new files need none
  const bool parsed = current != nullptr && parsePkcs12(library, der, password, contents);
  const std::string errors = takeErrors();
  if (legacy != nullptr) ossl().OSSL_PROVIDER_unload(legacy);
  if (current != nullptr) ossl().OSSL_PROVIDER_unload(current);
  ossl().OSSL_LIB_CTX_free(library);
  if (!parsed) {
    *problem = "is not a PKCS#12 file, or the passphrase is wrong: " + errors;
  } else if (contents->key.empty()) {
    *problem = "holds no private key with its certificate";
  }
  return problem->empty();
}

}  // namespace ferrule
