// Directory names as RFC 5280 section 7.1 compares them, by the one function that both engines ask (texts.h).
#pragma once

#include <string>
#include <vector>

#include "openssl.h"

namespace ferrule {

struct NameAttribute {
  std::string type;  // the contents octets of an OID
  std::u16string text;
  bool readable;  // else `text` holds its octets and its string type
};

using Rdns = std::vector<std::vector<NameAttribute>>;

// The contents octets.
std::string oidOf(const ASN1_OBJECT* object);

// The RDNs of a name, in its order; the members of each in an order of their own.
Rdns rdnsOf(const X509_NAME* name);

// Whatever string types and letters they are written in. X509_NAME_cmp(3) compares ASCII, and takes a NumericString for another name
// than the PrintableString of its digits. Where JavaScript does not answer, its word is all that counts.
bool sameName(const X509_NAME* a, const X509_NAME* b);

}  // namespace ferrule
