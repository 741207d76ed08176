// SSL: one connection. OpenSSL's callbacks never call JavaScript: events are queued and fetched after the call;
// decisions make OpenSSL pause (WANT_RETRY_VERIFY, WANT_X509_LOOKUP).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chain.h"
#include "concerned.h"
#include "context.h"
#include "credential.h"
#include "openssl.h"
#include "rules.h"
#include "span.h"

namespace ferrule {

// `flush` only sends pending output.
enum class Operation : uint32_t { handshake = 0, read = 1, write = 2, writeEarlyData = 3, shutdown = 4, keyUpdate = 5, flush = 6 };

enum class EventKind : uint32_t { keylog = 0, session = 1, sent = 2, received = 3 };

struct Event {
  EventKind kind;
  int contentType = 0;
  Bytes bytes;
};

// A session event begins with the version (2 bytes), the early data allowed (4), the lifetime in seconds (4), the
// cipher suite (2), the length of the ticket (4) and the expiry of the verified facts (8: seconds since the epoch, 0 =
// none).
constexpr size_t kSessionHeader = 24;

// The earlier of the two, where 0 means none; a time not after `now` is ignored.
int64_t earlier(int64_t first, int64_t moment, int64_t now);
// When lists expire, or become valid, which requires verifying again: seconds since the epoch.
std::vector<int64_t> endsOf(const RevocationLists& lists);

// AlertLevel, RFC 5246 section 7.2.
constexpr int kWarning = 1;
constexpr int kFatal = 2;

// Why the connection is dead.
struct Failure {
  bool set = false;
  bool duringHandshake = false;
  int error = 0;       // SSL_ERROR_*
  int library = 0;     // ERR_GET_LIB
  int reason = 0;      // ERR_GET_REASON
  Reason own = Reason::none;
  std::string text;    // the whole queue, for messages
  int verifyDepth = 0;
  std::optional<ConcernedCertificate> certificate;
};

struct Facts {
  int helloRetryRequested = -1;
  int extendedMasterSecret = -1;
  int group = 0;
  int peerSignatureAlgorithm = 0;
  long verifyResult = 0;
  int alertSent = -1;
  int alertReceived = -1;
};

class Connection {
 public:
  static std::unique_ptr<Connection> make(std::shared_ptr<Context> context);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // One operation over `spans`, which the caller points at the BIOs' views and clears afterwards. Returns the
  // contract's result; if not positive, the reason is in `lastError`.
  int step(Operation operation, uint8_t* data, size_t size);

  bool setHost(const std::string& name, bool isAddress);
  bool setSession(const uint8_t* der, size_t size);
  // The certificates of a session, as the peer sent them, and its staple (empty: none), verified again. False when no
  // longer valid. A verify function is called by JavaScript, separately.
  bool reverify(const std::vector<Bytes>& ders, const Bytes& staple);
  // Results of the last reverify(): leaf to root, empty if no path was found and none was needed; an X509_V code.
  const std::vector<Bytes>& reverifiedChain() const { return reverifiedChain_; }
  long reverifiedResult() const { return reverifiedResult_; }
  // The same of the staple.
  long reverifiedStaple() const { return reverifiedStaple_; }
  // Whether the leaf matches the pins, if the path does not count.
  bool leafPinned() const { return leafPinned_; }
  void setTime(time_t seconds);
  // The answers to WANT_RETRY_VERIFY. False when no question is pending. The code is reported when verification is off.
  bool accept(int verifyCode);
  bool onlyTells() const { return context_->config().verify == Verify::none; }
  // X509_V_OK becomes X509_V_ERR_APPLICATION_VERIFICATION. May be called at any time.
  void reject(int verifyCode, int alert);
  // The answer to WANT_X509_LOOKUP; null for "no certificate". False when OpenSSL rejects the pair, or no question is
  // pending.
  bool useCredential(const KeyPair* credential);
  // The other answer: no credential matches, or the choice failed.
  void refuseCredential(int alert);
  bool exportKeyingMaterial(const std::string& label, const uint8_t* context, size_t contextSize, bool useContext, uint8_t* into, size_t size);
  // RFC 5929 section 4.1; empty where it is not defined.
  Bytes serverEndPoint() const;

  // The leaf of the latest path, and its issuer's key.
  std::vector<Bytes> revocationQuestion() const { return question_; }
  std::vector<Bytes> peerChain() const;
  std::vector<Bytes> verifiedChain() const;
  std::vector<PeerName> peerNames() const;
  Bytes ocspResponse() const;
  std::string alpn() const;
  std::vector<Bytes> authorities() const;
  std::vector<int> requestedSignatureAlgorithms() const;
  // Those of them that the context has for client certificates, in OpenSSL's order of preference.
  std::vector<int> sharedSignatureAlgorithms() const;
  Bytes requestedCertificateTypes() const;
  std::vector<Event> takeEvents();

  SSL* ssl() const { return ssl_; }
  const Facts& facts() const { return facts_; }
  const Failure& failure() const { return failure_; }
  Bytes signedCertificateTimestamps() const { return scts_; }
  bool hasEvents() const { return !events_.empty(); }
  // Whether output waits for space that no retried operation will send: a response to the peer.
  bool hasUnsentAnswer() const { return unsentAnswers_ > 0 && spans.unsent() > 0; }
  // Minimum length with which the pending write must be retried.
  size_t committed() const { return committed_; }
  bool established() const { return phase_ >= Phase::established; }
  // SSL_get_shutdown(3), but only once close_notify has reached the write BIO: OpenSSL sets it before sending.
  int shutdownState() const;
  // By a session, not by the context's PSK.
  bool resumed() const { return ossl().SSL_session_reused(ssl_) == 1 && !rules_.usesPsk(); }
  const uint8_t* head() const { return head_; }
  size_t headSize() const { return headSize_; }

