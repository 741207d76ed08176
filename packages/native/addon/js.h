// Values from and to JavaScript, over node-addon-api and Node-API with every status checked.
//
// A worker may be terminated during a call, a getter may throw, an argument may be anything. The first failure makes
// the call `not ok`: everything here then does nothing, the function returns null, and JavaScript sees the pending
// exception, or terminates. node-addon-api's own conversions would abort the process, and turn NaN and 2^32 into 0:
// only the module, the arguments and the environment are its; values are converted here.
#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../core/context.h"

namespace ferrule {

struct Environment;

struct View {
  uint8_t* data = nullptr;
  size_t size = 0;
};

// JavaScript strings may have any length; none that we use comes near this.
constexpr size_t kLongestText = 65535;
// OpenSSL's lengths of DER are longs, which have 32 bits on Windows.
constexpr size_t kMostBytes = 0x7fffffff;

class Call {
 public:
  static constexpr size_t kArguments = 6;

  explicit Call(const Napi::CallbackInfo& info);
  Call(Napi::Env env, Environment* environment) : env_(env), environment_(environment) {}

  bool ok() const { return ok_; }
  // Remembers the first failure, and throws Node-API's error unless an exception is already pending.
  bool check(napi_status status);
  // Throws; always null, for `return call.refuse(…)`.
  napi_value refuse(const std::string& typeError);
  napi_value fail(const char* error);
  // What the function returns: null once something has failed.
  napi_value result(napi_value value) const { return ok_ ? value : nullptr; }

  Environment& environment() const { return *environment_; }
  napi_value argument(size_t i) const { return arguments_[i]; }
  bool isUndefined(napi_value value);

  // Incoming values, each checked once; `name` begins the TypeError.
  int64_t integer(napi_value value, const char* name, int64_t least, int64_t most);
  uint32_t handle(size_t argument) { return static_cast<uint32_t>(integer(arguments_[argument], "handle", 0, UINT32_MAX)); }
  bool flag(napi_value value, const char* name);
  std::string text(napi_value value, const char* name, bool mayHaveNul = false);
  Bytes bytes(napi_value value, const char* name);
  std::vector<Bytes> list(napi_value value, const char* name);
  std::vector<uint16_t> codes(napi_value value, const char* name);
  // May run a getter.
  napi_value property(napi_value object, const char* name);
  // The memory of a Uint8Array as it is now; empty when it has been detached. Valid until JavaScript runs again.
  View view(napi_value value, const char* name);

  // Outgoing values.
  napi_value number(double value);
  napi_value boolean(bool value);
  napi_value string(const std::string& value);
  napi_value bytesValue(const uint8_t* data, size_t size);
  napi_value bytesValue(const Bytes& bytes) { return bytesValue(bytes.data(), bytes.size()); }
  napi_value listValue(const std::vector<Bytes>& list);
  napi_value array(size_t size);
  napi_value object();
  void set(napi_value object, const char* name, napi_value value);
  void setAt(napi_value array, size_t i, napi_value value);

 private:
  template <typename Use>
  void each(napi_value value, const char* name, Use use);

  napi_env env_;
  Environment* environment_ = nullptr;
  napi_value arguments_[kArguments] = {};
  bool ok_ = true;
};

}  // namespace ferrule
