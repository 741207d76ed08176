#include "connection.h"

#include <algorithm>
#include <cstring>

namespace ferrule {
namespace {

constexpr size_t kRecordHeader = 5;
constexpr size_t kMaxPlaintext = 16384;
// Limit of responses while our records wait for the peer to read. To get more, the peer has to read first.
constexpr size_t kMostUnsentAnswers = 16384;
// Counts are returned as an int.
constexpr size_t kMostAtOnce = size_t{1} << 30;
// Header, explicit nonce, inner content type and tag of a record, and room for a preceding KeyUpdate.
constexpr size_t kRecordOverhead = 128;

}  // namespace

std::unique_ptr<Connection> Connection::make(std::shared_ptr<Context> context) {
  std::unique_ptr<Connection> connection(new Connection(std::move(context)));
  connection->ssl_ = ossl().SSL_new(connection->context_->get());
  BIO* bio = connection->ssl_ == nullptr ? nullptr : newSpanBio(&connection->spans);
  if (bio == nullptr) return nullptr;
  ossl().SSL_set_bio(connection->ssl_, bio, bio);
  ossl().SSL_set_ex_data(connection->ssl_, 0, connection.get());
  ossl().SSL_set_connect_state(connection->ssl_);
  // An openssl.cnf can give every context a certificate.
  ossl().SSL_certs_clear(connection->ssl_);
  X509_VERIFY_PARAM* param = ossl().SSL_get0_param(connection->ssl_);
  ossl().X509_VERIFY_PARAM_set_hostflags(param, static_cast<unsigned>(K(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS) | K(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT)));
  if (connection->context_->config().strict) ossl().X509_VERIFY_PARAM_set_flags(param, static_cast<unsigned long>(K(X509_V_FLAG_X509_STRICT)));
  ossl().X509_VERIFY_PARAM_set_depth(param, static_cast<int>(std::min<uint32_t>(connection->context_->config().chainLength, 1000)));
  return connection;
}

Connection::~Connection() {
  ossl().SSL_free(ssl_);
  for (Event& event : events_) ossl().OPENSSL_cleanse(event.bytes.data(), event.bytes.size());
}

Connection& Connection::of(const SSL* ssl) { return *static_cast<Connection*>(ossl().SSL_get_ex_data(ssl, 0)); }

bool Connection::setHost(const std::string& name, bool isAddress) {
  X509_VERIFY_PARAM* param = ossl().SSL_get0_param(ssl_);
  const auto sendName = [&](const char* value) {
    return ossl().SSL_ctrl(ssl_, K(SSL_CTRL_SET_TLSEXT_HOSTNAME), K(TLSEXT_NAMETYPE_host_name), const_cast<char*>(value)) == 1;
  };
  // Replaces earlier settings. IP addresses are not sent (RFC 6066 section 3).
  ossl().X509_VERIFY_PARAM_set1_host(param, nullptr, 0);
  ossl().X509_VERIFY_PARAM_set1_ip(param, nullptr, 0);
  sendName(nullptr);
  if (!context_->config().verifyHost) return isAddress || sendName(name.c_str());
  if (isAddress) return ossl().X509_VERIFY_PARAM_set1_ip_asc(param, name.c_str()) == 1;
  return ossl().X509_VERIFY_PARAM_set1_host(param, name.data(), name.size()) == 1 && sendName(name.c_str());
}

void Connection::setTime(time_t seconds) {
  time_ = seconds;
  ossl().X509_VERIFY_PARAM_set_time(ossl().SSL_get0_param(ssl_), seconds);
}

int Connection::step(Operation operation, uint8_t* data, size_t size) {
  // One error queue per thread, shared with node:crypto: empty before, empty after.
  if (ossl().ERR_peek_error() != 0) ossl().ERR_clear_error();
  lastError = 0;
  if (headSeen_ < sizeof head_ && spans.inSize > 0) {
    const size_t n = std::min(sizeof head_ - headSeen_, spans.inSize);
    std::memcpy(head_ + headSeen_, spans.in, n);
    headSize_ = headSeen_ + n;
  }
  spans.drain();
  int ret = failure_.set ? -1 : run(operation, data, std::min(size, kMostAtOnce));
  if (spans.held && ret <= 0 && !failure_.set) lastError = K(SSL_ERROR_WANT_RETRY_VERIFY);
  headSeen_ += spans.inUsed;
  if (pending_ != Reason::none && !failure_.set) {
    failOwn();
    ret = std::max(ret, 0) > 0 && operation == Operation::read ? ret : -1;
  }
  if (spans.unsent() == 0) unsentAnswers_ = 0;
  if (ret > 0 || !failure_.set) return ret;
  // Send the alert, and pending output before it.
  spans.drain();
  lastError = spans.unsent() > 0 ? K(SSL_ERROR_WANT_WRITE) : failure_.error;
  return -1;
}

int Connection::run(Operation operation, uint8_t* data, size_t size) {
  switch (operation) {
    case Operation::handshake:
      return handshake();
    case Operation::read:
      return read(data, size);
    case Operation::write:
    case Operation::writeEarlyData:
      return write(operation, data, size);
    case Operation::shutdown:
      return shutdown();
    case Operation::keyUpdate:
      return keyUpdate(size != 0);
    case Operation::flush:
      return spans.unsent() == 0 ? 1 : wantWrite();
  }
  return -1;
}

int Connection::wantWrite() {
  lastError = K(SSL_ERROR_WANT_WRITE);
  return -1;
}

int Connection::handshake() {
  if (established()) return 1;
  if (spans.unsent() > 0) return wantWrite();
  committed_ = 0;  // Pending early data remains early data and comes first in the stream.
  if (phase_ == Phase::handshake) {
    const int ret = ossl().SSL_do_handshake(ssl_);
    if (ret != 1) {
      notDone(ret);
      // OpenSSL waits for more after what could be an SSL 2 record. Only an alert or a ServerHello can come first.
      const bool strange = headSize_ >= kRecordHeader && head_[0] != K(SSL3_RT_HANDSHAKE) && head_[0] != K(SSL3_RT_ALERT);
      if (lastError == K(SSL_ERROR_WANT_READ) && strange && pending_ == Reason::none) pending_ = Reason::notTls;
      if (lastError == K(SSL_ERROR_WANT_READ) && spans.unsent() > 0) return wantWrite();
      return -1;
    }
    if (pending_ == Reason::none) checkResult();
    if (pending_ != Reason::none) return -1;
    // OpenSSL does not call new_session_cb when the server sends a new ticket for a resumed session.
    if (ticketRenewed_ && context_->config().sessions && ossl().SSL_session_reused(ssl_) == 1) saveSession(ossl().SSL_get_session(ssl_));
    phase_ = Phase::lastFlight;
  }
  if (spans.unsent() > 0) return wantWrite();
  phase_ = Phase::established;
  return 1;
}

// Requirements that OpenSSL does not enforce.
void Connection::checkResult() {
  const ContextConfig& config = context_->config();
  if (ossl().SSL_version(ssl_) == K(TLS1_2_VERSION)) {
    facts_.extendedMasterSecret = ossl().SSL_ctrl(ssl_, K(SSL_CTRL_GET_EXTMS_SUPPORT), 0, nullptr) == 1 ? 1 : 0;
    if (config.requireExtendedMasterSecret && facts_.extendedMasterSecret != 1) breach(Reason::noExtendedMasterSecret, 0);
  }
}

// Fills as much of `into` as the input allows: one call per chunk, not per record.
int Connection::read(uint8_t* into, size_t size) {
  if (phase_ == Phase::closed) {
    lastError = K(SSL_ERROR_ZERO_RETURN);
    return 0;
  }
  size_t total = 0;
  for (;;) {
    if (unsentAnswers_ > kMostUnsentAnswers) return total > 0 ? static_cast<int>(total) : wantWrite();
    const size_t unsent = spans.unsent();
    const size_t messages = messages_;
    size_t n = 0;
    spans.starved = false;
    const bool got = ossl().SSL_read_ex(ssl_, into + total, size - total, &n) == 1;
    if (spans.unsent() > unsent) unsentAnswers_ += spans.unsent() - unsent;
    if (got) {
      if (pending_ != Reason::none) {
        // Data after a message that ends the connection: discard it.
        ossl().OPENSSL_cleanse(into + total, n);
        return total > 0 ? static_cast<int>(total) : -1;
      }
      total += n;
      row_ = {};
      if (total == size || (spans.inUsed == spans.inSize && ossl().SSL_pending(ssl_) == 0)) return static_cast<int>(total);
      continue;
    }
    const int why = ossl().SSL_get_error(ssl_, 0);
    // Without SSL_MODE_AUTO_RETRY, OpenSSL returns after each message of the peer.
    if (why == K(SSL_ERROR_WANT_READ) && !spans.starved && messages_ > messages && pending_ == Reason::none) continue;
    if (total > 0) {
      // The next call reports the outcome, unless OpenSSL reports it only once.
      if ((why == K(SSL_ERROR_SSL) || why == K(SSL_ERROR_SYSCALL)) && !closedFatally()) fail();
      return static_cast<int>(total);
    }
    return why == K(SSL_ERROR_WANT_READ) && hasUnsentAnswer() ? wantWrite() : notDone(0);
  }
}

// Writes records as long as they fit. The first may lack space: WANT_WRITE until the rest of it is out; later ones are
// started only if they fit. A pending write is retried with committed() bytes or more.
int Connection::write(Operation how, const uint8_t* from, size_t size) {
  const auto seal = how == Operation::write ? ossl().SSL_write_ex : ossl().SSL_write_early_data;
  const size_t overhead = kRecordOverhead + context_->config().recordPadding;
  if (spans.unsent() > 0) return wantWrite();
  if (phase_ == Phase::closed) return failClosed();
  size_t total = committed_;
  committed_ = 0;
  while (total < size) {
    const size_t chunk = std::min(size - total, kMaxPlaintext);
    if (total > 0 && spans.room() < chunk + overhead) break;
    size_t n = 0;
    if (seal(ssl_, from + total, chunk, &n) != 1) {
      if (total == 0) return notDone(0);
      const int why = ossl().SSL_get_error(ssl_, 0);
      if (why == K(SSL_ERROR_SSL) || why == K(SSL_ERROR_SYSCALL)) fail();
      break;
    }
    total += n;
    if (spans.unsent() == 0) continue;
    committed_ = total;
    return wantWrite();
  }
  return static_cast<int>(total);
}

int Connection::shutdown() {
  if (spans.unsent() > 0) return wantWrite();
  if (phase_ == Phase::closed) return 1;
  if (shutdownDue_ < 0) {
    if (!readMessage()) return -1;
    int ret;
    size_t before;
    do {
      // As in read(): OpenSSL returns after each message of the peer, and the next may have arrived.
      before = messages_ + spans.inUsed;
      spans.starved = false;
      ret = ossl().SSL_shutdown(ssl_);
    } while (ret < 0 && ossl().SSL_get_error(ssl_, ret) == K(SSL_ERROR_WANT_READ) && !spans.starved && messages_ + spans.inUsed > before && pending_ == Reason::none);
    // A fatal alert instead of close_notify also ends it, and leaves an error in the queue.
    if (ret == 1 && ossl().ERR_peek_error() != 0 && !closedFatally()) return fail();
    if (ret < 0) return notDone(ret);
    shutdownDue_ = ret;
  }
  if (spans.unsent() > 0) return wantWrite();
  const int ret = shutdownDue_;
  shutdownDue_ = -1;
  return ret;
}

int Connection::shutdownState() const {
  const int state = ossl().SSL_get_shutdown(ssl_);
  return shutdownDue_ < 0 ? state : state & ~K(SSL_SENT_SHUTDOWN);
}

// Reads a partially received message: SSL_shutdown(3) and SSL_key_update(3) fail until it is complete.
bool Connection::readMessage() {
  if (ossl().SSL_in_init(ssl_) != 1) return true;
  const int ret = ossl().SSL_do_handshake(ssl_);
  if (ret != 1) notDone(ret);
  return ret == 1;
}

int Connection::keyUpdate(bool requestPeer) {
  if (spans.unsent() > 0) return wantWrite();
  if (phase_ == Phase::closed) return failClosed();
  // A different request than the pending one is a new key update.
  if (keyUpdating_ != (requestPeer ? 1 : 0)) {
    if (!readMessage()) return -1;
    const long type = requestPeer ? K(SSL_KEY_UPDATE_REQUESTED) : K(SSL_KEY_UPDATE_NOT_REQUESTED);
    if (ossl().SSL_key_update(ssl_, static_cast<int>(type)) != 1) return fail();
    keyUpdating_ = requestPeer ? 1 : 0;
    const int ret = ossl().SSL_do_handshake(ssl_);
    if (ret != 1) return notDone(ret);
  }
  if (spans.unsent() > 0) return wantWrite();
  keyUpdating_ = -1;
  return 1;
}

int Connection::notDone(int ret) {
  lastError = ossl().SSL_get_error(ssl_, ret);
  switch (lastError) {
    case K(SSL_ERROR_WANT_READ):
    case K(SSL_ERROR_WANT_WRITE):
    case K(SSL_ERROR_WANT_X509_LOOKUP):
    case K(SSL_ERROR_WANT_RETRY_VERIFY):
      return -1;
    case K(SSL_ERROR_ZERO_RETURN):
      if (established()) return 0;
      return fail();
    default:
      if (!closedFatally()) return fail();
      lastError = K(SSL_ERROR_ZERO_RETURN);
      return 0;
  }
}

// RFC 9846 section 6.1: close_notify closes, whatever its level. OpenSSL treats a fatal one as an error in TLS 1.2.
bool Connection::closedFatally() {
  const unsigned long error = ossl().ERR_peek_error();
  const bool alert = ((error >> 23) & 0xff) == static_cast<unsigned long>(K(ERR_LIB_SSL));
  if (!established() || !alert || (error & 0x7fffff) != static_cast<unsigned long>(K(SSL_AD_REASON_OFFSET))) return false;
  ossl().ERR_clear_error();
  phase_ = Phase::closed;
  return true;
}

int Connection::failClosed() {
  fail();
  failure_.library = K(ERR_LIB_SSL);
  failure_.reason = K(SSL_R_PROTOCOL_IS_SHUTDOWN);
  return -1;
}

int Connection::fail() {
  failure_.set = true;
  failure_.duringHandshake = !established();
  failure_.error = K(SSL_ERROR_SSL);
  failure_.own = pending_;
  failure_.text = takeErrors(&failure_.library, &failure_.reason);
  spans.held = false;
  if (spans.ended) spans.dropUnsent();
  if (pendingAlert_ != 0) sendAlert(kFatal, pendingAlert_);
  else if (answersClose_) sendAlert(kWarning, alert::closeNotify);
  return -1;
}

void Connection::failOwn() {
  fail();
  failure_.library = failure_.reason = 0;
}

// The first one counts. With an alert, OpenSSL's own output for the message is suppressed.
void Connection::breach(Reason reason, int alert) {
  if (pending_ != Reason::none || reason == Reason::none) return;
  pending_ = reason;
  if (established() || alert == 0) return;
  spans.held = true;
  pendingAlert_ = alert;
}

// OpenSSL does not let callers choose an alert. Until we send under keys, ours is in the clear, as OpenSSL's own.
void Connection::sendAlert(int level, int alert) {
  if (protected_) return;
  const uint8_t record[] = {static_cast<uint8_t>(K(SSL3_RT_ALERT)), 3, 3, 0, 2, static_cast<uint8_t>(level), static_cast<uint8_t>(alert)};
  message(true, K(SSL3_RT_ALERT), record + 5, 2);
  spans.push(record, sizeof record);
}

// For OpenSSL an external PSK is a session as well.
void Connection::offerPsk(const EVP_MD* hash, const unsigned char** identity, size_t* size, SSL_SESSION** session) {
  const Psk& psk = context_->config().psk;
  *session = nullptr;
  // After a HelloRetryRequest the hash is fixed, and the PSK may need another.
  if (hash != nullptr && ossl().EVP_MD_get_size(hash) != (psk.sha384 ? 48 : 32)) return;
  const unsigned char suite[] = {0x13, static_cast<unsigned char>(psk.sha384 ? 0x02 : 0x01)};
  SSL_SESSION* made = ossl().SSL_SESSION_new();
  const SSL_CIPHER* cipher = ossl().SSL_CIPHER_find(ssl_, suite);
  if (made == nullptr || cipher == nullptr || ossl().SSL_SESSION_set1_master_key(made, psk.key.data(), psk.key.size()) != 1 ||
      ossl().SSL_SESSION_set_cipher(made, cipher) != 1 || ossl().SSL_SESSION_set_protocol_version(made, K(TLS1_3_VERSION)) != 1) {
    ossl().SSL_SESSION_free(made);
    return;
  }
  *identity = psk.identity.data();
  *size = psk.identity.size();
  *session = made;  // OpenSSL frees it
}

void Connection::log(const char* line) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(line);
  events_.push_back({EventKind::keylog, 0, Bytes(bytes, bytes + std::strlen(line))});
}

void Connection::keepTimestamps(const uint8_t* bytes, size_t size) { scts_.assign(bytes, bytes + size); }

std::vector<Event> Connection::takeEvents() {
  std::vector<Event> events;
  events.swap(events_);
  return events;
}

bool Connection::exportKeyingMaterial(const std::string& label, const uint8_t* context, size_t contextSize, bool useContext, uint8_t* into,
                                      size_t size) {
  const bool done = ossl().SSL_export_keying_material(ssl_, into, size, label.data(), label.size(), context, contextSize, useContext ? 1 : 0) == 1;
  ossl().ERR_clear_error();
  return done;
}

std::string Connection::alpn() const {
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  ossl().SSL_get0_alpn_selected(ssl_, &name, &size);
  return std::string(reinterpret_cast<const char*>(name), size);
}

}  // namespace ferrule
