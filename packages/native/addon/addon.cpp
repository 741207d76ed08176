// The addon: names for the core's functions, conversions, and an environment's life. src/binding.ts is its other side.
#include "addon.h"

#include <cstring>

namespace ferrule {
namespace {

// What a connection costs outside the heap, for the garbage collector to know.
constexpr int64_t kConnectionBytes = 45 * 1024;

Environment& environmentOf(const Napi::CallbackInfo& info) { return *static_cast<Environment*>(info.Data()); }

Napi::Value bytesValue(Napi::Env env, const uint8_t* data, size_t size) {
  Napi::Uint8Array array = Napi::Uint8Array::New(env, size);
  if (size > 0) std::memcpy(array.Data(), data, size);
  return array;
}
Napi::Value bytesValue(Napi::Env env, const Bytes& bytes) { return bytesValue(env, bytes.data(), bytes.size()); }

Napi::Value listValue(Napi::Env env, const std::vector<Bytes>& list) {
  Napi::Array array = Napi::Array::New(env, list.size());
  for (size_t i = 0; i < list.size(); i++) array.Set(static_cast<uint32_t>(i), bytesValue(env, list[i]));
  return array;
}

Bytes bytesOf(const Napi::Value& value) {
  if (!value.IsTypedArray()) return {};
  const auto array = value.As<Napi::Uint8Array>();
  return array.Data() == nullptr ? Bytes() : Bytes(array.Data(), array.Data() + array.ByteLength());
}

std::vector<Bytes> listOf(const Napi::Value& value) {
  std::vector<Bytes> list;
  const auto array = value.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); i++) list.push_back(bytesOf(array.Get(i)));
  return list;
}

// The connection of a cold call's first argument; throws for a stale handle.
Connection* connectionOf(const Napi::CallbackInfo& info) {
  Connection* connection = environmentOf(info).connections.get(info[0].As<Napi::Number>().Uint32Value());
  if (connection == nullptr) Napi::Error::New(info.Env(), "stale handle").ThrowAsJavaScriptException();
  return connection;
}

ContextConfig configOf(const Napi::Object& o) {
  const auto number = [&](const char* name) { return o.Get(name).As<Napi::Number>().Uint32Value(); };
  const auto flag = [&](const char* name) { return o.Get(name).As<Napi::Boolean>().Value(); };
  const auto text = [&](const char* name) { return o.Get(name).As<Napi::String>().Utf8Value(); };
  const auto numbers = [&](const char* name) {
    std::vector<uint32_t> list;
    const auto array = o.Get(name).As<Napi::Array>();
    for (uint32_t i = 0; i < array.Length(); i++) list.push_back(array.Get(i).As<Napi::Number>().Uint32Value());
    return list;
  };
  ContextConfig config;
  config.minVersion = static_cast<int>(number("minVersion"));
  config.maxVersion = static_cast<int>(number("maxVersion"));
  config.cipherList = text("cipherList");
  config.cipherSuites = text("cipherSuites");
  for (const uint32_t id : numbers("suiteIds")) config.suiteIds.push_back(static_cast<uint16_t>(id));
  config.groups = text("groups");
  config.signatureAlgorithms = text("signatureAlgorithms");
  config.clientSignatureAlgorithms = text("clientSignatureAlgorithms");
  config.alpn = bytesOf(o.Get("alpn"));
  config.verify = static_cast<Verify>(number("verify"));
  config.ocsp = static_cast<Ocsp>(number("ocsp"));
  config.anchors = listOf(o.Get("anchors"));
  config.crls = listOf(o.Get("crls"));
  config.psk.identity = bytesOf(o.Get("pskIdentity"));
  config.psk.key = bytesOf(o.Get("pskKey"));
  config.psk.sha384 = config.psk.key.size() > 0 && o.Get("pskHash").As<Napi::String>().Utf8Value() == "sha384";
  for (const Bytes& bytes : listOf(o.Get("pins"))) {
    Pin pin{};
    std::memcpy(pin.data(), bytes.data(), std::min(bytes.size(), pin.size()));
    config.pins.push_back(pin);
  }
  for (const uint32_t id : numbers("certificateCompression")) config.certificateCompression.push_back(static_cast<int>(id));
  config.securityLevel = static_cast<int>(number("securityLevel"));
  config.recordPadding = number("recordPadding");
  config.requireExtendedMasterSecret = flag("requireExtendedMasterSecret");
  config.refuseRenegotiation = flag("refuseRenegotiation");
  config.requireSecureRenegotiation = flag("requireSecureRenegotiation");
  config.sessionTickets = flag("sessionTickets");
  config.signedCertificateTimestamps = flag("signedCertificateTimestamps");
  config.postHandshakeAuth = flag("postHandshakeAuth");
  config.clientAuthentication = flag("clientAuthentication");
  config.keylog = flag("keylog");
  config.sessions = flag("sessions");
  config.trace = flag("trace");
  config.handshakeBytes = number("handshakeBytes");
  config.chainLength = number("chainLength");
  config.keyUpdatesInARow = number("keyUpdatesInARow");
  config.tickets = number("tickets");
  return config;
}

