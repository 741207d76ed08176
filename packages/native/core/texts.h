// The text of directory names. Which letters are the same is for JavaScript to say, of which both engines ask one function: what
// OpenSSL compares is ASCII.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace ferrule {

struct TextReader {
  virtual ~TextReader() = default;
  // What texts are equal by, whatever their string types; none for what cannot be compared. `tag` is that of the string type.
  virtual std::optional<std::u16string> comparable(int tag, const uint8_t* octets, size_t size) = 0;
};

// Of the environment that this thread was called by last.
inline thread_local TextReader* textReader = nullptr;

}  // namespace ferrule
