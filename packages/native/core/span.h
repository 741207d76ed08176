// A BIO over memory that belongs to someone else for the time of one call: the views that JavaScript's BIOs hand out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "openssl.h"

namespace ferrule {

struct Spans {
  // What the read BIO has, how much of it is used, and whether nothing will follow it.
  const uint8_t* in = nullptr;
  size_t inSize = 0;
  size_t inUsed = 0;
  bool eof = false;
  // OpenSSL has asked for more than there was, since somebody last cleared this.
  bool starved = false;
  // OpenSSL has been told of the end, and has nothing more to say: the alert that it writes then goes nowhere.
  bool ended = false;

  // The write BIO's free space, and how much of it is filled.
  uint8_t* out = nullptr;
  size_t outSize = 0;
  size_t outUsed = 0;
  size_t room() const { return outSize - outUsed; }

  // Nothing may go out before a decision is made: a write finds no space.
  bool held = false;

  // What OpenSSL has written and found no space for; it goes first as soon as there is some. OpenSSL itself never finds the
  // space full (but for `held`): with one record of it half written, every other operation than the same again is an error
  // to OpenSSL, or is taken for it.
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
  size_t spilt_ = 0;  // gone out already
};

// A BIO that reads and writes `spans`, which must outlive it. Null when out of memory.
BIO* newSpanBio(Spans* spans);

}  // namespace ferrule
