// A BIO over memory borrowed for one call: the views of JavaScript's BIOs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "openssl.h"

namespace ferrule {

struct Spans {
  // The read BIO's bytes, how many are used, and whether EOF follows.
  const uint8_t* in = nullptr;
  size_t inSize = 0;
  size_t inUsed = 0;
  bool eof = false;
  // OpenSSL has asked for more than there was since this was last cleared.
  bool starved = false;
  // OpenSSL has seen EOF: the alert that it writes then is dropped.
  bool ended = false;

  // The write BIO's free space, and how much of it is filled.
  uint8_t* out = nullptr;
  size_t outSize = 0;
  size_t outUsed = 0;
  size_t room() const { return outSize - outUsed; }

  // Output is blocked until a decision is made: writes find no space.
  bool held = false;

  // Stores what OpenSSL wrote without space; it is sent first once there is some. OpenSSL itself never sees a full
  // buffer (except `held`): after a partly written record it rejects any operation but the same again, or mistakes it
  // for that.
  void push(const uint8_t* bytes, size_t size);
  void drain();
  void dropUnsent();
  size_t unsent() const { return spill_.size() - spilt_; }

  void clear() {
    in = nullptr;
    out = nullptr;
    inSize = inUsed = outSize = outUsed = 0;
  }

 private:
  std::vector<uint8_t> spill_;
  size_t spilt_ = 0;  // already sent
};

// A BIO that reads and writes `spans`, which must outlive it. Null when out of memory.
BIO* newSpanBio(Spans* spans);

}  // namespace ferrule
