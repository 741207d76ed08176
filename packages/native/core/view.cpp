#include "view.h"

#include <cstring>

#include "numbers.h"

namespace ferrule {
namespace {

// RFC 9846 section 4.2.3: SHA-256 of "HelloRetryRequest", instead of the random.
constexpr uint8_t kRetryRandom[32] = {0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91,
                                      0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C};

// Bytes of legacy_version and random.
constexpr size_t kVersionAndRandom = 2 + sizeof kRetryRandom;
constexpr char kDowngraded[] = "DOWNGRD";
// The sentinel is 8 bytes, of which the last is the version.
constexpr size_t kSentinelAt = kVersionAndRandom - 8;

}  // namespace

// Stops at a truncated one, which OpenSSL rejects.
std::vector<Extension> extensionsOf(Reader list) {
  std::vector<Extension> found;
  while (list.left() >= 4) {
    const int type = static_cast<int>(list.number(2));
    const Reader data = list.vector(2);
    if (!list.ok) break;
    found.push_back({type, data.at(), data.left()});
  }
  return found;
}

const Extension* find(const std::vector<Extension>& extensions, int type) {
  const auto found = std::find_if(extensions.begin(), extensions.end(), [&](const Extension& each) { return each.type == type; });
  return found == extensions.end() ? nullptr : &*found;
}

ServerView::ServerView(const uint8_t* body, size_t size) : sessionId(body, 0) {
  Reader hello(body, size);
  legacyVersion = static_cast<int>(hello.number(2));
  isRetry = size >= kVersionAndRandom && std::memcmp(body + 2, kRetryRandom, sizeof kRetryRandom) == 0;
  isDowngraded = size >= kVersionAndRandom && std::memcmp(body + kSentinelAt, kDowngraded, sizeof kDowngraded - 1) == 0;
  hello.skip(sizeof kRetryRandom);
  sessionId = hello.vector(1);
  cipherSuite = static_cast<int>(hello.number(2));
  compression = static_cast<int>(hello.number(1));
  isWhole = hello.ok;
  if (!isWhole) return;
  const bool isExtended = hello.left() > 0;
  extensions = extensionsOf(hello.vector(2));
  isWellFormed = !isExtended || (hello.ok && hello.left() == 0);
}

KeyExchangeView::KeyExchangeView(const uint8_t* body, size_t size) : point(body, 0) {
  constexpr size_t kNamedCurve = 3;
  Reader message(body, size);
  const bool named = message.number(1) == kNamedCurve;
  group = static_cast<int>(message.number(2));
  point = message.vector(1);
  scheme = static_cast<int>(message.number(2));
  isWhole = named && message.ok;
}

bool ServerView::selects13() const {
  const Extension* selected = find(extensions, extension_type::supportedVersions);
  return isRetry || (selected != nullptr && selected->code() == protocol_version::tls13);
}

}  // namespace ferrule
