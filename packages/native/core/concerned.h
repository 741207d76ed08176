// Facts for messages about a certificate.
#pragma once

#include <string>
#include <vector>

#include "context.h"
#include "openssl.h"

namespace ferrule {

// Documented in src/binding.ts.
struct ConcernedCertificate {
  std::string subject;
  std::string issuer;
  Bytes issuerUrl;
  std::string notBefore;
  std::string notAfter;
  bool trusted = false;
};

ConcernedCertificate concernedCertificate(const X509* certificate, bool trusted);

// A dNSName or an iPAddress.
struct PeerName {
  bool isAddress = false;
  Bytes value;
};

std::vector<PeerName> hostNames(const X509* certificate);

}  // namespace ferrule