  Spans spans;
  int lastError = 0;

  // For the callbacks.
  static Connection& of(const SSL* ssl);
  int verify(X509_STORE_CTX* store);
  int chooseCredential();
  int judgeStaple();
  void offerPsk(const EVP_MD* hash, const unsigned char** identity, size_t* size, SSL_SESSION** session);
  void saveSession(SSL_SESSION* session);
  void log(const char* line);
  // The header of a record, RFC 9846 section 5.1: content type, version, length.
  void record(bool sent, const uint8_t* header);
  void message(bool sent, int contentType, const uint8_t* bytes, size_t size);
  // The content type inside a protected record of TLS 1.3.
  void receivedInner(int contentType);
  void keepTimestamps(const uint8_t* bytes, size_t size);

 private:
  // JavaScript's verdict on the certificate. In TLS 1.2 the stapled response follows it (RFC 6066 section 8), too late
  // for OpenSSL's callback: the certificate is accepted provisionally, the verdict is due, and our flight is held until
  // JavaScript has judged both.
  enum class Verdict { none, asked, accepted, due };
  // JavaScript's choice of a credential.
  enum class Choice { none, asked, made, failed };
  enum class Phase {
    handshake,
    lastFlight,   // OpenSSL is done, the rest of our flight waits for space
    established,
    closed,       // by a close_notify of fatal level, after which OpenSSL is unusable
  };

  explicit Connection(std::shared_ptr<Context> context) : context_(std::move(context)), rules_(context_->config()) {}
  bool judgeAnew(X509_STORE_CTX* store, const OPENSSL_STACK* sent, const Bytes& staple);
  int64_t verifiedUntil() const;
  int run(Operation operation, uint8_t* data, size_t size);
  int handshake();
  int read(uint8_t* into, size_t size);
  int write(Operation how, const uint8_t* from, size_t size);
  int shutdown();
  int keyUpdate(bool requestPeer);
  bool readMessage();
  int wantWrite();
  int notDone(int ret);
  int fail();
  void failOwn();
  void breach(Reason reason, int alert);
  void breach(Breach found) { breach(found.reason, found.alert); }
  void sendAlert(int level, int alert);
  void countMessage(int type);
  bool messageBegun() const;
  bool closedFatally();
  int failClosed();
  void checkResult();
  void describe(X509* certificate, int depth, bool trusted = false);
  void receivedAlert(int level, int description);
  void readHandshakeMessage(const uint8_t* bytes, size_t size);
  void readServerHello(const ServerView& hello);
  void readServerKeyExchange(const KeyExchangeView& exchange);
  bool askRevocation(X509_STORE_CTX* store);
  int pinnedLength(X509_STORE_CTX* store) const;
  bool pinned(const OPENSSL_STACK* chain, int count) const;  // also true without pins
  Finding verifyPath(X509_STORE_CTX* store) const;
  bool needsStaple(const X509* leaf) const;
  long stapleVerdict(const uint8_t* der, size_t size, const OPENSSL_STACK* chain, const OPENSSL_STACK* sent) const;
  int refuse(X509_STORE_CTX* store, long verifyCode, long alertCode, Reason reason);

  std::shared_ptr<Context> context_;
  Rules rules_;
  SSL* ssl_ = nullptr;
  Facts facts_;
  Failure failure_;
  Reason pending_ = Reason::none;  // found inside a callback, reported after the call
  int pendingAlert_ = 0;           // to be sent with it
  std::vector<Event> events_;
  Bytes scts_;
  std::vector<Bytes> reverifiedChain_;
  long reverifiedResult_ = 0;
  long reverifiedStaple_ = 0;
  bool leafPinned_ = false;
  Verdict verdict_ = Verdict::none;
  int told_ = 0;  // X509_V code that came with it
  std::vector<Bytes> question_;
  bool stapleFollows_ = false;  // announced by the server in TLS 1.2
  Choice choice_ = Choice::none;
  Phase phase_ = Phase::handshake;
  bool peerProtects_ = false;  // since its change_cipher_spec of TLS 1.2
  bool protected_ = false;  // a record under keys has gone out
  int keyUpdating_ = -1;    // what the pending KeyUpdate requests
  int shutdownDue_ = -1;    // what shutdown() returns once close_notify is out
  bool verified_ = false;
  int pathLength_ = 0;  // if verified: up to its anchor
  size_t handshakeBytes_ = 0;   // in cleartext or TLS 1.2 records, not yet part of a complete message
  const char* messageState_ = nullptr;  // OpenSSL's state at its last complete message
  bool answersClose_ = false;   // the peer's close_notify in a handshake of TLS 1.2
  bool ticketRenewed_ = false;  // by a TLS 1.2 resumption
  // Counts of the peer's messages since data last arrived.
  struct {
    uint32_t keyUpdates = 0;
    uint32_t certificateRequests = 0;
    uint32_t others = 0;
    uint32_t records = 0;
  } row_;
  uint32_t tickets_ = 0;
  size_t messages_ = 0;     // complete handshake messages of the peer
  size_t committed_ = 0;      // by OpenSSL, of a write that the caller still has to retry
  size_t unsentAnswers_ = 0;  // bytes written by reading since all output was last sent
  time_t time_ = 0;  // 0: the clock of the machine
  uint8_t head_[bounds::quoted];
  size_t headSize_ = 0;
  size_t headSeen_ = 0;
};

}  // namespace ferrule
