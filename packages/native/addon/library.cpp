// Information about the library, without a connection.
#include "addon.h"

#include "../core/host.h"

namespace ferrule {
namespace {

napi_value capabilityRows(Call& call, const std::vector<Capability>& capabilities) {
  const napi_value rows = call.array(capabilities.size());
  for (size_t i = 0; i < capabilities.size(); i++) {
    const Capability& each = capabilities[i];
    const napi_value row = call.object();
    call.set(row, "id", call.number(each.id));
    call.set(row, "name", call.string(each.name));
    call.set(row, "keyType", call.string(each.keyType));
    call.set(row, "bits", call.number(each.bits));
    call.set(row, "maxVersion", call.number(each.maxVersion));
    call.setAt(rows, i, row);
  }
  return rows;
}

// False if it is not a string. In UTF-16, where lone surrogates remain distinct.
bool readText(napi_env env, napi_value value, std::u16string* text) {
  size_t size = 0;
  if (napi_get_value_string_utf16(env, value, nullptr, 0, &size) != napi_ok) return false;
  text->resize(size + 1);
  const bool read = napi_get_value_string_utf16(env, value, &(*text)[0], size + 1, &size) == napi_ok;
  text->resize(size);
  return read;
}

napi_value codeRow(Call& call, const std::vector<int>& codes) {
  const napi_value row = call.array(codes.size());
  for (size_t i = 0; i < codes.size(); i++) call.setAt(row, i, call.number(codes[i]));
  return row;
}

}  // namespace

// Runs within a call of OpenSSL. If JavaScript cannot answer, on stack overflow or termination, the text counts as
// unreadable.
std::optional<std::u16string> Environment::comparable(int tag, const uint8_t* octets, size_t size) {
  Napi::HandleScope scope(env);
  Call call(env, this);
  napi_value function = nullptr;
  napi_value answer = nullptr;
  napi_value undefined = nullptr;
  const napi_value arguments[] = {call.number(tag), call.bytesValue(octets, size)};
  std::u16string text;
  const bool told = call.ok() && comparableText != nullptr && napi_get_reference_value(env, comparableText, &function) == napi_ok &&
                    napi_get_undefined(env, &undefined) == napi_ok && napi_call_function(env, undefined, function, 2, arguments, &answer) == napi_ok &&
                    readText(env, answer, &text);
  if (told) return text;
  napi_value pending = nullptr;
  bool threw = false;
  if (napi_is_exception_pending(env, &threw) == napi_ok && threw) napi_get_and_clear_last_exception(env, &pending);
  return {};
}

napi_value version(const Napi::CallbackInfo& info) {
  Call call(info);
  return call.result(call.string(ossl().OpenSSL_version(0)));
}

// [[id, name], …]: the AEAD cipher suites with ECDHE that this OpenSSL offers by default, in its own order.
napi_value cipherSuites(const Napi::CallbackInfo& info) {
  Call call(info);
  const napi_value list = call.array(0);
  size_t count = 0;
  SSL_CTX* ctx = ossl().SSL_CTX_new_ex(nullptr, nullptr, ossl().TLS_client_method());
  // Both lists are set, since an openssl.cnf may have changed them.
  if (ctx != nullptr) ossl().SSL_CTX_ctrl(ctx, K(SSL_CTRL_CLEAR_CERT_FLAGS), ~0L, nullptr);
  if (ctx != nullptr && ossl().SSL_CTX_set_ciphersuites(ctx, ossl().OSSL_default_ciphersuites()) == 1 && ossl().SSL_CTX_set_cipher_list(ctx, ossl().OSSL_default_cipher_list()) == 1) {
    const auto* ciphers = reinterpret_cast<const OPENSSL_STACK*>(ossl().SSL_CTX_get_ciphers(ctx));
    for (int i = 0; i < ossl().OPENSSL_sk_num(ciphers); i++) {
      const auto* cipher = static_cast<const SSL_CIPHER*>(ossl().OPENSSL_sk_value(ciphers, i));
      const int exchange = ossl().SSL_CIPHER_get_kx_nid(cipher);
      if (ossl().SSL_CIPHER_is_aead(cipher) != 1 || (exchange != K(NID_kx_ecdhe) && exchange != K(NID_kx_any))) continue;
      const napi_value row = call.array(2);
      call.setAt(row, 0, call.number(ossl().SSL_CIPHER_get_protocol_id(cipher)));
      call.setAt(row, 1, call.string(ossl().SSL_CIPHER_get_name(cipher)));
      call.setAt(list, count++, row);
    }
  }
  ossl().SSL_CTX_free(ctx);
  ossl().ERR_clear_error();
  return call.result(list);
}

// groups() → [{ id, name, keyType, bits, maxVersion }, …], of all providers
napi_value groups(const Napi::CallbackInfo& info) {
  Call call(info);
  return call.result(capabilityRows(call, groupsOfProviders()));
}

// schemes() → { ofProviders: as groups(), builtin: names separated by colons }
napi_value schemes(const Napi::CallbackInfo& info) {
  Call call(info);
  const napi_value result = call.object();
  call.set(result, "ofProviders", capabilityRows(call, schemesOfProviders()));
  call.set(result, "builtin", call.string(builtinSchemes()));
  return call.result(result);
}

// offer(groups, schemes) → { groups, schemes }: the code points of a ClientHello under these lists
napi_value offer(const Napi::CallbackInfo& info) {
  Call call(info);
  const std::string groups = call.text(call.argument(0), "groups");
  const std::string schemes = call.text(call.argument(1), "schemes");
  if (!call.ok()) return nullptr;
  const Offer offered = offerOf(groups, schemes);
  const napi_value result = call.object();
  call.set(result, "groups", codeRow(call, offered.groups));
  call.set(result, "schemes", codeRow(call, offered.schemes));
  return call.result(result);
}

// accepts('groups' | 'signatureAlgorithms', list) or accepts('certificateCompression', id): does this OpenSSL accept
// it?
napi_value accepts(const Napi::CallbackInfo& info) {
  Call call(info);
  const std::string what = call.text(call.argument(0), "what");
  const bool compression = what == "certificateCompression";
  int id = compression ? static_cast<int>(call.integer(call.argument(1), "id", 0, 0xffff)) : 0;
  std::string list = compression ? "" : call.text(call.argument(1), "list");
  if (call.ok() && !compression && what != "groups" && what != "signatureAlgorithms") call.refuse("what: must be groups, signatureAlgorithms or certificateCompression");
  if (!call.ok()) return nullptr;
  SSL_CTX* ctx = ossl().SSL_CTX_new_ex(nullptr, nullptr, ossl().TLS_client_method());
  if (ctx != nullptr) ossl().SSL_CTX_ctrl(ctx, K(SSL_CTRL_CLEAR_CERT_FLAGS), ~0L, nullptr);
  bool taken = false;
  if (ctx != nullptr && compression) {
    taken = ossl().SSL_CTX_set1_cert_comp_preference != nullptr && ossl().SSL_CTX_set1_cert_comp_preference(ctx, &id, 1) == 1;
  } else if (ctx != nullptr) {
    const long command = what == "groups" ? K(SSL_CTRL_SET_GROUPS_LIST) : K(SSL_CTRL_SET_SIGALGS_LIST);
    taken = ossl().SSL_CTX_ctrl(ctx, static_cast<int>(command), 0, &list[0]) == 1;
  }
  ossl().SSL_CTX_free(ctx);
  ossl().ERR_clear_error();
  return call.result(call.boolean(taken));
}

napi_value useControl(const Napi::CallbackInfo& info) {
  Call call(info);
  napi_typedarray_type type = napi_int8_array;
  size_t size = 0;
  void* data = nullptr;
  napi_value buffer = nullptr;
  bool detachable = false;
  if (!call.ok()) return nullptr;
  if (napi_get_typedarray_info(info.Env(), call.argument(0), &type, &size, &data, &buffer, nullptr) != napi_ok || type != napi_int32_array || size < kControlWords) {
    return call.refuse("control: must be an Int32Array of " + std::to_string(kControlWords) + " words");
  }
  // A SharedArrayBuffer keeps its memory for its lifetime; an ArrayBuffer may be detached.
  if (!call.check(napi_is_arraybuffer(info.Env(), buffer, &detachable))) return nullptr;
  if (detachable) return call.refuse("control: must be over a SharedArrayBuffer");
  Environment& environment = call.environment();
  napi_ref reference = nullptr;
  if (!call.check(napi_create_reference(info.Env(), call.argument(0), 1, &reference))) return nullptr;
  if (environment.controlArray != nullptr) call.check(napi_delete_reference(info.Env(), environment.controlArray));
  environment.controlArray = reference;
  environment.control = static_cast<int32_t*>(data);
  return nullptr;
}

// useTexts(comparableText): sets the normalisation for comparing directory names.
napi_value useTexts(const Napi::CallbackInfo& info) {
  Call call(info);
  napi_valuetype type = napi_undefined;
  if (!call.ok() || !call.check(napi_typeof(info.Env(), call.argument(0), &type))) return nullptr;
  if (type != napi_function) return call.refuse("comparableText: must be a function");
  Environment& environment = call.environment();
  napi_ref reference = nullptr;
  if (!call.check(napi_create_reference(info.Env(), call.argument(0), 1, &reference))) return nullptr;
  if (environment.comparableText != nullptr) call.check(napi_delete_reference(info.Env(), environment.comparableText));
  environment.comparableText = reference;
  return nullptr;
}

// pkcs12(file, passphrase) → { chain, key }
napi_value pkcs12(const Napi::CallbackInfo& info) {
  Call call(info);
  Pkcs12Contents contents;
  std::string problem;
  const Bytes file = call.bytes(call.argument(0), "file");
  std::string passphrase = call.text(call.argument(1), "passphrase");
  if (call.ok() && !readPkcs12(file, passphrase, &contents, &problem)) call.refuse(problem);
  const napi_value result = call.object();
  call.set(result, "chain", call.listValue(contents.chain));
  call.set(result, "key", call.bytesValue(contents.key));
  ossl().OPENSSL_cleanse(contents.key.data(), contents.key.size());
  ossl().OPENSSL_cleanse(&passphrase[0], passphrase.size());
  return call.result(result);
}

}  // namespace ferrule
