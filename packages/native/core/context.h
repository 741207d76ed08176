// SSL_CTX: one set of options, shared by connections, and OpenSSL's callbacks that use them.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "openssl.h"
#include "store.h"

namespace ferrule {

using Bytes = std::vector<uint8_t>;
using Pin = std::array<uint8_t, 32>;

enum class Verify { peer, none, ask };
enum class Ocsp { off, request, require };

// RFC 9846 section 4.3.11: an external PSK.
struct Psk {
  Bytes identity;  // empty: there is none
  Bytes key;
  bool sha384 = false;
};

// Options already checked by JavaScript; strings are in OpenSSL's own notation.
struct ContextConfig {
  int minVersion = 0;
  int maxVersion = 0;
  std::string cipherList;          // TLS 1.2; empty when only 1.3 is offered
  std::string cipherSuites;        // TLS 1.3
  std::vector<uint16_t> suiteIds;  // the expected result of both lists, in any order
  std::string groups;
  std::string signatureAlgorithms;
  std::string clientSignatureAlgorithms;  // empty: the same
  Bytes alpn;                             // RFC 7301 wire format
  Verify verify = Verify::peer;
  bool strict = false;  // X509_V_FLAG_X509_STRICT
  Ocsp ocsp = Ocsp::off;
  std::vector<Bytes> anchors;
  std::vector<Bytes> crls;
  bool revocation = false;  // check revocation of the leaf of a valid path
  std::vector<Pin> pins;
  Psk psk;
  std::vector<int> certificateCompression;
  int securityLevel = 2;
  size_t recordPadding = 0;
  bool verifyHost = true;
  bool requireExtendedMasterSecret = true;
  bool refuseRenegotiation = true;
  bool requireSecureRenegotiation = true;
  bool sessionTickets = true;
  bool signedCertificateTimestamps = false;
  bool postHandshakeAuth = false;
  bool clientAuthentication = false;
  bool keylog = false;
  bool sessions = false;
  bool trace = false;
  uint32_t handshakeBytes = 0;
  uint32_t chainLength = 0;
  uint32_t keyUpdatesInARow = 0;
  uint32_t tickets = 0;
};

class Context {
 public:
  // Null on failure, with `problem`: the option's name, then what is wrong with it.
  static std::shared_ptr<Context> make(ContextConfig config, std::string* problem);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  SSL_CTX* get() const { return ctx_; }
  const ContextConfig& config() const { return config_; }
  X509_STORE* store() const { return store_->get(); }
  // When each CRL expires, seconds since the epoch.
  const std::vector<int64_t>& crlEnds() const { return crlEnds_; }

 private:
  explicit Context(ContextConfig config) : config_(std::move(config)) {}
  bool setUp(std::string* problem);
  const char* settle();

  ContextConfig config_;
  SSL_CTX* ctx_ = nullptr;
  std::shared_ptr<TrustStore> store_;
  std::vector<int64_t> crlEnds_;
};

}  // namespace ferrule
