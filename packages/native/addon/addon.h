// What one JavaScript environment (the main thread, a worker) owns.
#pragma once

#include <memory>

#include "../core/connection.h"
#include "../core/texts.h"
#include "js.h"
#include "slots.h"

namespace ferrule {

// Words of the control block for results of hot calls; src/binding.ts has the same list.
enum Control : size_t {
  kInUsed = 0,
  kOutUsed,
  kError,
  kEvents,
  kPending,
  kShutdown,
  kAnswerUnsent,
  kCommitted,
  kFailed,
  kVersion,
  kCipherSuite,
  kGroup,
  kPeerSignatureAlgorithm,
  kHelloRetryRequested,
  kExtendedMasterSecret,
  kSessionReused,
  kEarlyData,
  kVerifyResult,
  kControlWords,
};

struct Environment : TextReader {
  explicit Environment(napi_env own) : env(own) {}
  std::optional<std::u16string> comparable(int tag, const uint8_t* octets, size_t size) override;

  napi_env env;
  Slots<std::shared_ptr<Context>> contexts;
  Slots<std::unique_ptr<KeyPair>> credentials;
  Slots<std::unique_ptr<Connection>> connections;
  // Over a SharedArrayBuffer, whose memory cannot be detached, kept alive by the reference.
  int32_t* control = nullptr;
  napi_ref controlArray = nullptr;
  // comparableText of @ferrule/result/directory-string.
  napi_ref comparableText = nullptr;
};

// step(handle, operation, eof, in, out, data): defined in step.cpp.
napi_value step(const Napi::CallbackInfo& info);

// Defined in library.cpp.
napi_value version(const Napi::CallbackInfo& info);
napi_value cipherSuites(const Napi::CallbackInfo& info);
napi_value groups(const Napi::CallbackInfo& info);
napi_value schemes(const Napi::CallbackInfo& info);
napi_value offer(const Napi::CallbackInfo& info);
napi_value accepts(const Napi::CallbackInfo& info);
napi_value useControl(const Napi::CallbackInfo& info);
napi_value useTexts(const Napi::CallbackInfo& info);
napi_value pkcs12(const Napi::CallbackInfo& info);

}  // namespace ferrule
