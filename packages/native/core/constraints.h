// Name constraints (RFC 5280 section 4.2.1.10), in place of OpenSSL's own check of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "directory.h"

namespace ferrule {

// A GeneralName, or a constraint on one, read once.
struct ConstrainedName {
  int type = 0;                      // GEN_*
  std::string octets;                // of a DNS name in lower case
  std::optional<std::string> value;  // of a DNS name, a mailbox, a URI or an address in the form that is compared; none for what is malformed
  Rdns directory;
  std::string otherType;  // of an otherName, the contents octets of its type
  bool bounded = false;   // a constraint with a minimum or a maximum, which RFC 5280 does not use
};

struct Constraints {
  std::vector<ConstrainedName> permitted;
  std::vector<ConstrainedName> excluded;
};

// All names that constraints are about: the subject, its mail addresses, the alternative names.
std::vector<ConstrainedName> constrainedNamesOf(const X509* certificate);

// Names times constraints over one path (NAME_CHECK_MAX in v3_ncons.c).
constexpr size_t kMostComparisons = size_t{1} << 20;

Constraints readConstraints(const NameConstraints* constraints);

// What constraints have against these names: X509_V_OK, or why not. The rules are those of @ferrule/x509's constraints.ts. OpenSSL
// compares text, so that it misses what a wildcard stands for, what it cannot read, the host of a URI behind user information or in
// front of a query, and letters beyond ASCII. `strict`: a constraint that cannot be read or is bounded spoils the extension also
// where it is compared with nothing, and DNS constraints have no leading period.
//
// `comparisons` is what is left of the work over one path, which OpenSSL bounds for each pair of certificates alone.
long judgeNames(const Constraints& constraints, const std::vector<ConstrainedName>& names, bool strict, size_t* comparisons);

}  // namespace ferrule
