#include "span.h"

#include <algorithm>
#include <cstring>

namespace ferrule {
namespace {

Spans& spansOf(BIO* bio) { return *static_cast<Spans*>(ossl().BIO_get_data(bio)); }

// -1, as OpenSSL's own BIOs return: for 0 OpenSSL assumes that an alert was sent.
int retry(BIO* bio, long direction, size_t* count) {
  *count = 0;
  ossl().BIO_set_flags(bio, static_cast<int>(direction | K(BIO_FLAGS_SHOULD_RETRY)));
  return -1;
}

void clearRetry(BIO* bio) {
  ossl().BIO_clear_flags(bio, static_cast<int>(K(BIO_FLAGS_READ) | K(BIO_FLAGS_WRITE) | K(BIO_FLAGS_SHOULD_RETRY)));
}

int readSpan(BIO* bio, char* into, size_t size, size_t* count) {
  Spans& spans = spansOf(bio);
  clearRetry(bio);
  const size_t left = spans.inSize - spans.inUsed;
  if (left == 0) {
    spans.starved = true;
    if (!spans.eof) return retry(bio, K(BIO_FLAGS_READ), count);
    spans.ended = true;
    *count = 0;
    return 0;
  }
  *count = std::min(size, left);
  std::memcpy(into, spans.in + spans.inUsed, *count);
  spans.inUsed += *count;
  return 1;
}

int writeSpan(BIO* bio, const char* from, size_t size, size_t* count) {
  Spans& spans = spansOf(bio);
  clearRetry(bio);
  if (spans.ended) {
    *count = size;
    return 1;
  }
  if (spans.held) return retry(bio, K(BIO_FLAGS_WRITE), count);
  spans.push(reinterpret_cast<const uint8_t*>(from), size);
  *count = size;
  return 1;
}

long control(BIO* bio, int command, long, void*) {
  switch (command) {
    case K(BIO_CTRL_FLUSH):
      return 1;
    case K(BIO_CTRL_EOF): {
      const Spans& spans = spansOf(bio);
      return spans.eof && spans.inUsed == spans.inSize ? 1 : 0;
    }
    default:
      return 0;
  }
}

int create(BIO* bio) {
  ossl().BIO_set_init(bio, 1);
  return 1;
}

// One method per process: there are fewer than 128 BIO types.
const BIO_METHOD* method() {
  static const BIO_METHOD* const made = [] {
    BIO_METHOD* m = ossl().BIO_meth_new(ossl().BIO_get_new_index() | K(BIO_TYPE_SOURCE_SINK), "ferrule spans");
    if (m == nullptr) return m;
    ossl().BIO_meth_set_read_ex(m, readSpan);
    ossl().BIO_meth_set_write_ex(m, writeSpan);
    ossl().BIO_meth_set_ctrl(m, control);
    ossl().BIO_meth_set_create(m, create);
    return m;
  }();
  return made;
}

}  // namespace

void Spans::push(const uint8_t* bytes, size_t size) {
  drain();
  const size_t n = unsent() == 0 ? std::min(size, room()) : 0;
  if (n > 0) std::memcpy(out + outUsed, bytes, n);
  outUsed += n;
  spill_.insert(spill_.end(), bytes + n, bytes + size);
}

void Spans::drain() {
  const size_t n = held ? 0 : std::min(unsent(), room());
  if (n == 0) return;
  std::memcpy(out + outUsed, spill_.data() + spilt_, n);
  outUsed += n;
  spilt_ += n;
  if (unsent() == 0) dropUnsent();
}

void Spans::dropUnsent() {
  std::vector<uint8_t>().swap(spill_);
  spilt_ = 0;
}

BIO* newSpanBio(Spans* spans) {
  const BIO_METHOD* m = method();
  BIO* bio = m == nullptr ? nullptr : ossl().BIO_new(m);
  if (bio != nullptr) ossl().BIO_set_data(bio, spans);
  return bio;
}

}  // namespace ferrule
