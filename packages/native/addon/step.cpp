// The hot call: one operation of one connection. C functions of Node-API, since wrapping every value costs as much as
// OpenSSL needs for a small record.
#include "addon.h"

namespace ferrule {
namespace {

struct View {
  uint8_t* data = nullptr;
  size_t size = 0;
};

// A detached or foreign value gives an empty view.
View viewOf(napi_env env, napi_value value) {
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr) != napi_ok) return {};
  if (type != napi_uint8_array || data == nullptr) return {};
  return {static_cast<uint8_t*>(data), length};
}

}  // namespace

// step(handle, operation, eof, in, out[, data]) → ret; the rest of the answer is in the control block. For a key update
// `data` is a boolean: whether the peer is to update too.
napi_value step(napi_env env, napi_callback_info info) {
  size_t argc = 6;
  napi_value argv[6];
  void* raw = nullptr;
  napi_get_cb_info(env, info, &argc, argv, nullptr, &raw);
  auto* environment = static_cast<Environment*>(raw);
  uint32_t handle = 0;
  uint32_t operation = 0;
  bool eof = false;
  napi_get_value_uint32(env, argv[0], &handle);
  napi_get_value_uint32(env, argv[1], &operation);
  napi_get_value_bool(env, argv[2], &eof);
  Connection* connection = environment->connections.get(handle);
  if (connection == nullptr || environment->control == nullptr) {
    napi_throw_error(env, nullptr, "stale handle");
    return nullptr;
  }
  const auto kind = static_cast<Operation>(operation);
  const View in = viewOf(env, argv[3]);
  const View out = viewOf(env, argv[4]);
  View data;
  if (kind == Operation::keyUpdate) {
    bool requestPeer = false;
    napi_get_value_bool(env, argv[5], &requestPeer);
    data.size = requestPeer ? 1 : 0;
  } else if (argc > 5) {
    data = viewOf(env, argv[5]);
  }

  Spans& spans = connection->spans;
  spans.in = in.data;
  spans.inSize = in.size;
  spans.out = out.data;
  spans.outSize = out.size;
  spans.eof = eof;
  const int ret = connection->step(kind, data.data, data.size);
  int32_t* control = environment->control;
  control[kInUsed] = static_cast<int32_t>(spans.inUsed);
  control[kOutUsed] = static_cast<int32_t>(spans.outUsed);
  control[kError] = connection->lastError;
  control[kEvents] = connection->hasEvents() ? 1 : 0;
  control[kPending] = ossl().SSL_pending(connection->ssl());
  control[kShutdown] = ossl().SSL_get_shutdown(connection->ssl());
  spans.clear();

  napi_value result = nullptr;
  napi_create_int32(env, ret, &result);
  return result;
}

}  // namespace ferrule
