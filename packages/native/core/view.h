// Views of handshake messages: their fields, parsed once, over borrowed memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ferrule {

// Reads bytes in order; beyond the end it yields zeros and `ok` becomes false.
class Reader {
 public:
  Reader(const uint8_t* data, size_t size) : at_(data), left_(size) {}
  size_t left() const { return left_; }
  const uint8_t* at() const { return at_; }
  size_t number(size_t width) {
    size_t value = 0;
    for (size_t i = 0; i < width; i++) value = value << 8 | (i < left_ ? at_[i] : 0);
    skip(width);
    return value;
  }
  // A vector with a length prefix of `width` bytes.
  Reader vector(size_t width) {
    const size_t size = number(width);
    Reader inner(at_, std::min(size, left_));
    skip(size);
    return inner;
  }
  void skip(size_t size) {
    ok = ok && size <= left_;
    at_ += std::min(size, left_);
    left_ -= std::min(size, left_);
  }
  bool ok = true;

 private:
  const uint8_t* at_;
  size_t left_;
};

struct Extension {
  int type;
  const uint8_t* data;
  size_t size;
  // The first two bytes as a number; -1 if there are fewer.
  int code() const { return size >= 2 ? data[0] << 8 | data[1] : -1; }
};

// The complete ones: OpenSSL rejects truncated ones.
std::vector<Extension> extensionsOf(Reader list);
// Null if there is none of this type.
const Extension* find(const std::vector<Extension>& extensions, int type);

// The body of a ServerHello or HelloRetryRequest, RFC 9846 section 4.2.3. It must not outlive the message.
struct ServerView {
  ServerView(const uint8_t* body, size_t size);

  int legacyVersion = 0;
  // By its random, section 4.2.4.
  bool isRetry = false;
  // The random ends with the downgrade sentinel of section 4.2.3.
  bool isDowngraded = false;
  Reader sessionId;
  int cipherSuite = 0;
  int compression = 0;
  // The fields above are complete.
  bool isWhole = false;
  // And so is the extensions block, if any, with nothing after it.
  bool isWellFormed = false;
  std::vector<Extension> extensions;

  // Whether it selects TLS 1.3.
  bool selects13() const;
};

// The body of a ServerKeyExchange with ECDHE, RFC 8422 section 5.4: a named curve, the point, and the signature.
struct KeyExchangeView {
  KeyExchangeView(const uint8_t* body, size_t size);

  // A named curve, and complete, including the code point of its signature.
  bool isWhole = false;
  int group = 0;
  Reader point;
  int scheme = 0;
};

}  // namespace ferrule
