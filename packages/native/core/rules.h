// Rules of RFC 9846 and RFC 5246 for the server's messages that OpenSSL does not enforce, or reports differently. Every
// message is checked before OpenSSL acts on it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "context.h"
#include "numbers.h"
#include "view.h"

namespace ferrule {

// Our own reasons, besides OpenSSL's. src/binding.ts has the same numbers.
enum class Reason : int {
  none = 0,
  keyUpdateFlood = 1,
  noExtendedMasterSecret = 2,
  renegotiation = 3,
  messageTooLong = 4,
  pinMismatch = 5,
  stapleRefused = 6,
  unofferedAlpn = 7,
  notTls = 8,
  helloRequestInHandshake = 9,
  messageInterrupted = 10,
  unofferedExtension = 11,
  misplacedExtension = 12,
  extensionTwice = 13,
  malformedExtension = 14,
  malformedMessage = 15,
  illegalValue = 16,
  unofferedSuite = 17,
  unofferedGroup = 18,
  badPoint = 19,
  sessionIdOfNoSession = 20,
  unofferedVersion = 21,
  versionAfterRetry = 22,
  renegotiationInfo = 23,
  unofferedScheme = 24,
  noCertificate = 25,
  unexpectedEarlyData = 26,
  recordTooLarge = 27,
  unknownAlertLevel = 28,
  warningIn13 = 29,
  noKeyShare = 30,
  changeCipherSpecLate = 31,
  shortRecord = 32,
  messageFlood = 33,
};

// A violated rule. Without an alert, OpenSSL rejects it too, with the right alert, and this only names it.
struct Breach {
  Reason reason = Reason::none;
  int alert = 0;
};

class Rules {
 public:
  // What was negotiated when it was made.
  struct Session {
    int version = 0;
    int suite = 0;
    Bytes alpn;
  };

  explicit Rules(const ContextConfig& config) : config_(config) {}

  // The body of a ClientHello of ours.
  void sentClientHello(const uint8_t* body, size_t size);
  const std::vector<int>& offeredGroups() const { return groups_; }
  const std::vector<int>& offeredSchemes() const { return schemes_; }
  // A session is offered in it.
  void offers(Session session) { session_ = std::move(session); }
  // Whether the server selected the context's PSK.
  bool usesPsk() const { return usesPsk_; }
  bool tls13() const { return tls13_; }
  // What protection adds to a record of TLS 1.2: the tag, and with GCM the explicit nonce (RFC 5288 section 3).
  size_t overhead12() const { return suite_ >= 0xcca8 && suite_ <= 0xccaa ? 16 : 24; }

  // The first message received, and again after a HelloRetryRequest.
  Breach serverHello(const ServerView& hello);
  // The body of any other received handshake message.
  Breach received(int type, const uint8_t* body, size_t size, bool duringHandshake);

 private:
  using Codes = std::vector<int>;  // as ClientHello has them

  Breach extension13(const Extension& extension, bool retry);
  Breach extension12(const Extension& extension) const;
  Breach newSessionTicket(const uint8_t* body, size_t size) const;
  Breach encryptedExtensions(const uint8_t* body, size_t size) const;
  Breach certificate(const uint8_t* body, size_t size) const;
  Breach certificateRequest(const uint8_t* body, size_t size, bool duringHandshake) const;
  Breach serverKeyExchange(const KeyExchangeView& exchange) const;
  Breach protocol(const uint8_t* data, size_t size) const;
  bool continuesProtocol(const std::vector<Extension>& extensions) const;
  bool offered(int extension) const;

  const ContextConfig& config_;
  Codes extensions_;
  Codes suites_;
  Codes groups_;
  Codes shares_;
  Codes schemes_;
  Bytes sessionId_;
  Session session_;
  bool tls13_ = false;
  bool retried_ = false;
  int pskAt_ = -1;  // among the identities offered
  bool usesPsk_ = false;
  int suite_ = 0;
};

}  // namespace ferrule
