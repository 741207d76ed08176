// Name constraints (RFC 5280 section 4.2.1.10), beside OpenSSL's own check of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "openssl.h"

namespace ferrule {

struct NameAttribute {
  std::string type;  // an OID in dots
  std::string text;  // in UTF-8, as it is compared
  bool readable;     // a string type that can be compared
};

// A GeneralName of a kind that is compared here, or a constraint on one, read once.
struct ConstrainedName {
  int type;                          // GEN_*
  std::optional<std::string> value;  // of all but directory names, in the form that is compared; none for what is malformed
  std::vector<std::vector<NameAttribute>> directory;
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

// What constraints have against these names, as @ferrule/x509 judges them: X509_V_OK, or why not. OpenSSL has accepted the
// names. It compares text, so that it misses what a wildcard stands for, what it cannot read, and the host of a URI behind user
// information or in front of a query.
//
// `comparisons` is what is left of the work over one path, which OpenSSL bounds for each pair of certificates alone.
long judgeNames(const Constraints& constraints, const std::vector<ConstrainedName>& names, size_t* comparisons);

}  // namespace ferrule
