// Verifies the peer: path, pins, staple; and asks JavaScript if configured.
#include <algorithm>
#include <cstring>
#include <ctime>

#include "connection.h"
#include "staple.h"

namespace ferrule {
namespace {

const OPENSSL_STACK* stack(const void* typed) { return static_cast<const OPENSSL_STACK*>(typed); }
X509* certificateAt(const OPENSSL_STACK* chain, int i) { return static_cast<X509*>(ossl().OPENSSL_sk_value(chain, i)); }

std::vector<Bytes> dersOf(const OPENSSL_STACK* chain, int count) {
  std::vector<Bytes> ders;
  for (int i = 0; i < std::min(count, ossl().OPENSSL_sk_num(chain)); i++) ders.push_back(derOf(certificateAt(chain, i)));
  return ders;
}

bool isAnchor(X509_STORE_CTX* store, X509* certificate) {
  auto* namesakes = reinterpret_cast<OPENSSL_STACK*>(ossl().X509_STORE_CTX_get1_certs(store, ossl().X509_get_subject_name(certificate)));
  bool found = false;
  for (int i = 0; i < ossl().OPENSSL_sk_num(namesakes); i++) found = found || ossl().X509_cmp(certificateAt(namesakes, i), certificate) == 0;
  ossl().OPENSSL_sk_pop_free(namesakes, [](void* one) { ossl().X509_free(static_cast<X509*>(one)); });
  return found;
}

// Empty if OpenSSL cannot encode it.
Bytes spkiOf(const X509* certificate) {
  unsigned char* der = nullptr;
  const int size = ossl().i2d_X509_PUBKEY(ossl().X509_get_X509_PUBKEY(certificate), &der);
  Bytes spki = size > 0 ? Bytes(der, der + size) : Bytes();
  ossl().CRYPTO_free(der, "ferrule", 0);
  return spki;
}

// The leaf of a path and the key of its issuer, which may be an anchor that is the leaf itself.
std::vector<Bytes> questionOf(const OPENSSL_STACK* path) {
  return {derOf(certificateAt(path, 0)), spkiOf(certificateAt(path, ossl().OPENSSL_sk_num(path) > 1 ? 1 : 0))};
}

// Leaves no error behind: OpenSSL would take it for the reason of a pause.
bool isReadable(X509* certificate) {
  const bool readable = (ossl().X509_get_extension_flags(certificate) & static_cast<uint32_t>(K(EXFLAG_INVALID))) == 0;
  ossl().ERR_clear_error();
  return readable;
}

}  // namespace

int Connection::verify(X509_STORE_CTX* store) {
  const ContextConfig& config = context_->config();
  const OPENSSL_STACK* sent = stack(ossl().X509_STORE_CTX_get0_untrusted(store));
  if (static_cast<uint32_t>(ossl().OPENSSL_sk_num(sent)) > config.chainLength) {
    return refuse(store, K(X509_V_ERR_CERT_CHAIN_TOO_LONG), K(X509_V_ERR_CERT_CHAIN_TOO_LONG), Reason::none);
  }
  // RFC 7627 section 5.3 requires handshake_failure, which OpenSSL sends for this X509_V code.
  if (config.requireExtendedMasterSecret && ossl().SSL_version(ssl_) == K(TLS1_2_VERSION) && facts_.extendedMasterSecret != 1) {
    return refuse(store, K(X509_V_OK), K(X509_V_ERR_APPLICATION_VERIFICATION), Reason::noExtendedMasterSecret);
  }
  X509* leaf = certificateAt(sent, 0);
  // With a duplicate or unreadable extension, OpenSSL finds neither issuer nor key usage, and reports that instead.
  const bool readable = isReadable(leaf);
  if (config.verify == Verify::peer && !readable) {
    describe(leaf, 0);
    return refuse(store, K(X509_V_ERR_INVALID_EXTENSION), K(X509_V_ERR_INVALID_EXTENSION), Reason::none);
  }
  if (config.verify == Verify::ask && stapleFollows_) {
    verdict_ = Verdict::due;
  } else if (config.verify == Verify::ask) {
    if (verdict_ != Verdict::accepted) {
      verdict_ = Verdict::asked;
      ossl().SSL_ctrl(ssl_, K(SSL_CTRL_SET_RETRY_VERIFY), 0, nullptr);
      return 1;
    }
    verdict_ = Verdict::none;
    facts_.verifyResult = K(X509_V_OK);
  } else {
    const Finding finding = verifyPath(store);
    verified_ = finding.code == K(X509_V_OK);
    if (verified_) pathLength_ = pinnedLength(store);
    facts_.verifyResult = finding.code;
    ossl().ERR_clear_error();
    if (verified_ && askRevocation(store)) return 1;
    if (!verified_) describe(finding.certificate, finding.depth, finding.depth >= ossl().X509_STORE_CTX_get_num_untrusted(store));
    if (!verified_ && config.verify == Verify::peer) return refuse(store, finding.code, finding.code, Reason::none);
  }
  // RFC 9846 section 4.5.1.2, and ECDHE in TLS 1.2: the key must sign. OpenSSL's purpose check accepts keys that only
  // encipher.
  if (config.verify != Verify::none && readable && (ossl().X509_get_key_usage(leaf) & static_cast<uint32_t>(K(KU_DIGITAL_SIGNATURE))) == 0) {
    const long code = K(X509_V_ERR_KEYUSAGE_NO_DIGITAL_SIGNATURE);
    describe(leaf, 0);
    return refuse(store, code, K(X509_V_ERR_INVALID_PURPOSE), Reason::none);
  }
  // Without a path, only the first certificate is certain to be the peer's: CertificateVerify proves it.
  if (verified_ ? pathLength_ == 0 : !pinned(sent, 1)) {
    describe(leaf, 0);
    return refuse(store, K(X509_V_ERR_APPLICATION_VERIFICATION), K(X509_V_ERR_CERT_REJECTED), Reason::pinMismatch);
  }
  return 1;
}

// For a valid path, asks JavaScript about its leaf, between two calls: the second builds the path again. True while
// there is no answer.
bool Connection::askRevocation(X509_STORE_CTX* store) {
  if (!context_->config().revocation) return false;
  if (verdict_ != Verdict::accepted) {
    question_ = questionOf(stack(ossl().X509_STORE_CTX_get0_chain(store)));
    describe(certificateAt(stack(ossl().X509_STORE_CTX_get0_chain(store)), 0), 0);
    verdict_ = Verdict::asked;
    ossl().SSL_ctrl(ssl_, K(SSL_CTRL_SET_RETRY_VERIFY), 0, nullptr);
    return true;
  }
  verdict_ = Verdict::none;
  if (told_ != K(X509_V_OK)) {
    verified_ = false;
    facts_.verifyResult = told_;
  }
  return false;
}

// OpenSSL's verdict, and the checks it lacks.
Finding Connection::verifyPath(X509_STORE_CTX* store) const {
  const ContextConfig& config = context_->config();
  ossl().X509_VERIFY_PARAM_set_auth_level(ossl().X509_STORE_CTX_get0_param(store), config.securityLevel);
  ossl().X509_STORE_CTX_set_verify_cb(store, forgive);
  if (ossl().X509_verify_cert(store) == 1) return judgePath(stack(ossl().X509_STORE_CTX_get0_chain(store)), config.strict);
  const int code = ossl().X509_STORE_CTX_get_error(store);
  return {code != K(X509_V_OK) ? code : K(X509_V_ERR_UNSPECIFIED), ossl().X509_STORE_CTX_get_error_depth(store), ossl().X509_STORE_CTX_get_current_cert(store)};
}

int Connection::refuse(X509_STORE_CTX* store, long verifyCode, long alertCode, Reason reason) {
  verified_ = false;
  facts_.verifyResult = verifyCode;
  if (pending_ == Reason::none) pending_ = reason;
  ossl().X509_STORE_CTX_set_error(store, static_cast<int>(alertCode));
  return 0;
}

bool Connection::accept(int verifyCode) {
  if (failure_.set || (verdict_ != Verdict::due && verdict_ != Verdict::asked)) return false;
  told_ = verifyCode;
  if (verdict_ == Verdict::due) spans.held = false;
  verdict_ = verdict_ == Verdict::due ? Verdict::none : Verdict::accepted;
  return true;
}

void Connection::reject(int verifyCode, int alert) {
  if (failure_.set) return;
  verdict_ = Verdict::none;
  verified_ = false;
  facts_.verifyResult = verifyCode == K(X509_V_OK) ? K(X509_V_ERR_APPLICATION_VERIFICATION) : verifyCode;
  fail();
  failure_.library = K(ERR_LIB_SSL);
  failure_.reason = K(SSL_R_CERTIFICATE_VERIFY_FAILED);
  sendAlert(kFatal, alert);
}

void Connection::describe(X509* certificate, int depth, bool trusted) {
  failure_.verifyDepth = depth;
  if (certificate != nullptr) failure_.certificate = concernedCertificate(certificate, trusted);
  ossl().ERR_clear_error();
}

// Length of the path up to an anchor (RFC 5280 section 6.1.1 d), including a pinned key if there are pins. OpenSSL
// continues beyond a trusted certificate if it can. 0: no such anchor.
int Connection::pinnedLength(X509_STORE_CTX* store) const {
  const OPENSSL_STACK* path = stack(ossl().X509_STORE_CTX_get0_chain(store));
  for (int length = 1; length <= ossl().OPENSSL_sk_num(path); length++) {
    if (isAnchor(store, certificateAt(path, length - 1)) && pinned(path, length)) return length;
  }
  return 0;
}

bool Connection::pinned(const OPENSSL_STACK* chain, int count) const {
  if (context_->config().pins.empty()) return true;
  for (int i = 0; i < count; i++) {
    const Bytes spki = spkiOf(certificateAt(chain, i));
    Pin digest{};
    unsigned int digestSize = 0;
    const bool hashed = !spki.empty() && ossl().EVP_Digest(spki.data(), spki.size(), digest.data(), &digestSize, ossl().EVP_sha256(), nullptr) == 1;
    for (const Pin& pin : context_->config().pins) {
      if (hashed && pin == digest) return true;
    }
  }
  return false;
}

bool Connection::needsStaple(const X509* leaf) const {
  const Ocsp ocsp = context_->config().ocsp;
  return ocsp == Ocsp::require || (ocsp == Ocsp::request && leaf != nullptr && mustStaple(leaf));
}

// An X509_V code. The issuer is the next in the path; if the leaf is itself the anchor, it may have been sent.
long Connection::stapleVerdict(const uint8_t* der, size_t size, const OPENSSL_STACK* chain, const OPENSSL_STACK* sent) const {
  const int length = ossl().OPENSSL_sk_num(chain);
  X509* leaf = length > 0 ? certificateAt(chain, 0) : nullptr;
  if (size == 0) return needsStaple(leaf) ? K(X509_V_ERR_OCSP_VERIFY_NEEDED) : K(X509_V_OK);
  if (leaf == nullptr) return K(X509_V_ERR_OCSP_VERIFY_FAILED);
  X509* issuer = length > 1 ? certificateAt(chain, 1) : issuerOf(leaf, sent);
  const long verdict = judgeResponse(der, size, leaf, issuer, time_ != 0 ? time_ : std::time(nullptr), context_->config().securityLevel);
  ossl().ERR_clear_error();
  return verdict;
}

int Connection::judgeStaple() {
  const ContextConfig& config = context_->config();
  // A verify function has been given the response; a resumed session has had its check.
  if (config.verify == Verify::ask || ossl().SSL_session_reused(ssl_) == 1) return 1;
  unsigned char* der = nullptr;
  const long size = ossl().SSL_ctrl(ssl_, K(SSL_CTRL_GET_TLSEXT_STATUS_REQ_OCSP_RESP), 0, &der);
  const OPENSSL_STACK* sent = stack(ossl().SSL_get_peer_cert_chain(ssl_));
  const OPENSSL_STACK* chain = verified_ ? stack(ossl().SSL_get0_verified_chain(ssl_)) : sent;
  const long verdict = stapleVerdict(der, der == nullptr || size <= 0 ? 0 : static_cast<size_t>(size), chain, sent);
  if (verdict == K(X509_V_OK)) return 1;
  if (config.verify == Verify::none) {
    if (verified_) facts_.verifyResult = verdict;
    verified_ = false;
    return 1;
  }
  describe(ossl().SSL_get0_peer_certificate(ssl_), 0);
  verified_ = false;
  facts_.verifyResult = verdict;
  breach(Reason::stapleRefused, verdict == K(X509_V_ERR_CERT_REVOKED) ? alert::certificateRevoked : alert::badCertificateStatusResponse);
  return 0;
}

// The checks of verify() and judgeStaple(), for certificates stored with a session.
bool Connection::judgeAnew(X509_STORE_CTX* store, const OPENSSL_STACK* sent, const Bytes& staple) {
  const ContextConfig& config = context_->config();
  X509* leaf = certificateAt(sent, 0);
  bool verified = false;
  reverifiedResult_ = K(X509_V_OK);
  reverifiedStaple_ = K(X509_V_OK);
  leafPinned_ = pinned(sent, 1);
  if (config.verify != Verify::ask) {
    reverifiedResult_ = verifyPath(store).code;
    verified = reverifiedResult_ == K(X509_V_OK);
    if (verified && config.revocation) question_ = questionOf(stack(ossl().X509_STORE_CTX_get0_chain(store)));
    if (!verified && config.verify == Verify::peer) return false;
  }
  if (config.verify != Verify::none && isReadable(leaf) && (ossl().X509_get_key_usage(leaf) & static_cast<uint32_t>(K(KU_DIGITAL_SIGNATURE))) == 0) return false;
  const OPENSSL_STACK* chain = verified ? stack(ossl().X509_STORE_CTX_get0_chain(store)) : sent;
  const int length = verified ? pinnedLength(store) : 0;
  if (verified ? length == 0 : !leafPinned_) return false;
  reverifiedChain_ = dersOf(chain, length);
  if (config.verify == Verify::ask || config.ocsp == Ocsp::off) return true;
  reverifiedStaple_ = stapleVerdict(staple.data(), staple.size(), chain, sent);
  return reverifiedStaple_ == K(X509_V_OK) || config.verify == Verify::none;
}

int Connection::chooseCredential() {
  if (spans.held) return -1;
  if (choice_ != Choice::made && choice_ != Choice::failed) {
    choice_ = Choice::asked;
    return -1;
  }
  const int answer = choice_ == Choice::made ? 1 : 0;
  choice_ = Choice::none;
  return answer;
}

bool Connection::useCredential(const KeyPair* credential) {
  if (choice_ != Choice::asked) return false;
  const bool used = credential == nullptr || ossl().SSL_use_cert_and_key(ssl_, credential->leaf(), credential->key(), credential->rest(), 1) == 1;
  ossl().ERR_clear_error();
  choice_ = used ? Choice::made : Choice::failed;
  return used;
}

void Connection::refuseCredential(int alert) {
  choice_ = Choice::failed;
  if (established()) return;  // OpenSSL sends internal_error
  fail();
  sendAlert(kFatal, alert);
}

std::vector<Bytes> Connection::authorities() const {
  std::vector<Bytes> names;
  const OPENSSL_STACK* list = stack(ossl().SSL_get0_peer_CA_list(ssl_));
  for (int i = 0; i < ossl().OPENSSL_sk_num(list); i++) names.push_back(derOf(static_cast<const X509_NAME*>(ossl().OPENSSL_sk_value(list, i))));
  return names;
}

namespace {

std::vector<int> schemesOf(SSL* ssl, int (*list)(SSL*, int, int*, int*, int*, unsigned char*, unsigned char*)) {
  std::vector<int> schemes;
  unsigned char low = 0;
  unsigned char high = 0;
  // Each call returns how many there are.
  for (int i = 0; i < list(ssl, i, nullptr, nullptr, nullptr, &low, &high); i++) schemes.push_back(high << 8 | low);
  return schemes;
}

}  // namespace

std::vector<int> Connection::requestedSignatureAlgorithms() const { return schemesOf(ssl_, ossl().SSL_get_sigalgs); }

std::vector<int> Connection::sharedSignatureAlgorithms() const { return schemesOf(ssl_, ossl().SSL_get_shared_sigalgs); }

Bytes Connection::requestedCertificateTypes() const {
  const unsigned char* types = nullptr;
  const long count = ossl().SSL_ctrl(ssl_, K(SSL_CTRL_GET_CLIENT_CERT_TYPES), 0, &types);
  return types == nullptr || count <= 0 ? Bytes() : Bytes(types, types + count);
}

std::vector<Bytes> Connection::peerChain() const {
  const OPENSSL_STACK* chain = stack(ossl().SSL_get_peer_cert_chain(ssl_));
  return dersOf(chain, ossl().OPENSSL_sk_num(chain));
}

std::vector<Bytes> Connection::verifiedChain() const {
  return verified_ ? dersOf(stack(ossl().SSL_get0_verified_chain(ssl_)), pathLength_) : std::vector<Bytes>();
}

Bytes Connection::ocspResponse() const {
  unsigned char* der = nullptr;
  const long size = ossl().SSL_ctrl(ssl_, K(SSL_CTRL_GET_TLSEXT_STATUS_REQ_OCSP_RESP), 0, &der);
  return der == nullptr || size <= 0 ? Bytes() : Bytes(der, der + size);
}

std::vector<PeerName> Connection::peerNames() const {
  const OPENSSL_STACK* chain = stack(ossl().SSL_get_peer_cert_chain(ssl_));
  return ossl().OPENSSL_sk_num(chain) < 1 ? std::vector<PeerName>() : hostNames(certificateAt(chain, 0));
}

Bytes Connection::serverEndPoint() const {
  X509* leaf = ossl().SSL_get0_peer_certificate(ssl_);
  int hash = 0;
  if (leaf == nullptr || ossl().X509_get_signature_info(leaf, &hash, nullptr, nullptr, nullptr) != 1 || hash == 0) return {};
  const bool old = hash == K(NID_md5) || hash == K(NID_sha1);
  const EVP_MD* md = old ? ossl().EVP_sha256() : ossl().EVP_get_digestbyname(ossl().OBJ_nid2sn(hash));
  Bytes digest(64);
  unsigned int size = 0;
  if (md == nullptr || ossl().X509_digest(leaf, md, digest.data(), &size) != 1) return {};
  digest.resize(size);
  return digest;
}

}  // namespace ferrule
