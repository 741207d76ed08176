#include "rules.h"

#include <algorithm>
#include <cstring>

namespace ferrule {
namespace {

// ExtensionType.
constexpr int kStatusRequest = 5;
constexpr int kSupportedGroups = 10;
constexpr int kPointFormats = 11;
constexpr int kSignatureAlgorithms = 13;
constexpr int kAlpn = 16;
constexpr int kSignedTimestamps = 18;
constexpr int kPreSharedKey = 41;
constexpr int kEarlyData = 42;
constexpr int kSupportedVersions = 43;
constexpr int kCookie = 44;
constexpr int kCertificateAuthorities = 47;
constexpr int kKeyShare = 51;
constexpr int kRenegotiationInfo = 0xff01;

// TLS_EMPTY_RENEGOTIATION_INFO_SCSV, RFC 5746 section 3.3: offers renegotiation_info as well.
constexpr int kRenegotiationSignal = 0x00ff;

constexpr uint8_t kUncompressedPoint = 4;
constexpr int kX25519 = 29;
constexpr int kX448 = 30;

// Reads bytes in order; what is beyond the end is zeros and `ok` becomes false.
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
  // A vector behind its length of `width` bytes.
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

// Stops at what is cut off: OpenSSL refuses that.
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

std::vector<int> codesOf(Reader list) {
  std::vector<int> codes;
  while (list.left() >= 2) codes.push_back(static_cast<int>(list.number(2)));
  return codes;
}

bool has(const std::vector<int>& codes, int code) { return std::find(codes.begin(), codes.end(), code) != codes.end(); }

bool anyTwice(const std::vector<Extension>& extensions) {
  std::vector<int> types;
  for (const Extension& each : extensions) types.push_back(each.type);
  std::sort(types.begin(), types.end());
  return std::adjacent_find(types.begin(), types.end()) != types.end();
}

const Extension* find(const std::vector<Extension>& extensions, int type) {
  for (const Extension& each : extensions) {
    if (each.type == type) return &each;
  }
  return nullptr;
}

// Whether these bytes are one DER SEQUENCE, as a certificate is, whatever is in it.
bool isSequence(Reader der) {
  if (der.number(1) != 0x30) return false;
  const size_t first = der.number(1);
  const size_t length = first < 0x80 ? first : first <= 0x84 ? der.number(first - 0x80) : 0;
  return der.ok && length == der.left();
}

int codeOf(const Extension& extension) { return extension.size >= 2 ? extension.data[0] << 8 | extension.data[1] : -1; }

// RFC 9846 section 4.2.3: SHA-256 of "HelloRetryRequest", in place of the random.
constexpr uint8_t kRetryRandom[32] = {0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91,
                                      0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C};

constexpr Breach kFine{};
constexpr Breach kUndecodable{Reason::malformedMessage, alert::decodeError};
constexpr Breach kTwice{Reason::extensionTwice, alert::illegalParameter};
constexpr Breach kUnoffered{Reason::unofferedExtension, alert::unsupportedExtension};
constexpr Breach kMisplaced{Reason::misplacedExtension, alert::illegalParameter};

}  // namespace

bool isHelloRetryRequest(const uint8_t* body, size_t size) { return size >= 34 && std::memcmp(body + 2, kRetryRandom, sizeof kRetryRandom) == 0; }

void Rules::sentClientHello(const uint8_t* body, size_t size) {
  Reader hello(body, size);
  hello.skip(34);
  const Reader id = hello.vector(1);
  sessionId_.assign(id.at(), id.at() + id.left());
  suites_ = codesOf(hello.vector(2));
  hello.vector(1);
  extensions_.clear();
  shares_.clear();
  for (const Extension& each : extensionsOf(hello.vector(2))) {
    extensions_.push_back(each.type);
    Reader data(each.data, each.size);
    if (each.type == kSupportedGroups) groups_ = codesOf(data.vector(2));
    if (each.type == kSignatureAlgorithms) schemes_ = codesOf(data.vector(2));
    if (each.type == kPreSharedKey) {
      pskAt_ = -1;
      int at = 0;
      for (Reader identities = data.vector(2); identities.left() > 0; at++, identities.skip(4)) {
        const Reader identity = identities.vector(2);
        const Bytes& ours = config_.psk.identity;
        if (!ours.empty() && identity.left() == ours.size() && std::memcmp(identity.at(), ours.data(), ours.size()) == 0) pskAt_ = at;
      }
    }
    if (each.type == kKeyShare) {
      for (Reader shares = data.vector(2); shares.left() >= 4; shares.vector(2)) shares_.push_back(static_cast<int>(shares.number(2)));
    }
  }
  if (has(suites_, kRenegotiationSignal)) extensions_.push_back(kRenegotiationInfo);
}

bool Rules::offered(int extension) const { return has(extensions_, extension); }

Breach Rules::received(int type, const uint8_t* body, size_t size, bool duringHandshake) {
  switch (type) {
    case 2:  // server_hello
      return serverHello(body, size);
    case 4:  // new_session_ticket
      return tls13_ ? newSessionTicket(body, size) : kFine;
    case 8:  // encrypted_extensions
      return encryptedExtensions(body, size);
    case 11:  // certificate
      return certificate(body, size);
    case 12:  // server_key_exchange
      return serverKeyExchange(body, size);
    case 13:  // certificate_request
      return certificateRequest(body, size, duringHandshake);
    case 14:  // server_hello_done
      return size == 0 ? kFine : kUndecodable;
    case 15:  // certificate_verify
      return size >= 2 && !has(schemes_, body[0] << 8 | body[1]) ? Breach{Reason::unofferedScheme, alert::illegalParameter} : kFine;
    case 22:  // certificate_status, RFC 6066 section 8: status_type, then the response
      return size == 4 && body[0] == 1 ? kUndecodable : kFine;
    case 24:  // key_update
      return size == 1 && body[0] > 1 ? Breach{Reason::illegalValue, 0} : kFine;
    default:
      return kFine;
  }
}

Breach Rules::serverHello(const uint8_t* body, size_t size) {
  Reader hello(body, size);
  const size_t version = hello.number(2);
  const bool retry = isHelloRetryRequest(body, size);
  // Section 4.2.3: the server could have done better than TLS 1.2. OpenSSL refuses that before anything else.
  const bool downgraded = size >= 34 && std::memcmp(body + 26, "DOWNGRD", 7) == 0;
  hello.skip(32);
  const Reader id = hello.vector(1);
  suite_ = static_cast<int>(hello.number(2));
  const size_t compression = hello.number(1);
  if (!hello.ok) return kFine;
  if (id.left() > 32) return kUndecodable;
  const bool extended = hello.left() > 0;
  const auto extensions = extensionsOf(hello.vector(2));
  if (extended && (!hello.ok || hello.left() > 0)) return kFine;
  const Extension* selected = find(extensions, kSupportedVersions);
  tls13_ = retry || (selected != nullptr && codeOf(*selected) == 0x0304);
  // RFC 9846 section 4.2.4: after a retry the version is settled.
  if (retried_ && !tls13_) return {Reason::versionAfterRetry, alert::illegalParameter};
  // Section 4.3.1: no version before TLS 1.3 is chosen this way.
  if (selected != nullptr && selected->size == 2 && codeOf(*selected) < 0x0304) return kMisplaced;
  if (selected != nullptr && codeOf(*selected) > 0x0304) return {Reason::unofferedVersion, alert::protocolVersion};
  // RFC 9846 appendix D.3: who takes early data speaks TLS 1.3.
  if (!tls13_ && offered(kEarlyData)) return {Reason::unofferedVersion, alert::protocolVersion};
  // A second retry, or TLS 1.2 where it was not offered: OpenSSL has the right words for both.
  if ((retry && retried_) || (!tls13_ && config_.minVersion > 0x0303)) return kFine;
  retried_ = retried_ || retry;
  // Section 4.2.3: legacy_version is 0x0303.
  if (tls13_ && version != 0x0303) return {Reason::illegalValue, alert::illegalParameter};
  if (tls13_ && compression != 0) return kUndecodable;
  // Section 4.2.3: a suite that was offered, for this version (appendix B.4: those of TLS 1.3 begin with 0x13).
  if (version == 0x0303 && (!has(suites_, suite_) || (suite_ >> 8 == 0x13) != tls13_)) return {Reason::unofferedSuite, alert::illegalParameter};
  if (anyTwice(extensions)) return tls13_ ? kTwice : kUndecodable;
  for (const Extension& each : extensions) {
    if (!offered(each.type) && !(retry && each.type == kCookie)) return kUnoffered;
    const Breach breach = tls13_ ? extension13(each, retry) : extension12(each);
    if (breach.reason != Reason::none) return breach;
  }
  if (tls13_ && !retry && find(extensions, kKeyShare) == nullptr) return {Reason::noKeyShare, alert::missingExtension};
  // Ours coming back means in TLS 1.2 that a session is taken up; there may be none, and the id was there for middleboxes.
  const bool echoed = id.left() > 0 && id.left() == sessionId_.size() && std::memcmp(id.at(), sessionId_.data(), id.left()) == 0;
  return version == 0x0303 && !tls13_ && echoed && session_.version != 0x0303 && !downgraded ? Breach{Reason::sessionIdOfNoSession, alert::illegalParameter} : kFine;
}

Breach Rules::extension13(const Extension& extension, bool retry) {
  const int group = codeOf(extension);  // or a version, or the place of an identity
  switch (extension.type) {
    case kSupportedVersions:
      return kFine;
    case kKeyShare: {
      // The group to which the client is sent, or the one with which the server answers.
      const bool right = retry ? has(groups_, group) && !has(shares_, group) : has(shares_, group);
      return right || group < 0 ? kFine : Breach{Reason::unofferedGroup, alert::illegalParameter};
    }
    case kPreSharedKey:
      usesPsk_ = group == pskAt_ && pskAt_ >= 0;
      return retry ? kMisplaced : kFine;
    case kCookie:
      if (!retry) return kMisplaced;
      return extension.size == 2 && group == 0 ? Breach{Reason::malformedExtension, alert::decodeError} : kFine;
    default:
      return kMisplaced;
  }
}

Breach Rules::extension12(const Extension& extension) const {
  const uint8_t* const end = extension.data + extension.size;
  switch (extension.type) {
    case kPointFormats:  // RFC 8422 section 5.1.2: uncompressed is among them
      return extension.size > 1 && std::find(extension.data + 1, end, 0) == end ? Breach{Reason::illegalValue, alert::illegalParameter} : kFine;
    case kRenegotiationInfo:  // RFC 5746 section 3.4: empty, behind its length
      return extension.size > 1 ? Breach{Reason::renegotiationInfo, alert::handshakeFailure} : kFine;
    case kAlpn:
      return protocol(extension.data, extension.size);
    default:
      return kFine;
  }
}

// Others than ours may stand in it, RFC 9846 section 4.7.1.
Breach Rules::newSessionTicket(const uint8_t* body, size_t size) const {
  Reader ticket(body, size);
  ticket.skip(8);
  ticket.vector(1);
  ticket.vector(2);
  return anyTwice(extensionsOf(ticket.vector(2))) ? Breach{Reason::extensionTwice, 0} : kFine;
}

Breach Rules::encryptedExtensions(const uint8_t* body, size_t size) const {
  Reader message(body, size);
  const auto extensions = extensionsOf(message.vector(2));
  if (anyTwice(extensions)) return kUndecodable;
  for (const Extension& each : extensions) {
    if (!offered(each.type)) return kUnoffered;
    switch (each.type) {
      case kSupportedVersions:
      case kKeyShare:
      case kPreSharedKey:
      case kStatusRequest:
      case kSignedTimestamps:
        return kMisplaced;
      case kAlpn: {
        const Breach breach = protocol(each.data, each.size);
        if (breach.reason != Reason::none) return breach;
        break;
      }
      case kEarlyData:  // section 4.3.10: it was written for the session's suite and protocol
        if (suite_ != session_.suite) return {Reason::unexpectedEarlyData, alert::illegalParameter};
        if (!continuesProtocol(extensions)) return {Reason::unexpectedEarlyData, 0};
        break;
      default:
        break;
    }
  }
  return kFine;
}

// RFC 7301 section 3.1: one name, of those that were offered.
Breach Rules::protocol(const uint8_t* data, size_t size) const {
  if (size < 4 || data[2] != size - 3) return kFine;
  for (size_t at = 0; at < config_.alpn.size(); at += size_t{1} + config_.alpn[at]) {
    if (config_.alpn[at] == data[2] && std::memcmp(config_.alpn.data() + at + 1, data + 3, data[2]) == 0) return kFine;
  }
  return {Reason::unofferedAlpn, alert::illegalParameter};
}

bool Rules::continuesProtocol(const std::vector<Extension>& extensions) const {
  const Extension* chosen = find(extensions, kAlpn);
  const size_t size = chosen == nullptr || chosen->size < 3 ? 0 : chosen->size - 3;
  return size == session_.alpn.size() && (size == 0 || std::memcmp(chosen->data + 3, session_.alpn.data(), size) == 0);
}

Breach Rules::certificate(const uint8_t* body, size_t size) const {
  Reader message(body, size);
  if (tls13_) message.vector(1);
  Reader entries = message.vector(3);
  if (!message.ok) return kFine;
  if (entries.left() == 0) return {Reason::noCertificate, 0};
  if (!isSequence(Reader(entries).vector(3))) return kUndecodable;
  while (tls13_ && entries.left() > 0) {
    entries.vector(3);
    const auto extensions = extensionsOf(entries.vector(2));
    if (anyTwice(extensions)) return kTwice;
    for (const Extension& each : extensions) {
      if (!offered(each.type)) return kUnoffered;
      if (each.type != kStatusRequest && each.type != kSignedTimestamps) return kMisplaced;
      // Type ocsp, and nothing: RFC 6066 section 8 wants a response of at least one byte.
      if (each.type == kStatusRequest && each.size == 4 && each.data[0] == 1) return kUndecodable;
    }
  }
  return kFine;
}

Breach Rules::certificateRequest(const uint8_t* body, size_t size, bool duringHandshake) const {
  Reader message(body, size);
  if (!tls13_) {
    message.vector(1);
    const Reader schemes = message.vector(2);
    return message.ok && (schemes.left() == 0 || schemes.left() % 2 != 0) ? kUndecodable : kFine;
  }
  // Section 4.4.2: the context is for requests after the handshake.
  if (message.vector(1).left() != 0 && duringHandshake) return kUndecodable;
  const auto extensions = extensionsOf(message.vector(2));
  if (anyTwice(extensions)) return kTwice;
  const Extension* authorities = find(extensions, kCertificateAuthorities);
  return authorities != nullptr && authorities->size == 2 ? Breach{Reason::malformedExtension, alert::decodeError} : kFine;
}

// RFC 8422 section 5.4: named_curve, the curve, the point, and in TLS 1.2 who signed it how.
Breach Rules::serverKeyExchange(const uint8_t* body, size_t size) const {
  Reader message(body, size);
  const bool named = message.number(1) == 3;
  const int group = static_cast<int>(message.number(2));
  const Reader point = message.vector(1);
  const int scheme = static_cast<int>(message.number(2));
  if (!named || !message.ok) return kFine;
  if (group != kX25519 && group != kX448 && point.left() > 0 && point.at()[0] != kUncompressedPoint) return {Reason::badPoint, alert::illegalParameter};
  return has(schemes_, scheme) ? kFine : Breach{Reason::unofferedScheme, alert::illegalParameter};
}

}  // namespace ferrule
