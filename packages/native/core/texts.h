// The text of directory names, normalised by one JavaScript function for both engines: OpenSSL compares only ASCII.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace ferrule {

struct TextReader {
  virtual ~TextReader() = default;
  // The normalised text, independent of the string type; none if it cannot be compared. `tag` is that of the string
  // type.
  virtual std::optional<std::u16string> comparable(int tag, const uint8_t* octets, size_t size) = 0;
};

// Of the environment that last called on this thread.
inline thread_local TextReader* textReader = nullptr;

}  // namespace ferrule
