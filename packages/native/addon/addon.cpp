// The addon: exports the core's functions, converts values, and manages the environment. src/binding.ts is its
// counterpart. Every function first reads and checks all arguments, since a getter may run JavaScript, and then looks
// up handles.
#include "addon.h"

#include <cstring>


namespace ferrule {
namespace {

// Memory of a connection outside the heap, reported to the garbage collector.
constexpr int64_t kConnectionBytes = 45 * 1024;

constexpr int64_t kMostInt = 0x7fffffff;

// Null, and an exception, for a stale handle.
Connection* connectionOf(Call& call, uint32_t handle) {
  Connection* connection = call.ok() ? call.environment().connections.get(handle) : nullptr;
  if (connection == nullptr && call.ok()) call.fail("stale handle");
  return connection;
}

ContextConfig configOf(Call& call, napi_value object) {
  const auto number = [&](const char* name, int64_t least, int64_t most) { return call.integer(call.property(object, name), name, least, most); };
  const auto flag = [&](const char* name) { return call.flag(call.property(object, name), name); };
  const auto text = [&](const char* name) { return call.text(call.property(object, name), name); };
  const auto bytes = [&](const char* name) { return call.bytes(call.property(object, name), name); };
  const auto list = [&](const char* name) { return call.list(call.property(object, name), name); };
  const auto codes = [&](const char* name) { return call.codes(call.property(object, name), name); };
  ContextConfig config;
  config.minVersion = static_cast<int>(number("minVersion", 0x0303, 0x0304));
  config.maxVersion = static_cast<int>(number("maxVersion", 0x0303, 0x0304));
  config.cipherList = text("cipherList");
  config.cipherSuites = text("cipherSuites");
  config.suiteIds = codes("suiteIds");
  config.groups = text("groups");
  config.signatureAlgorithms = text("signatureAlgorithms");
  config.clientSignatureAlgorithms = text("clientSignatureAlgorithms");
  config.alpn = bytes("alpn");
  config.verify = static_cast<Verify>(number("verify", 0, 2));
  config.strict = flag("strict");
  config.ocsp = static_cast<Ocsp>(number("ocsp", 0, 2));
  config.anchors = list("anchors");
  config.crls = list("crls");
  config.revocation = flag("revocation");
  config.psk.identity = bytes("pskIdentity");
  config.psk.key = bytes("pskKey");
  config.psk.sha384 = text("pskHash") == "sha384";
  for (const Bytes& digest : list("pins")) {
    Pin pin{};
    if (call.ok() && digest.size() != pin.size()) call.refuse("pins: each must be 32 bytes");
    if (!call.ok()) break;
    std::memcpy(pin.data(), digest.data(), pin.size());
    config.pins.push_back(pin);
  }
  for (const uint16_t id : codes("certificateCompression")) config.certificateCompression.push_back(id);
  config.securityLevel = static_cast<int>(number("securityLevel", 0, 5));
  config.recordPadding = static_cast<size_t>(number("recordPadding", 0, 16384));
  config.verifyHost = flag("verifyHost");
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
  config.handshakeBytes = static_cast<uint32_t>(number("handshakeBytes", 1, kMostInt));
  config.chainLength = static_cast<uint32_t>(number("chainLength", 1, kMostInt));
  config.keyUpdatesInARow = static_cast<uint32_t>(number("keyUpdatesInARow", 1, kMostInt));
  config.tickets = static_cast<uint32_t>(number("tickets", 1, kMostInt));
  return config;
}

// ── Contexts and credentials ──

napi_value createContext(const Napi::CallbackInfo& info) {
  Call call(info);
  std::string problem;
  ContextConfig config = configOf(call, call.argument(0));
  if (!call.ok()) return nullptr;
  std::shared_ptr<Context> context = Context::make(std::move(config), &problem);
  if (context == nullptr) return call.refuse(problem);
  const uint32_t handle = call.environment().contexts.add(std::move(context));
  if (handle == 0) return call.fail("too many contexts");
  return call.result(call.number(handle));
}

napi_value freeContext(const Napi::CallbackInfo& info) {
  Call call(info);
  const uint32_t handle = call.handle(0);
  if (call.ok()) call.environment().contexts.remove(handle);
  return nullptr;
}

// credential(chain, key) → { pair, kind, bits, issuers }
napi_value credential(const Napi::CallbackInfo& info) {
  Call call(info);
  std::string problem;
  const std::vector<Bytes> chain = call.list(call.argument(0), "chain");
  Bytes key = call.bytes(call.argument(1), "key");
  std::unique_ptr<KeyPair> pair;
  if (call.ok()) pair = KeyPair::make(chain, key, &problem);
  ossl().OPENSSL_cleanse(key.data(), key.size());
  if (pair == nullptr) return call.refuse(problem);
  const napi_value result = call.object();
  call.set(result, "kind", call.string(pair->kind()));
  call.set(result, "bits", call.number(pair->bits()));
  call.set(result, "issuers", call.listValue(pair->issuers()));
  if (!call.ok()) return nullptr;
  const uint32_t handle = call.environment().credentials.add(std::move(pair));
  if (handle == 0) return call.fail("too many credentials");
  call.set(result, "pair", call.number(handle));
  return call.result(result);
}

napi_value freeCredential(const Napi::CallbackInfo& info) {
  Call call(info);
  const uint32_t handle = call.handle(0);
  if (call.ok()) call.environment().credentials.remove(handle);
  return nullptr;
}

// ── Connections ──

napi_value open(const Napi::CallbackInfo& info) {
  Call call(info);
  const uint32_t context = call.handle(0);
  if (!call.ok()) return nullptr;
  Environment& environment = call.environment();
  std::unique_ptr<Connection> connection;
  if (environment.contexts.get(context) != nullptr) connection = Connection::make(environment.contexts.owner(context));
  if (connection == nullptr) return call.fail("OpenSSL could not make a connection");
  const uint32_t handle = environment.connections.add(std::move(connection));
  if (handle == 0) return call.fail("too many connections");
  int64_t total = 0;
  call.check(napi_adjust_external_memory(info.Env(), kConnectionBytes, &total));
  return call.result(call.number(handle));
}

napi_value close(const Napi::CallbackInfo& info) {
  Call call(info);
  const uint32_t handle = call.handle(0);
  int64_t total = 0;
  if (call.ok() && call.environment().connections.remove(handle)) call.check(napi_adjust_external_memory(info.Env(), -kConnectionBytes, &total));
  return nullptr;
}

napi_value setHost(const Napi::CallbackInfo& info) {
  Call call(info);
  const uint32_t handle = call.handle(0);
  const std::string name = call.text(call.argument(1), "name");
  const bool isAddress = call.flag(call.argument(2), "isAddress");
  Connection* connection = connectionOf(call, handle);
  return connection == nullptr ? nullptr : call.result(call.boolean(connection->setHost(name, isAddress)));
}

napi_value setSession(const Napi::CallbackInfo& info) {
  Call call(info);
  const uint32_t handle = call.handle(0);
  Bytes der = call.bytes(call.argument(1), "der");
  Connection* connection = connectionOf(call, handle);
  const bool set = connection != nullptr && connection->setSession(der.data(), der.size());
  ossl().OPENSSL_cleanse(der.data(), der.size());
  return call.result(call.boolean(set));
}

// reverify(handle, chain, staple) → { chain, verifyResult, stapleResult, leafPinned }, or undefined when it is no
// longer valid.
napi_value reverify(const Napi::CallbackInfo& info) {
  Call call(info);
  const uint32_t handle = call.handle(0);
  const std::vector<Bytes> chain = call.list(call.argument(1), "chain");
  const Bytes staple = call.bytes(call.argument(2), "staple");
  Connection* connection = connectionOf(call, handle);
  if (connection == nullptr || !connection->reverify(chain, staple)) return nullptr;
  const napi_value result = call.object();
  call.set(result, "chain", call.listValue(connection->reverifiedChain()));
  call.set(result, "verifyResult", call.number(static_cast<double>(connection->reverifiedResult())));
  call.set(result, "stapleResult", call.number(static_cast<double>(connection->reverifiedStaple())));
  call.set(result, "leafPinned", call.boolean(connection->leafPinned()));
  return call.result(result);
}

napi_value setTime(const Napi::CallbackInfo& info) {
  Call call(info);
  const uint32_t handle = call.handle(0);
  // The years that X.509 can represent, 0 to 9999.
  const int64_t seconds = call.integer(call.argument(1), "seconds", -62167219200, 253402300799);
  if (Connection* connection = connectionOf(call, handle)) connection->setTime(static_cast<time_t>(seconds));
  return nullptr;
}

// decide(handle, accept, verifyCode, alert): the connection continues only if `accept` is true and all else is valid.
napi_value decide(const Napi::CallbackInfo& info) {
  Call call(info);
  Connection* connection = connectionOf(call, call.handle(0));
  if (connection == nullptr) return nullptr;
  const bool accept = call.flag(call.argument(1), "accept");
  const auto code = static_cast<int>(call.integer(call.argument(2), "verifyCode", 0, kMostInt));
  const auto alert = static_cast<int>(call.integer(call.argument(3), "alert", 0, 255));
  if (call.ok() && accept && code != K(X509_V_OK) && !connection->onlyTells()) call.refuse("verifyCode: must be X509_V_OK with accept");
  if (!call.ok()) connection->reject(K(X509_V_ERR_APPLICATION_VERIFICATION), alert::badCertificate);
  else if (!accept) connection->reject(code, alert);
  else if (!connection->accept(code)) call.fail("there was no question to accept");
  return nullptr;
}

// useCredential(handle, pair | null): false when OpenSSL rejects the pair, or it is freed.
napi_value useCredential(const Napi::CallbackInfo& info) {
  Call call(info);
  const uint32_t handle = call.handle(0);
  napi_valuetype type = napi_undefined;
  if (call.ok()) call.check(napi_typeof(info.Env(), call.argument(1), &type));
  const uint32_t pair = type == napi_null ? 0 : call.handle(1);
  Connection* connection = connectionOf(call, handle);
  if (connection == nullptr) return nullptr;
  const KeyPair* credential = pair == 0 ? nullptr : call.environment().credentials.get(pair);
  if (pair != 0 && credential == nullptr) return call.result(call.boolean(false));
  return call.result(call.boolean(connection->useCredential(credential)));
}

napi_value refuseCredential(const Napi::CallbackInfo& info) {
  Call call(info);
  Connection* connection = connectionOf(call, call.handle(0));
  if (connection == nullptr) return nullptr;
  const auto alert = static_cast<int>(call.integer(call.argument(1), "alert", 0, 255));
  connection->refuseCredential(call.ok() ? alert : alert::internalError);
  return nullptr;
}

napi_value certificateRequest(const Napi::CallbackInfo& info) {
  Call call(info);
  Connection* connection = connectionOf(call, call.handle(0));
  if (connection == nullptr) return nullptr;
  const auto numbers = [&](const std::vector<int>& values) {
    const napi_value list = call.array(values.size());
    for (size_t i = 0; i < values.size(); i++) call.setAt(list, i, call.number(values[i]));
    return list;
  };
  const napi_value result = call.object();
  call.set(result, "authorities", call.listValue(connection->authorities()));
  call.set(result, "signatureAlgorithms", numbers(connection->requestedSignatureAlgorithms()));
  call.set(result, "sharedSignatureAlgorithms", numbers(connection->sharedSignatureAlgorithms()));
  call.set(result, "certificateTypes", call.bytesValue(connection->requestedCertificateTypes()));
  return call.result(result);
}

// Writes the facts into the control block.
napi_value facts(const Napi::CallbackInfo& info) {
  Call call(info);
  Connection* connection = connectionOf(call, call.handle(0));
  if (connection == nullptr) return nullptr;
  int32_t* control = call.environment().control;
  if (control == nullptr) return call.fail("there is no control block");
  const SSL* ssl = connection->ssl();
  const SSL_CIPHER* cipher = ossl().SSL_get_current_cipher(ssl);
  // In TLS 1.2 it is set with the first keys; until then use the server's choice.
  if (cipher == nullptr && ossl().SSL_version(ssl) == K(TLS1_2_VERSION)) cipher = ossl().SSL_get_pending_cipher(ssl);
  const Facts& known = connection->facts();
  control[kVersion] = ossl().SSL_version(ssl);
  control[kCipherSuite] = cipher == nullptr ? 0 : ossl().SSL_CIPHER_get_protocol_id(cipher);
  control[kGroup] = known.group;
  control[kPeerSignatureAlgorithm] = known.peerSignatureAlgorithm;
  control[kHelloRetryRequested] = known.helloRetryRequested;
  control[kExtendedMasterSecret] = known.extendedMasterSecret;
  control[kSessionReused] = connection->resumed() ? 1 : 0;
  control[kEarlyData] = ossl().SSL_get_early_data_status(connection->ssl());
  control[kVerifyResult] = static_cast<int32_t>(known.verifyResult);
  return nullptr;
}

napi_value certificateValue(Call& call, const ConcernedCertificate& certificate) {
  const napi_value value = call.object();
  call.set(value, "subject", call.string(certificate.subject));
  call.set(value, "issuer", call.string(certificate.issuer));
  call.set(value, "issuerUrl", call.bytesValue(certificate.issuerUrl));
  call.set(value, "notBefore", call.string(certificate.notBefore));
  call.set(value, "notAfter", call.string(certificate.notAfter));
  call.set(value, "trusted", call.boolean(certificate.trusted));
  return value;
}

napi_value failure(const Napi::CallbackInfo& info) {
  Call call(info);
  const Connection* connection = connectionOf(call, call.handle(0));
  if (connection == nullptr) return nullptr;
  const Failure& failure = connection->failure();
  const Facts& known = connection->facts();
  const napi_value result = call.object();
  call.set(result, "duringHandshake", call.boolean(failure.duringHandshake));
  call.set(result, "library", call.number(failure.library));
  call.set(result, "reason", call.number(failure.reason));
  call.set(result, "own", call.number(static_cast<int>(failure.own)));
  call.set(result, "text", call.string(failure.text));
  call.set(result, "alertSent", call.number(known.alertSent));
  call.set(result, "alertReceived", call.number(known.alertReceived));
  call.set(result, "verifyResult", call.number(static_cast<double>(known.verifyResult)));
  call.set(result, "verifyDepth", call.number(failure.verifyDepth));
  if (failure.certificate) call.set(result, "certificate", certificateValue(call, *failure.certificate));
  call.set(result, "state", call.string(ossl().SSL_state_string_long(connection->ssl())));
  call.set(result, "head", call.bytesValue(connection->head(), connection->headSize()));
  return call.result(result);
}

// [[kind, content type, bytes], …], in order.
napi_value events(const Napi::CallbackInfo& info) {
  Call call(info);
  Connection* connection = connectionOf(call, call.handle(0));
  if (connection == nullptr) return nullptr;
  const napi_value list = call.array(0);
  size_t i = 0;
  for (Event& event : connection->takeEvents()) {
    const napi_value row = call.array(3);
    call.setAt(row, 0, call.number(static_cast<uint32_t>(event.kind)));
    call.setAt(row, 1, call.number(event.contentType));
    call.setAt(row, 2, call.bytesValue(event.bytes));
    call.setAt(list, i++, row);
    ossl().OPENSSL_cleanse(event.bytes.data(), event.bytes.size());
  }
  return call.result(list);
}

template <Bytes (Connection::*Method)() const>
napi_value bytesFact(const Napi::CallbackInfo& info) {
  Call call(info);
  const Connection* connection = connectionOf(call, call.handle(0));
  return connection == nullptr ? nullptr : call.result(call.bytesValue((connection->*Method)()));
}

template <std::vector<Bytes> (Connection::*Method)() const>
napi_value listFact(const Napi::CallbackInfo& info) {
  Call call(info);
  const Connection* connection = connectionOf(call, call.handle(0));
  return connection == nullptr ? nullptr : call.result(call.listValue((connection->*Method)()));
}

napi_value peerNames(const Napi::CallbackInfo& info) {
  Call call(info);
  const Connection* connection = connectionOf(call, call.handle(0));
  if (connection == nullptr) return nullptr;
  const napi_value list = call.array(0);
  size_t i = 0;
  for (const PeerName& name : connection->peerNames()) {
    const napi_value row = call.array(2);
    call.setAt(row, 0, call.boolean(name.isAddress));
    call.setAt(row, 1, call.bytesValue(name.value));
    call.setAt(list, i++, row);
  }
  return call.result(list);
}

napi_value alpn(const Napi::CallbackInfo& info) {
  Call call(info);
  const Connection* connection = connectionOf(call, call.handle(0));
  return connection == nullptr ? nullptr : call.result(call.string(connection->alpn()));
}

napi_value state(const Napi::CallbackInfo& info) {
  Call call(info);
  const Connection* connection = connectionOf(call, call.handle(0));
  return connection == nullptr ? nullptr : call.result(call.string(ossl().SSL_state_string_long(connection->ssl())));
}

// exporter(handle, label, context | undefined, length) → bytes | undefined
napi_value exporter(const Napi::CallbackInfo& info) {
  Call call(info);
  const uint32_t handle = call.handle(0);
  const std::string label = call.text(call.argument(1), "label", true);
  const bool useContext = !call.isUndefined(call.argument(2));
  const Bytes context = useContext ? call.bytes(call.argument(2), "context") : Bytes();
  Bytes out(static_cast<size_t>(call.integer(call.argument(3), "length", 1, 0xffff)));
  Connection* connection = connectionOf(call, handle);
  if (connection == nullptr) return nullptr;
  if (!connection->exportKeyingMaterial(label, context.data(), context.size(), useContext, out.data(), out.size())) return nullptr;
  const napi_value result = call.bytesValue(out);
  ossl().OPENSSL_cleanse(out.data(), out.size());
  return call.result(result);
}

// Adapts a function to Node-API's signature, with node-addon-api's arguments.
template <napi_value (*function)(const Napi::CallbackInfo&)>
napi_value entry(napi_env env, napi_callback_info info) {
  return function(Napi::CallbackInfo(env, info));
}

struct Entry {
  const char* name;
  napi_callback function;
};

constexpr Entry kEntries[] = {
    {"version", entry<version>},
    {"cipherSuites", entry<cipherSuites>},
    {"groups", entry<groups>},
    {"schemes", entry<schemes>},
    {"offer", entry<offer>},
    {"accepts", entry<accepts>},
    {"useControl", entry<useControl>},
    {"useTexts", entry<useTexts>},
    {"pkcs12", entry<pkcs12>},
    {"createContext", entry<createContext>},
    {"freeContext", entry<freeContext>},
    {"credential", entry<credential>},
    {"freeCredential", entry<freeCredential>},
    {"open", entry<open>},
    {"close", entry<close>},
    {"step", entry<step>},
    {"setHost", entry<setHost>},
    {"setSession", entry<setSession>},
    {"reverify", entry<reverify>},
    {"setTime", entry<setTime>},
    {"decide", entry<decide>},
    {"useCredential", entry<useCredential>},
    {"refuseCredential", entry<refuseCredential>},
    {"certificateRequest", entry<certificateRequest>},
    {"facts", entry<facts>},
    {"failure", entry<failure>},
    {"events", entry<events>},
    {"revocationQuestion", entry<listFact<&Connection::revocationQuestion>>},
    {"peerChain", entry<listFact<&Connection::peerChain>>},
    {"verifiedChain", entry<listFact<&Connection::verifiedChain>>},
    {"peerNames", entry<peerNames>},
    {"alpn", entry<alpn>},
    {"state", entry<state>},
    {"ocspResponse", entry<bytesFact<&Connection::ocspResponse>>},
    {"signedCertificateTimestamps", entry<bytesFact<&Connection::signedCertificateTimestamps>>},
    {"serverEndPoint", entry<bytesFact<&Connection::serverEndPoint>>},
    {"exporter", entry<exporter>},
};

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  auto* environment = new Environment(env);
  Call call(env, environment);
  if (const char* problem = loadOpenSsl()) {
    delete environment;
    call.fail(problem);
    return exports;
  }
  const auto destroy = [](napi_env, void* data, void*) { delete static_cast<Environment*>(data); };
  if (!call.check(napi_set_instance_data(env, environment, destroy, nullptr))) {
    delete environment;
    return exports;
  }
  for (const Entry& entry : kEntries) {
    napi_value function = nullptr;
    if (call.check(napi_create_function(env, entry.name, NAPI_AUTO_LENGTH, entry.function, environment, &function))) call.set(exports, entry.name, function);
  }
  return exports;
}

}  // namespace
}  // namespace ferrule

using ferrule::initialise;
NODE_API_MODULE(ferrule, initialise)
