#include "js.h"

#include <cmath>
#include <cstring>

#include "addon.h"

namespace ferrule {

// Missing arguments are undefined.
Call::Call(const Napi::CallbackInfo& info) : env_(info.Env()), environment_(static_cast<Environment*>(info.Data())) {
  for (size_t i = 0; i < kArguments; i++) arguments_[i] = info[i];
  textReader = environment_;
}

bool Call::check(napi_status status) {
  if (status == napi_ok) return ok_;
  if (!ok_) return false;
  ok_ = false;
  bool pending = false;
  // In a worker that is being terminated this fails as well, with no one left to notify.
  if (napi_is_exception_pending(env_, &pending) == napi_ok && !pending) napi_throw_error(env_, nullptr, "Node-API refuses the call");
  return false;
}

napi_value Call::refuse(const std::string& typeError) {
  if (ok_) napi_throw_type_error(env_, nullptr, typeError.c_str());
  ok_ = false;
  return nullptr;
}

napi_value Call::fail(const char* error) {
  if (ok_) napi_throw_error(env_, nullptr, error);
  ok_ = false;
  return nullptr;
}

bool Call::isUndefined(napi_value value) {
  napi_valuetype type = napi_undefined;
  return ok_ && check(napi_typeof(env_, value, &type)) && type == napi_undefined;
}

// napi_get_value_int32 and its like turn NaN, 0.5 and 2^32 into 0.
int64_t Call::integer(napi_value value, const char* name, int64_t least, int64_t most) {
  double number = 0;
  if (!ok_) return least;
  const bool is = napi_get_value_double(env_, value, &number) == napi_ok;
  if (is && std::floor(number) == number && number >= static_cast<double>(least) && number <= static_cast<double>(most)) return static_cast<int64_t>(number);
  refuse(std::string(name) + ": must be an integer from " + std::to_string(least) + " to " + std::to_string(most));
  return least;
}

bool Call::flag(napi_value value, const char* name) {
  bool is = false;
  if (ok_ && napi_get_value_bool(env_, value, &is) != napi_ok) refuse(std::string(name) + ": must be a boolean");
  return ok_ && is;
}

std::string Call::text(napi_value value, const char* name, bool mayHaveNul) {
  size_t size = 0;
  if (!ok_) return {};
  if (napi_get_value_string_utf8(env_, value, nullptr, 0, &size) != napi_ok) {
    refuse(std::string(name) + ": must be a string");
    return {};
  }
  if (size > kLongestText) {
    refuse(std::string(name) + ": longer than " + std::to_string(kLongestText) + " bytes");
    return {};
  }
  std::string text(size + 1, '\0');
  if (!check(napi_get_value_string_utf8(env_, value, &text[0], size + 1, &size))) return {};
  text.resize(size);
  if (mayHaveNul || text.find('\0') == std::string::npos) return text;
  refuse(std::string(name) + ": must not have a NUL character, where OpenSSL would end it");
  return {};
}

View Call::view(napi_value value, const char* name) {
  napi_typedarray_type type = napi_int8_array;
  size_t size = 0;
  void* data = nullptr;
  if (!ok_) return {};
  if (napi_get_typedarray_info(env_, value, &type, &size, &data, nullptr, nullptr) != napi_ok || type != napi_uint8_array) {
    refuse(std::string(name) + ": must be a Uint8Array");
    return {};
  }
  if (data == nullptr || size == 0) return {};
  return {static_cast<uint8_t*>(data), size};
}

Bytes Call::bytes(napi_value value, const char* name) {
  const View found = view(value, name);
  if (found.size <= kMostBytes) return Bytes(found.data, found.data + found.size);
  refuse(std::string(name) + ": longer than " + std::to_string(kMostBytes) + " bytes");
  return {};
}

template <typename Use>
void Call::each(napi_value value, const char* name, Use use) {
  bool is = false;
  uint32_t length = 0;
  if (!ok_) return;
  if (napi_is_array(env_, value, &is) != napi_ok || !is) {
    refuse(std::string(name) + ": must be an array");
    return;
  }
  if (!check(napi_get_array_length(env_, value, &length))) return;
  for (uint32_t i = 0; i < length && ok_; i++) {
    napi_value element = nullptr;
    if (check(napi_get_element(env_, value, i, &element))) use(element, (std::string(name) + "[" + std::to_string(i) + "]").c_str());
  }
}

std::vector<Bytes> Call::list(napi_value value, const char* name) {
  std::vector<Bytes> found;
  each(value, name, [&](napi_value element, const char* which) { found.push_back(bytes(element, which)); });
  return found;
}

std::vector<uint16_t> Call::codes(napi_value value, const char* name) {
  std::vector<uint16_t> found;
  each(value, name, [&](napi_value element, const char* which) { found.push_back(static_cast<uint16_t>(integer(element, which, 0, 0xffff))); });
  return found;
}

napi_value Call::property(napi_value object, const char* name) {
  napi_value value = nullptr;
  if (ok_) check(napi_get_named_property(env_, object, name, &value));
  return value;
}

napi_value Call::number(double value) {
  napi_value made = nullptr;
  if (ok_) check(napi_create_double(env_, value, &made));
  return made;
}

napi_value Call::boolean(bool value) {
  napi_value made = nullptr;
  if (ok_) check(napi_get_boolean(env_, value, &made));
  return made;
}

napi_value Call::string(const std::string& value) {
  napi_value made = nullptr;
  if (ok_) check(napi_create_string_utf8(env_, value.data(), value.size(), &made));
  return made;
}

napi_value Call::bytesValue(const uint8_t* data, size_t size) {
  napi_value buffer = nullptr;
  napi_value made = nullptr;
  void* memory = nullptr;
  if (!ok_ || !check(napi_create_arraybuffer(env_, size, &memory, &buffer))) return nullptr;
  if (size > 0) std::memcpy(memory, data, size);
  check(napi_create_typedarray(env_, napi_uint8_array, size, buffer, 0, &made));
  return made;
}

napi_value Call::listValue(const std::vector<Bytes>& list) {
  const napi_value made = array(list.size());
  for (size_t i = 0; i < list.size() && ok_; i++) setAt(made, i, bytesValue(list[i]));
  return made;
}

napi_value Call::array(size_t size) {
  napi_value made = nullptr;
  if (ok_) check(napi_create_array_with_length(env_, size, &made));
  return made;
}

napi_value Call::object() {
  napi_value made = nullptr;
  if (ok_) check(napi_create_object(env_, &made));
  return made;
}

void Call::set(napi_value object, const char* name, napi_value value) {
  if (ok_) check(napi_set_named_property(env_, object, name, value));
}

void Call::setAt(napi_value array, size_t i, napi_value value) {
  if (ok_) check(napi_set_element(env_, array, static_cast<uint32_t>(i), value));
}

}  // namespace ferrule
