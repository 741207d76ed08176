// The hot call: one operation of one connection.
#include <algorithm>

#include "addon.h"

namespace ferrule {
namespace {

// Counts are returned in 32 bits.
constexpr size_t kMostAtOnce = size_t{1} << 30;

}  // namespace

// step(handle, operation, eof, in, out[, data]) → ret; other results are in the control block. `data` is the caller's
// buffer, or for a key update a boolean: whether to request one of the peer.
napi_value step(const Napi::CallbackInfo& info) {
  Call call(info);
  const uint32_t handle = call.handle(0);
  const auto kind = static_cast<Operation>(call.integer(call.argument(1), "operation", 0, static_cast<int64_t>(Operation::flush)));
  const bool eof = call.flag(call.argument(2), "eof");
  const View in = call.view(call.argument(3), "in");
  const View out = call.view(call.argument(4), "out");
  View data;
  if (kind == Operation::keyUpdate) {
    data.size = call.flag(call.argument(5), "data") ? 1 : 0;
  } else if (kind != Operation::handshake && kind != Operation::shutdown && kind != Operation::flush) {
    data = call.view(call.argument(5), "data");
  }
  if (!call.ok()) return nullptr;
  Connection* connection = call.environment().connections.get(handle);
  int32_t* control = call.environment().control;
  if (connection == nullptr || control == nullptr) return call.fail("stale handle");

  Spans& spans = connection->spans;
  spans.in = in.data;
  spans.inSize = std::min(in.size, kMostAtOnce);
  spans.out = out.data;
  spans.outSize = std::min(out.size, kMostAtOnce);
  spans.eof = eof && in.size == spans.inSize;
  const int ret = connection->step(kind, data.data, data.size);
  control[kInUsed] = static_cast<int32_t>(spans.inUsed);
  control[kOutUsed] = static_cast<int32_t>(spans.outUsed);
  control[kError] = connection->lastError;
  control[kEvents] = connection->hasEvents() ? 1 : 0;
  control[kPending] = ossl().SSL_pending(connection->ssl());
  control[kShutdown] = connection->shutdownState();
  control[kAnswerUnsent] = connection->hasUnsentAnswer() ? 1 : 0;
  control[kCommitted] = static_cast<int32_t>(connection->committed());
  control[kFailed] = connection->failure().set ? 1 : 0;
  spans.clear();

  napi_value result = nullptr;
  call.check(napi_create_int32(info.Env(), ret, &result));
  return call.result(result);
}

}  // namespace ferrule
