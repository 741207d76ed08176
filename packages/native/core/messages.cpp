// Inspects records and messages as OpenSSL passes them: facts that OpenSSL does not expose, and rules it does not
// enforce.
#include <algorithm>
#include <cstring>

#include "connection.h"

namespace ferrule {
namespace {

constexpr size_t kMaxPlaintext = 16384;
constexpr size_t kTag = 16;

int get16(const uint8_t* at) { return at[0] << 8 | at[1]; }

}  // namespace

void Connection::record(bool sent, const uint8_t* header) {
  const int type = header[0];
  const bool tls12 = ossl().SSL_version(ssl_) == K(TLS1_2_VERSION);
  if (sent) {
    if (!spans.held && type == (tls12 ? K(SSL3_RT_CHANGE_CIPHER_SPEC) : K(SSL3_RT_APPLICATION_DATA))) protected_ = true;
    return;
  }
  // RFC 9846 section 5.4: content, its type and the padding are 2^14 + 1 bytes at most. OpenSSL only limits the
  // content.
  if (!tls12 && type == K(SSL3_RT_APPLICATION_DATA) && static_cast<size_t>(get16(header + 3)) > kMaxPlaintext + 1 + kTag) {
    breach(Reason::recordTooLarge, alert::recordOverflow);
  }
  // OpenSSL 3.0 calls it an internal error.
  if (tls12 && peerProtects_ && static_cast<size_t>(get16(header + 3)) < rules_.overhead12()) breach(Reason::shortRecord, 0);
  if (tls12 && type == K(SSL3_RT_CHANGE_CIPHER_SPEC)) peerProtects_ = true;
  // RFC 9846 section 5: allowed only during the handshake. OpenSSL 3.5 ignores it.
  if (established() && !tls12 && type == K(SSL3_RT_CHANGE_CIPHER_SPEC)) breach(Reason::changeCipherSpecLate, 0);
  // RFC 9846 section 5.1, RFC 5246 section 6.2.1: nothing may come between the records of one handshake message.
  // OpenSSL allows data.
  if (type == K(SSL3_RT_APPLICATION_DATA) && tls12 && messageBegun()) breach(Reason::messageInterrupted, alert::unexpectedMessage);
  if (type != K(SSL3_RT_HANDSHAKE)) return;
  receivedInner(type);
  const size_t overhead = tls12 && peerProtects_ ? rules_.overhead12() : 0;
  handshakeBytes_ += std::max(static_cast<size_t>(get16(header + 3)), overhead) - overhead;
}

void Connection::receivedInner(int contentType) {
  if (contentType == K(SSL3_RT_HANDSHAKE) && ++row_.records > bounds::handshakeRecordsInARow) breach(Reason::messageFlood, alert::unexpectedMessage);
}

// Whether a handshake message has arrived only in part. In TLS 1.3 padding hides the lengths, but OpenSSL enters a
// message's state after reading its header.
bool Connection::messageBegun() const {
  if (!rules_.tls13()) return handshakeBytes_ > 0;
  return !established() && messageState_ != nullptr && messageState_ != ossl().SSL_state_string_long(ssl_);
}

void Connection::message(bool sent, int contentType, const uint8_t* bytes, size_t size) {
  // OpenSSL's own alert is never sent: ours replaces it.
  if (sent && contentType == K(SSL3_RT_ALERT) && spans.held && pendingAlert_ != 0) return;
  if (contentType == K(SSL3_RT_ALERT) && size == 2) {
    (sent ? facts_.alertSent : facts_.alertReceived) = bytes[1];
    if (!sent) receivedAlert(bytes[0], bytes[1]);
  } else if (contentType == K(SSL3_RT_HANDSHAKE) && !sent && size >= 4) {
    handshakeBytes_ -= std::min(handshakeBytes_, size);
    messageState_ = ossl().SSL_state_string_long(ssl_);
    messages_++;
    readHandshakeMessage(bytes, size);
  } else if (contentType == K(SSL3_RT_HANDSHAKE) && size >= 4 && bytes[0] == handshake_type::clientHello) {
    rules_.sentClientHello(bytes + 4, size - 4);
  }
  if (context_->config().trace) events_.push_back({sent ? EventKind::sent : EventKind::received, contentType, Bytes(bytes, bytes + size)});
}

// RFC 9846 section 6: the level is 1 or 2, and 1 only for two alerts. OpenSSL does not check it.
void Connection::receivedAlert(int level, int description) {
  if (level == kWarning && messageBegun()) breach(Reason::messageInterrupted, alert::unexpectedMessage);
  // RFC 5246 section 7.2.1: the other party answers with a close_notify of its own.
  if (description == alert::closeNotify && !established() && !rules_.tls13() && facts_.helloRetryRequested >= 0) answersClose_ = true;
  if (level != kWarning && level != kFatal) breach(Reason::unknownAlertLevel, alert::illegalParameter);
  if (level == kWarning && rules_.tls13() && description != alert::closeNotify && description != alert::userCanceled) breach(Reason::warningIn13, alert::decodeError);
}

// Facts that OpenSSL does not expose, or not in all versions.
void Connection::readHandshakeMessage(const uint8_t* bytes, size_t size) {
  const ContextConfig& config = context_->config();
  const uint8_t* body = bytes + 4;
  const size_t length = size - 4;
  if (length > config.handshakeBytes) breach(Reason::messageTooLong, alert::illegalParameter);
  if (bytes[0] == handshake_type::serverHello) {
    const ServerView hello(body, length);
    breach(rules_.serverHello(hello));
    readServerHello(hello);
  } else {
    breach(rules_.received(bytes[0], body, length, !established()));
  }
  switch (bytes[0]) {
    case handshake_type::helloRequest:
      if (config.refuseRenegotiation) breach(established() ? Reason::renegotiation : Reason::helloRequestInHandshake, 0);
      break;
    case handshake_type::newSessionTicket:  // RFC 5077 section 3.3: an empty one renews nothing
      if (!established() && length > 6) ticketRenewed_ = true;
      break;
    case handshake_type::serverKeyExchange:
      readServerKeyExchange(KeyExchangeView(body, length));
      break;
    case handshake_type::serverHelloDone:
      spans.held = spans.held || verdict_ == Verdict::due;
      break;
    case handshake_type::certificateVerify:
      if (length >= 2) facts_.peerSignatureAlgorithm = get16(body);
      break;
    default:
      break;
  }
  if (established()) countMessage(bytes[0]);
}

// Limits messages without effect.
void Connection::countMessage(int type) {
  switch (type) {
    case handshake_type::keyUpdate:
      if (++row_.keyUpdates > context_->config().keyUpdatesInARow) breach(Reason::keyUpdateFlood, 0);
      break;
    case handshake_type::certificateRequest:
      if (++row_.certificateRequests > bounds::certificateRequestsInARow) breach(Reason::messageFlood, 0);
      break;
    default:
      if (++row_.others > bounds::messagesInARow) breach(Reason::messageFlood, 0);
  }
}

void Connection::readServerHello(const ServerView& hello) {
  if (!hello.isWhole) return;
  if (hello.isRetry) {
    facts_.helloRetryRequested = 1;
    return;
  }
  if (facts_.helloRetryRequested < 0) facts_.helloRetryRequested = 0;
  stapleFollows_ = find(hello.extensions, extension_type::statusRequest) != nullptr;  // in TLS 1.3 not here
  facts_.extendedMasterSecret = find(hello.extensions, extension_type::extendedMasterSecret) != nullptr ? 1 : 0;
  const Extension* share = find(hello.extensions, extension_type::keyShare);
  if (share != nullptr && share->code() >= 0) facts_.group = share->code();
}

void Connection::readServerKeyExchange(const KeyExchangeView& exchange) {
  if (!exchange.isWhole) return;
  facts_.group = exchange.group;
  facts_.peerSignatureAlgorithm = exchange.scheme;
}

}  // namespace ferrule
