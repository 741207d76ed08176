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
  // OpenSSL has been told of the end, and owes nobody anything: the alert that it writes then goes nowhere.
  bool ended = false;

  // The write BIO's free space, and how much of it is filled.
  uint8_t* out = nullptr;
  size_t outSize = 0;
  size_t outUsed = 0;

  // Nothing may go out before a decision is made: a write finds no space.
  bool held = false;

  // What found no space and was taken all the same; it goes first as soon as there is some. Where OpenSSL must not be told
  // to come again: it would lose an alert that it sends while it reads, or find the write of another kind unfinished.
  bool spilling = false;
  std::vector<uint8_t> spill;
  void drain();

  // The rest of a record that found the space full. OpenSSL keeps it too and offers it again, except after a fatal
  // error: then this is the alert that the peer is still owed.
  std::vector<uint8_t> unsent;

  void clear() {
    in = nullptr;
    out = nullptr;
    inSize = inUsed = outSize = outUsed = 0;
  }
};

// A BIO that reads and writes `spans`, which must outlive it. Null when out of memory.
BIO* newSpanBio(Spans* spans);

}  // namespace ferrule