// ── The library ──

Napi::Value version(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), ossl().OpenSSL_version(0)); }

// [[id, name], …]: every cipher suite of this OpenSSL, in its own order.
Napi::Value cipherSuites(const Napi::CallbackInfo& info) {
  const OpenSsl& o = ossl();
  Napi::Array list = Napi::Array::New(info.Env());
  SSL_CTX* ctx = o.SSL_CTX_new_ex(nullptr, nullptr, o.TLS_client_method());
  if (ctx != nullptr && o.SSL_CTX_set_cipher_list(ctx, "ALL:@SECLEVEL=0") == 1) {
    const auto* ciphers = reinterpret_cast<const OPENSSL_STACK*>(o.SSL_CTX_get_ciphers(ctx));
    for (int i = 0; i < o.OPENSSL_sk_num(ciphers); i++) {
      const auto* cipher = static_cast<const SSL_CIPHER*>(o.OPENSSL_sk_value(ciphers, i));
      Napi::Array row = Napi::Array::New(info.Env(), 2);
      row.Set(uint32_t{0}, Napi::Number::New(info.Env(), o.SSL_CIPHER_get_protocol_id(cipher)));
      row.Set(uint32_t{1}, Napi::String::New(info.Env(), o.SSL_CIPHER_get_name(cipher)));
      list.Set(static_cast<uint32_t>(i), row);
    }
  }
  o.SSL_CTX_free(ctx);
  o.ERR_clear_error();
  return list;
}

// accepts('groups' | 'signatureAlgorithms', list) or accepts('certificateCompression', id): does this OpenSSL take it?
Napi::Value accepts(const Napi::CallbackInfo& info) {
  const OpenSsl& o = ossl();
  const std::string what = info[0].As<Napi::String>().Utf8Value();
  SSL_CTX* ctx = o.SSL_CTX_new_ex(nullptr, nullptr, o.TLS_client_method());
  bool taken = false;
  if (ctx != nullptr && what == "certificateCompression") {
    int id = info[1].As<Napi::Number>().Int32Value();
    taken = o.SSL_CTX_set1_cert_comp_preference != nullptr && o.SSL_CTX_set1_cert_comp_preference(ctx, &id, 1) == 1;
  } else if (ctx != nullptr) {
    std::string list = info[1].As<Napi::String>().Utf8Value();
    const long command = what == "groups" ? K(SSL_CTRL_SET_GROUPS_LIST) : K(SSL_CTRL_SET_SIGALGS_LIST);
    taken = o.SSL_CTX_ctrl(ctx, static_cast<int>(command), 0, &list[0]) == 1;
  }
  o.SSL_CTX_free(ctx);
  o.ERR_clear_error();
  return Napi::Boolean::New(info.Env(), taken);
}

void useControl(const Napi::CallbackInfo& info) {
  Environment& environment = environmentOf(info);
  auto array = info[0].As<Napi::Int32Array>();
  if (array.ElementLength() < kControlWords) {
    Napi::RangeError::New(info.Env(), "control block too small").ThrowAsJavaScriptException();
    return;
  }
  environment.control = array.Data();
  environment.controlArray = Napi::Persistent(array);
}

