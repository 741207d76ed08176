// SSL_SESSION: offering one, verifying its peer again, and reporting those that the server issues.
#include <ctime>

#include "connection.h"
#include "staple.h"
#include "times.h"

namespace ferrule {
namespace {

const OPENSSL_STACK* stack(const void* typed) { return static_cast<const OPENSSL_STACK*>(typed); }

X509* parse(const Bytes& der) {
  const uint8_t* at = der.data();
  return ossl().d2i_X509(nullptr, &at, static_cast<long>(der.size()));
}

}  // namespace

int64_t earlier(int64_t first, int64_t moment, int64_t now) { return moment > now && (first == 0 || moment < first) ? moment : first; }

std::vector<int64_t> endsOf(const RevocationLists& lists) {
  std::vector<int64_t> ends;
  for (const RevocationList& list : lists) {
    // A list not yet valid will apply later, and may revoke; an expired one still counts within the clock skew.
    ends.push_back(secondsOf(ossl().X509_CRL_get0_lastUpdate(list.crl.get())) - clocks::skew);
    const int64_t last = secondsOf(ossl().X509_CRL_get0_nextUpdate(list.crl.get()));
    if (last != 0) ends.insert(ends.end(), {last, last + clocks::skew});
  }
  return ends;
}

bool Connection::setSession(const uint8_t* der, size_t size) {
  const uint8_t* at = der;
  SSL_SESSION* session = ossl().d2i_SSL_SESSION(nullptr, &at, static_cast<long>(size));
  const bool set = session != nullptr && ossl().SSL_set_session(ssl_, session) == 1;
  const SSL_CIPHER* cipher = set ? ossl().SSL_SESSION_get0_cipher(session) : nullptr;
  if (cipher != nullptr) {
    const unsigned char* alpn = nullptr;
    size_t length = 0;
    ossl().SSL_SESSION_get0_alpn_selected(session, &alpn, &length);
    rules_.offers({ossl().SSL_SESSION_get_protocol_version(session), ossl().SSL_CIPHER_get_protocol_id(cipher), Bytes(alpn, alpn + length)});
  }
  ossl().SSL_SESSION_free(session);
  ossl().ERR_clear_error();
  return set;
}

void Connection::saveSession(SSL_SESSION* session) {
  if (tickets_ >= context_->config().tickets || ossl().SSL_SESSION_is_resumable(session) != 1) return;
  tickets_++;
  const int version = ossl().SSL_SESSION_get_protocol_version(session);
  const SSL_CIPHER* cipher = ossl().SSL_SESSION_get0_cipher(session);
  const unsigned long hint = ossl().SSL_SESSION_get_ticket_lifetime_hint(session);
  // RFC 9846 section 4.7.1: a lifetime of 0 means that the ticket is to be discarded at once.
  if (cipher == nullptr || (hint == 0 && version == K(TLS1_3_VERSION))) return;
  const unsigned char* ticket = nullptr;
  size_t ticketSize = 0;
  ossl().SSL_SESSION_get0_ticket(session, &ticket, &ticketSize);
  const int size = ossl().i2d_SSL_SESSION(session, nullptr);
  if (size <= 0) return;
  Event event{EventKind::session, 0, Bytes(kSessionHeader + static_cast<size_t>(size))};
  const auto put = [&](size_t at, size_t width, uint64_t value) {
    for (size_t i = 0; i < width; i++) event.bytes[at + i] = static_cast<uint8_t>(value >> 8 * (width - 1 - i));
  };
  put(0, 2, static_cast<uint64_t>(version));
  put(2, 4, ossl().SSL_SESSION_get_max_early_data(session));
  put(6, 4, hint != 0 ? hint : static_cast<uint64_t>(ossl().SSL_SESSION_get_timeout(session)));
  put(10, 2, ossl().SSL_CIPHER_get_protocol_id(cipher));
  put(12, 4, ticketSize);
  put(16, 8, static_cast<uint64_t>(verifiedUntil()));
  unsigned char* at = event.bytes.data() + kSessionHeader;
  ossl().i2d_SSL_SESSION(session, &at);
  events_.push_back(std::move(event));
}

// Earliest expiry of the path, or the sent certificates if none was built; of the staple; of the CRLs.
int64_t Connection::verifiedUntil() const {
  const int64_t now = time_ != 0 ? time_ : std::time(nullptr);
  int64_t first = 0;
  const OPENSSL_STACK* chain = stack(verified_ ? ossl().SSL_get0_verified_chain(ssl_) : ossl().SSL_get_peer_cert_chain(ssl_));
  const int length = verified_ ? pathLength_ : ossl().OPENSSL_sk_num(chain);
  for (int i = 0; i < length; i++) {
    first = earlier(first, secondsOf(ossl().X509_get0_notAfter(static_cast<const X509*>(ossl().OPENSSL_sk_value(chain, i)))), now);
  }
  // What expired but counted within the clock skew ends with that.
  const auto end = [&](int64_t moment) {
    if (moment != 0) first = earlier(earlier(first, moment, now), moment + clocks::skew, now);
  };
  const Bytes staple = ocspResponse();
  const X509* leaf = ossl().OPENSSL_sk_num(chain) > 0 ? static_cast<const X509*>(ossl().OPENSSL_sk_value(chain, 0)) : nullptr;
  if (!staple.empty()) {
    for (const int64_t moment : endsOfResponse(staple, leaf)) end(moment);
  }
  if (context_->config().verify != Verify::ask) {
    for (const int64_t moment : context_->crlEnds()) first = earlier(first, moment, now);
  }
  ossl().ERR_clear_error();
  return first;
}

bool Connection::reverify(const std::vector<Bytes>& ders, const Bytes& staple) {
  OPENSSL_STACK* sent = ossl().OPENSSL_sk_new_null();
  bool readable = !ders.empty() && ders.size() <= context_->config().chainLength;
  for (size_t i = 0; readable && i < ders.size(); i++) {
    X509* certificate = parse(ders[i]);
    readable = certificate != nullptr && ossl().OPENSSL_sk_push(sent, certificate) > 0;
    if (!readable) ossl().X509_free(certificate);
  }
  X509_STORE_CTX* store = ossl().X509_STORE_CTX_new();
  X509* leaf = readable ? static_cast<X509*>(ossl().OPENSSL_sk_value(sent, 0)) : nullptr;
  // As OpenSSL does for a server's chain (ssl_verify_cert_chain): the purpose, then host, time and depth of this
  // connection.
  bool good = leaf != nullptr && store != nullptr && ossl().X509_STORE_CTX_init(store, context_->store(), leaf, reinterpret_cast<struct stack_st_X509*>(sent)) == 1 &&
              ossl().X509_STORE_CTX_set_default(store, "ssl_server") == 1 &&
              ossl().X509_VERIFY_PARAM_set1(ossl().X509_STORE_CTX_get0_param(store), ossl().SSL_get0_param(ssl_)) == 1;
  good = good && judgeAnew(store, sent, staple);
  ossl().X509_STORE_CTX_free(store);
  ossl().OPENSSL_sk_pop_free(sent, [](void* certificate) { ossl().X509_free(static_cast<X509*>(certificate)); });
  ossl().ERR_clear_error();
  return good;
}

}  // namespace ferrule
