#include "rules.h"

#include <algorithm>
#include <cstring>

#include "numbers.h"

namespace ferrule {
namespace {

// TLS_EMPTY_RENEGOTIATION_INFO_SCSV, RFC 5746 section 3.3: offers renegotiation_info as well.
constexpr int kRenegotiationSignal = 0x00ff;

constexpr uint8_t kUncompressedPoint = 4;

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

// Whether these bytes are one DER SEQUENCE, as a certificate is; its content is not checked.
bool isSequence(Reader der) {
  if (der.number(1) != 0x30) return false;
  const size_t first = der.number(1);
  const size_t length = first < 0x80 ? first : first <= 0x84 ? der.number(first - 0x80) : 0;
  return der.ok && length == der.left();
}

constexpr Breach kFine{};
constexpr Breach kUndecodable{Reason::malformedMessage, alert::decodeError};
constexpr Breach kTwice{Reason::extensionTwice, alert::illegalParameter};
constexpr Breach kUnoffered{Reason::unofferedExtension, alert::unsupportedExtension};
constexpr Breach kMisplaced{Reason::misplacedExtension, alert::illegalParameter};

}  // namespace

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
    if (each.type == extension_type::supportedGroups) groups_ = codesOf(data.vector(2));
    if (each.type == extension_type::signatureAlgorithms) schemes_ = codesOf(data.vector(2));
    if (each.type == extension_type::preSharedKey) {
      pskAt_ = -1;
      int at = 0;
      for (Reader identities = data.vector(2); identities.left() > 0; at++, identities.skip(4)) {
        const Reader identity = identities.vector(2);
        const Bytes& ours = config_.psk.identity;
        if (!ours.empty() && identity.left() == ours.size() && std::memcmp(identity.at(), ours.data(), ours.size()) == 0) pskAt_ = at;
      }
    }
    if (each.type == extension_type::keyShare) {
      for (Reader shares = data.vector(2); shares.left() >= 4; shares.vector(2)) shares_.push_back(static_cast<int>(shares.number(2)));
    }
  }
  if (has(suites_, kRenegotiationSignal)) extensions_.push_back(extension_type::renegotiationInfo);
}

bool Rules::offered(int extension) const { return has(extensions_, extension); }

Breach Rules::received(int type, const uint8_t* body, size_t size, bool duringHandshake) {
  switch (type) {
    case handshake_type::newSessionTicket:
      return tls13_ ? newSessionTicket(body, size) : kFine;
    case handshake_type::encryptedExtensions:
      return encryptedExtensions(body, size);
    case handshake_type::certificate:
      return certificate(body, size);
    case handshake_type::serverKeyExchange:
      return serverKeyExchange(KeyExchangeView(body, size));
    case handshake_type::certificateRequest:
      return certificateRequest(body, size, duringHandshake);
    case handshake_type::serverHelloDone:
      return size == 0 ? kFine : kUndecodable;
    case handshake_type::certificateVerify:
      return size >= 2 && !has(schemes_, body[0] << 8 | body[1]) ? Breach{Reason::unofferedScheme, alert::illegalParameter} : kFine;
    case handshake_type::certificateStatus:  // RFC 6066 section 8: status_type, then the response
      return size == 4 && body[0] == 1 ? kUndecodable : kFine;
    case handshake_type::keyUpdate:
      return size == 1 && body[0] > 1 ? Breach{Reason::illegalValue, 0} : kFine;
    default:
      return kFine;
  }
}