Napi::Value pkcs12(const Napi::CallbackInfo& info) {
  Pkcs12Contents contents;
  std::string problem;
  const bool read = readPkcs12(bytesOf(info[0]), info[1].As<Napi::String>().Utf8Value(), &contents, &problem);
  if (!read) {
    Napi::TypeError::New(info.Env(), problem).ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("chain", listValue(info.Env(), contents.chain));
  result.Set("key", bytesValue(info.Env(), contents.key));
  ossl().OPENSSL_cleanse(contents.key.data(), contents.key.size());
  return result;
}

// ── Contexts and credentials ──

Napi::Value createContext(const Napi::CallbackInfo& info) {
  std::string problem;
  std::shared_ptr<Context> context = Context::make(configOf(info[0].As<Napi::Object>()), &problem);
  if (context == nullptr) {
    Napi::TypeError::New(info.Env(), problem).ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  return Napi::Number::New(info.Env(), environmentOf(info).contexts.add(std::move(context)));
}

void freeContext(const Napi::CallbackInfo& info) { environmentOf(info).contexts.remove(info[0].As<Napi::Number>().Uint32Value()); }

// credential(chain, key) → { pair, kind, bits, issuers }
Napi::Value credential(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::string problem;
  Bytes key = bytesOf(info[1]);
  std::unique_ptr<KeyPair> pair = KeyPair::make(listOf(info[0]), key, &problem);
  ossl().OPENSSL_cleanse(key.data(), key.size());
  if (pair == nullptr) {
    Napi::TypeError::New(env, problem).ThrowAsJavaScriptException();
    return env.Undefined();
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("kind", pair->kind());
  result.Set("bits", pair->bits());
  result.Set("issuers", listValue(env, pair->issuers()));
  result.Set("pair", environmentOf(info).credentials.add(std::move(pair)));
  return result;
}

void freeCredential(const Napi::CallbackInfo& info) { environmentOf(info).credentials.remove(info[0].As<Napi::Number>().Uint32Value()); }

// ── Connections ──

Napi::Value open(const Napi::CallbackInfo& info) {
  Environment& environment = environmentOf(info);
  const uint32_t context = info[0].As<Napi::Number>().Uint32Value();
  std::unique_ptr<Connection> connection;
  if (environment.contexts.get(context) != nullptr) connection = Connection::make(environment.contexts.owner(context));
  const uint32_t handle = connection == nullptr ? 0 : environment.connections.add(std::move(connection));
  if (handle == 0) {
    Napi::Error::New(info.Env(), "OpenSSL could not make a connection").ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  Napi::MemoryManagement::AdjustExternalMemory(info.Env(), kConnectionBytes);
  return Napi::Number::New(info.Env(), handle);
}

void close(const Napi::CallbackInfo& info) {
  if (!environmentOf(info).connections.remove(info[0].As<Napi::Number>().Uint32Value())) return;
  Napi::MemoryManagement::AdjustExternalMemory(info.Env(), -kConnectionBytes);
}

Napi::Value setHost(const Napi::CallbackInfo& info) {
  Connection* connection = connectionOf(info);
  const bool set = connection != nullptr && connection->setHost(info[1].As<Napi::String>().Utf8Value(), info[2].As<Napi::Boolean>().Value());
  return Napi::Boolean::New(info.Env(), set);
}

Napi::Value setSession(const Napi::CallbackInfo& info) {
  Connection* connection = connectionOf(info);
  Bytes der = bytesOf(info[1]);
  const bool set = connection != nullptr && connection->setSession(der.data(), der.size());
  ossl().OPENSSL_cleanse(der.data(), der.size());
  return Napi::Boolean::New(info.Env(), set);
}

void setTime(const Napi::CallbackInfo& info) {
  if (Connection* connection = connectionOf(info)) connection->setTime(static_cast<time_t>(info[1].As<Napi::Number>().Int64Value()));
}

void decide(const Napi::CallbackInfo& info) {
  const auto number = [&](size_t i) { return info[i].As<Napi::Number>().Int32Value(); };
  if (Connection* connection = connectionOf(info)) connection->decide(number(1), number(2));
}

// useCredential(handle, pair | null): this one, or none.
Napi::Value useCredential(const Napi::CallbackInfo& info) {
  Connection* connection = connectionOf(info);
  if (connection == nullptr) return info.Env().Undefined();
  const KeyPair* pair = info[1].IsNumber() ? environmentOf(info).credentials.get(info[1].As<Napi::Number>().Uint32Value()) : nullptr;
  return Napi::Boolean::New(info.Env(), connection->useCredential(pair));
}

void refuseCredential(const Napi::CallbackInfo& info) {
  if (Connection* connection = connectionOf(info)) connection->refuseCredential(info[1].As<Napi::Number>().Int32Value());
}

Napi::Value certificateRequest(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Connection* connection = connectionOf(info);
  if (connection == nullptr) return env.Undefined();
  const std::vector<int> schemes = connection->requestedSignatureAlgorithms();
  Napi::Array list = Napi::Array::New(env, schemes.size());
  for (size_t i = 0; i < schemes.size(); i++) list.Set(static_cast<uint32_t>(i), schemes[i]);
  Napi::Object result = Napi::Object::New(env);
  result.Set("authorities", listValue(env, connection->authorities()));
  result.Set("signatureAlgorithms", list);
  result.Set("certificateTypes", bytesValue(env, connection->requestedCertificateTypes()));
  return result;
}

// Writes the facts into the control block.
void facts(const Napi::CallbackInfo& info) {
  const OpenSsl& o = ossl();
  Connection* connection = connectionOf(info);
  if (connection == nullptr) return;
  int32_t* control = environmentOf(info).control;
  const SSL_CIPHER* cipher = o.SSL_get_current_cipher(connection->ssl());
  const Facts& known = connection->facts();
  control[kVersion] = o.SSL_version(connection->ssl());
  control[kCipherSuite] = cipher == nullptr ? 0 : o.SSL_CIPHER_get_protocol_id(cipher);
  control[kGroup] = known.group;
  control[kPeerSignatureAlgorithm] = known.peerSignatureAlgorithm;
  control[kHelloRetryRequested] = known.helloRetryRequested;
  control[kExtendedMasterSecret] = known.extendedMasterSecret;
  control[kSessionReused] = connection->resumed() ? 1 : 0;
  control[kEarlyData] = o.SSL_get_early_data_status(connection->ssl());
  control[kVerifyResult] = static_cast<int32_t>(known.verifyResult);
}

Napi::Value failure(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Connection* connection = connectionOf(info);
  if (connection == nullptr) return env.Undefined();
  const Failure& failure = connection->failure();
  const Facts& known = connection->facts();
  Napi::Object result = Napi::Object::New(env);
  result.Set("duringHandshake", failure.duringHandshake);
  result.Set("library", failure.library);
  result.Set("reason", failure.reason);
  result.Set("own", static_cast<int>(failure.own));
  result.Set("text", failure.text);
  result.Set("alertSent", known.alertSent);
  result.Set("alertReceived", known.alertReceived);
  result.Set("verifyResult", static_cast<int32_t>(known.verifyResult));
  result.Set("verifyDepth", failure.verifyDepth);
  result.Set("subject", failure.subject);
  result.Set("state", ossl().SSL_state_string_long(connection->ssl()));
  result.Set("head", bytesValue(env, connection->head(), connection->headSize()));
  return result;
}

// [[kind, content type, bytes], …], in order.
Napi::Value events(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Array list = Napi::Array::New(env);
  Connection* connection = connectionOf(info);
  if (connection == nullptr) return list;
  uint32_t i = 0;
  for (Event& event : connection->takeEvents()) {
    Napi::Array row = Napi::Array::New(env, 3);
    row.Set(uint32_t{0}, static_cast<uint32_t>(event.kind));
    row.Set(uint32_t{1}, event.contentType);
    row.Set(uint32_t{2}, bytesValue(env, event.bytes));
    ossl().OPENSSL_cleanse(event.bytes.data(), event.bytes.size());
    list.Set(i++, row);
  }
  return list;
}

template <Bytes (Connection::*Method)() const>
Napi::Value bytesFact(const Napi::CallbackInfo& info) {
  const Connection* connection = connectionOf(info);
  return connection == nullptr ? info.Env().Undefined() : bytesValue(info.Env(), (connection->*Method)());
}

template <std::vector<Bytes> (Connection::*Method)() const>
Napi::Value listFact(const Napi::CallbackInfo& info) {
  const Connection* connection = connectionOf(info);
  return connection == nullptr ? info.Env().Undefined() : listValue(info.Env(), (connection->*Method)());
}

Napi::Value peerNames(const Napi::CallbackInfo& info) {
  Napi::Array list = Napi::Array::New(info.Env());
  const Connection* connection = connectionOf(info);
  if (connection == nullptr) return list;
  uint32_t i = 0;
  for (const std::string& name : connection->peerNames()) list.Set(i++, name);
  return list;
}

Napi::Value alpn(const Napi::CallbackInfo& info) {
  const Connection* connection = connectionOf(info);
  return connection == nullptr ? info.Env().Undefined() : Napi::String::New(info.Env(), connection->alpn());
}

Napi::Value state(const Napi::CallbackInfo& info) {
  const Connection* connection = connectionOf(info);
  return connection == nullptr ? info.Env().Undefined() : Napi::String::New(info.Env(), ossl().SSL_state_string_long(connection->ssl()));
}

// exporter(handle, label, context | undefined, length) → bytes | undefined
Napi::Value exporter(const Napi::CallbackInfo& info) {
  Connection* connection = connectionOf(info);
  if (connection == nullptr) return info.Env().Undefined();
  const Bytes context = bytesOf(info[2]);
  Bytes out(info[3].As<Napi::Number>().Uint32Value());
  const bool done = connection->exportKeyingMaterial(info[1].As<Napi::String>().Utf8Value(), context.data(), context.size(), !info[2].IsUndefined(),
                                                     out.data(), out.size());
  const Napi::Value result = done ? bytesValue(info.Env(), out) : info.Env().Undefined();
  ossl().OPENSSL_cleanse(out.data(), out.size());
  return result;
}

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  if (const char* problem = loadOpenSsl()) {
    Napi::Error::New(env, problem).ThrowAsJavaScriptException();
    return exports;
  }
  auto* environment = new Environment();
  env.SetInstanceData(environment);
  const auto define = [&](const char* name, auto function) { exports.Set(name, Napi::Function::New(env, function, name, environment)); };
  define("version", version);
  define("cipherSuites", cipherSuites);
  define("accepts", accepts);
  define("useControl", useControl);
  define("pkcs12", pkcs12);
  define("createContext", createContext);
  define("freeContext", freeContext);
  define("credential", credential);
  define("freeCredential", freeCredential);
  define("open", open);
  define("close", close);
  define("setHost", setHost);
  define("setSession", setSession);
  define("setTime", setTime);
  define("decide", decide);
  define("useCredential", useCredential);
  define("refuseCredential", refuseCredential);
  define("certificateRequest", certificateRequest);
  define("facts", facts);
  define("failure", failure);
  define("events", events);
  define("peerChain", listFact<&Connection::peerChain>);
  define("verifiedChain", listFact<&Connection::verifiedChain>);
  define("peerNames", peerNames);
  define("alpn", alpn);
  define("state", state);
  define("ocspResponse", bytesFact<&Connection::ocspResponse>);
  define("signedCertificateTimestamps", bytesFact<&Connection::signedCertificateTimestamps>);
  define("serverEndPoint", bytesFact<&Connection::serverEndPoint>);
  define("exporter", exporter);
  napi_value hot = nullptr;
  napi_create_function(env, "step", NAPI_AUTO_LENGTH, step, environment, &hot);
  exports.Set("step", Napi::Value(env, hot));
  return exports;
}

}  // namespace

NODE_API_MODULE(ferrule, initialise)

}  // namespace ferrule
