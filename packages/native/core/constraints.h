// Name constraints (RFC 5280 section 4.2.1.10), instead of OpenSSL's own check.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "directory.h"

namespace ferrule {

// A GeneralName, or a constraint on one, parsed once.
struct ConstrainedName {
  int type = 0;                      // GEN_*
  std::string octets;                // of a DNS name in lower case
  std::optional<std::string> value;  // DNS name, mailbox, URI or address, normalised for comparison; none if malformed
  Rdns directory;
  std::string otherType;  // of an otherName, the contents octets of its type
  bool bounded = false;   // a constraint with a minimum or a maximum, which RFC 5280 does not use
};

struct Constraints {
  std::vector<ConstrainedName> permitted;
  std::vector<ConstrainedName> excluded;
};

// All names that constraints apply to: the subject, its mail addresses, the alternative names.
std::vector<ConstrainedName> constrainedNamesOf(const X509* certificate);

// Limit of names times constraints over one path (NAME_CHECK_MAX in v3_ncons.c).
constexpr size_t kMostComparisons = size_t{1} << 20;

Constraints readConstraints(const NameConstraints* constraints);

// Checks names against constraints: X509_V_OK, or why not. The rules are those of @ferrule/x509's constraints.ts.
// OpenSSL compares text, so that it misses names matched by a wildcard, unreadable names, the host of a URI with user
// information or a query, and non-ASCII letters. `strict`: a constraint that is unreadable or bounded is an error even
// if no name is compared with it, and DNS constraints have no leading period.
//
// `comparisons` is the remaining budget for the whole path; OpenSSL only bounds each pair of certificates.
long judgeNames(const Constraints& constraints, const std::vector<ConstrainedName>& names, bool strict, size_t* comparisons);

}  // namespace ferrule
