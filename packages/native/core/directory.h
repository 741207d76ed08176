// Directory names as RFC 5280 section 7.1 compares them, by the function shared by both engines (texts.h).
#pragma once

#include <string>
#include <vector>

#include "openssl.h"

namespace ferrule {

struct NameAttribute {
  std::string type;  // the contents octets of an OID
  std::u16string text;
  bool readable;  // if not, `text` holds its octets and its string type
};

using Rdns = std::vector<std::vector<NameAttribute>>;

// The contents octets.
std::string oidOf(const ASN1_OBJECT* object);

// The RDNs of a name, in order; the members of each are sorted.
Rdns rdnsOf(const X509_NAME* name);

// Ignores string types and case. X509_NAME_cmp(3) compares ASCII, and distinguishes a NumericString from a
// PrintableString of the same digits. If JavaScript cannot answer, its result is used alone.
bool sameName(const X509_NAME* a, const X509_NAME* b);

}  // namespace ferrule