Breach Rules::serverHello(const ServerView& hello) {
  suite_ = hello.cipherSuite;
  if (!hello.isWhole) return kFine;
  const Reader& id = hello.sessionId;
  if (id.left() > 32) return kUndecodable;
  if (!hello.isWellFormed) return kFine;
  const bool retry = hello.isRetry;
  tls13_ = hello.selects13();
  // RFC 9846 section 4.2.4: a retry fixes the version.
  if (retried_ && !tls13_) return {Reason::versionAfterRetry, alert::illegalParameter};
  // Section 4.3.1: versions before TLS 1.3 are not selected this way.
  const Extension* selected = find(hello.extensions, extension_type::supportedVersions);
  if (selected != nullptr && selected->size == 2 && selected->code() < protocol_version::tls13) return kMisplaced;
  if (selected != nullptr && selected->code() > protocol_version::tls13) return {Reason::unofferedVersion, alert::protocolVersion};
  // RFC 9846 appendix D.3: a server that accepts early data supports TLS 1.3.
  if (!tls13_ && offered(extension_type::earlyData)) return {Reason::unofferedVersion, alert::protocolVersion};
  // A second retry, or TLS 1.2 where it was not offered: OpenSSL reports both correctly.
  if ((retry && retried_) || (!tls13_ && config_.minVersion > protocol_version::tls12)) return kFine;
  retried_ = retried_ || retry;
  const bool settled = hello.legacyVersion == protocol_version::tls12;
  // Section 4.2.3: legacy_version is 0x0303.
  if (tls13_ && !settled) return {Reason::illegalValue, alert::illegalParameter};
  if (tls13_ && hello.compression != 0) return kUndecodable;
  // Section 4.2.3: a suite that was offered, for this version (appendix B.4: those of TLS 1.3 begin with 0x13).
  if (settled && (!has(suites_, suite_) || (suite_ >> 8 == 0x13) != tls13_)) return {Reason::unofferedSuite, alert::illegalParameter};
  if (anyTwice(hello.extensions)) return tls13_ ? kTwice : kUndecodable;
  for (const Extension& each : hello.extensions) {
    if (!offered(each.type) && !(retry && each.type == extension_type::cookie)) return kUnoffered;
    const Breach breach = tls13_ ? extension13(each, retry) : extension12(each);
    if (breach.reason != Reason::none) return breach;
  }
  if (tls13_ && !retry && find(hello.extensions, extension_type::keyShare) == nullptr) return {Reason::noKeyShare, alert::missingExtension};
  // In TLS 1.2 echoing our id means resumption; but we may have offered no session, with an id for middlebox
  // compatibility. OpenSSL rejects a downgrade (section 4.2.3) first.
  const bool echoed = id.left() > 0 && id.left() == sessionId_.size() && std::memcmp(id.at(), sessionId_.data(), id.left()) == 0;
  return settled && !tls13_ && echoed && session_.version != protocol_version::tls12 && !hello.isDowngraded ? Breach{Reason::sessionIdOfNoSession, alert::illegalParameter} : kFine;
}

Breach Rules::extension13(const Extension& extension, bool retry) {
  const int group = extension.code();  // or a version, or the place of an identity
  switch (extension.type) {
    case extension_type::supportedVersions:
      return kFine;
    case extension_type::keyShare: {
      // The group that a retry selects, or that of the server's share.
      const bool right = retry ? has(groups_, group) && !has(shares_, group) : has(shares_, group);
      return right || group < 0 ? kFine : Breach{Reason::unofferedGroup, alert::illegalParameter};
    }
    case extension_type::preSharedKey:
      usesPsk_ = group == pskAt_ && pskAt_ >= 0;
      return retry ? kMisplaced : kFine;
    case extension_type::cookie:
      if (!retry) return kMisplaced;
      return extension.size == 2 && group == 0 ? Breach{Reason::malformedExtension, alert::decodeError} : kFine;
    default:
      return kMisplaced;
  }
}

Breach Rules::extension12(const Extension& extension) const {
  const uint8_t* const end = extension.data + extension.size;
  switch (extension.type) {
    case extension_type::ecPointFormats:  // RFC 8422 section 5.1.2: uncompressed is among them
      return extension.size > 1 && std::find(extension.data + 1, end, 0) == end ? Breach{Reason::illegalValue, alert::illegalParameter} : kFine;
    case extension_type::renegotiationInfo:  // RFC 5746 section 3.4: empty, with its length
      return extension.size > 1 ? Breach{Reason::renegotiationInfo, alert::handshakeFailure} : kFine;
    case extension_type::applicationLayerProtocolNegotiation:
      return protocol(extension.data, extension.size);
    default:
      return kFine;
  }
}

// Unknown extensions are allowed, RFC 9846 section 4.7.1.
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
      case extension_type::supportedVersions:
      case extension_type::keyShare:
      case extension_type::preSharedKey:
      case extension_type::statusRequest:
      case extension_type::signedCertificateTimestamp:
        return kMisplaced;
      case extension_type::applicationLayerProtocolNegotiation: {
        const Breach breach = protocol(each.data, each.size);
        if (breach.reason != Reason::none) return breach;
        break;
      }
      case extension_type::earlyData:  // section 4.3.10: it was written for the session's suite and protocol
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
  const Extension* chosen = find(extensions, extension_type::applicationLayerProtocolNegotiation);
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
      if (each.type != extension_type::statusRequest && each.type != extension_type::signedCertificateTimestamp) return kMisplaced;
      // Type ocsp and nothing else: RFC 6066 section 8 requires at least one byte.
      if (each.type == extension_type::statusRequest && each.size == 4 && each.data[0] == 1) return kUndecodable;
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
  const Extension* authorities = find(extensions, extension_type::certificateAuthorities);
  return authorities != nullptr && authorities->size == 2 ? Breach{Reason::malformedExtension, alert::decodeError} : kFine;
}

Breach Rules::serverKeyExchange(const KeyExchangeView& exchange) const {
  if (!exchange.isWhole) return kFine;
  const bool isPoint = exchange.group != named_group::x25519 && exchange.group != named_group::x448;
  if (isPoint && exchange.point.left() > 0 && exchange.point.at()[0] != kUncompressedPoint) return {Reason::badPoint, alert::illegalParameter};
  return has(schemes_, exchange.scheme) ? kFine : Breach{Reason::unofferedScheme, alert::illegalParameter};
}

}  // namespace ferrule
