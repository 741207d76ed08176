#include "constraints.h"

#include <algorithm>

namespace ferrule {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lowered(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), lower);
  return text;
}

std::string octetsOf(const ASN1_STRING* value) {
  const uint8_t* bytes = ossl().ASN1_STRING_get0_data(value);
  return std::string(bytes, bytes + ossl().ASN1_STRING_length(value));
}

bool isAscii(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool endsWith(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// Four decimal octets, as the pure engine reads them.
bool isAddress(const std::string& name) {
  size_t start = 0;
  for (int octets = 1; octets <= 4; octets++) {
    const size_t end = std::min(name.find('.', start), name.size());
    const std::string number = name.substr(start, end - start);
    if (number.empty() || number.size() > 3 || number.find_first_not_of("0123456789") != std::string::npos) return false;
    if ((number.size() > 1 && number.front() == '0') || std::stoi(number) > 255) return false;
    if (end == name.size()) return octets == 4;
    start = end + 1;
  }
  return false;
}

// RFC 1034 section 3.5 with RFC 1123 section 2.1, underscores, and hyphens at the edges of labels.
bool isHost(const std::string& name) {
  if (name.empty() || name.size() > 253 || isAddress(name)) return false;
  for (size_t start = 0; start <= name.size();) {
    const size_t end = std::min(name.find('.', start), name.size());
    const std::string label = name.substr(start, end - start);
    if (label.empty() || label.size() > 63) return false;
    if (label.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") != std::string::npos) return false;
    start = end + 1;
  }
  return true;
}

// A name or constraint normalised for comparison; none if malformed.
using Reading = std::optional<std::string>;

Reading readMailbox(const std::string& value) {
  const size_t at = value.find('@');
  if (at == std::string::npos || at == 0) return {};
  const std::string host = lowered(value.substr(at + 1));
  return isHost(host) ? Reading(value.substr(0, at + 1) + host) : Reading();
}

Reading readAsciiMailbox(const std::string& value) { return isAscii(value) ? readMailbox(value) : Reading(); }

// Its host: a URI without one, or with an IP address, cannot satisfy a constraint (RFC 5280 section 4.2.1.10).
Reading readUri(const std::string& value) {
  const std::string uri = lowered(value);
  const size_t colon = uri.find("://");
  if (colon == std::string::npos || colon == 0 || uri[0] < 'a' || uri[0] > 'z') return {};
  if (uri.substr(0, colon).find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789+.-") != std::string::npos) return {};
  const size_t start = colon + 3;
  std::string authority = uri.substr(start, std::min(uri.find_first_of("/?#", start), uri.size()) - start);
  if (const size_t at = authority.find('@'); at != std::string::npos) authority = authority.substr(at + 1);
  const size_t port = authority.find(':');
  if (port != std::string::npos && authority.find_first_not_of("0123456789", port + 1) != std::string::npos) return {};
  const std::string host = authority.substr(0, port);
  return isHost(host) ? Reading(host) : Reading();
}

Reading readName(int type, const std::string& value) {
  switch (type) {
    case K(GEN_DNS): {
      const std::string name = lowered(value);
      return isHost(name.compare(0, 2, "*.") == 0 ? name.substr(2) : name) ? Reading(name) : Reading();
    }
    case K(GEN_EMAIL):
      return readAsciiMailbox(value);
    case K(GEN_URI):
      return readUri(value);
    default:
      return value.size() == 4 || value.size() == 16 ? Reading(value) : Reading();
  }
}

// Ones, then zeros (RFC 4632).
bool isMask(const std::string& mask) {
  bool ended = false;
  for (const char octet : mask) {
    for (int bit = 7; bit >= 0; bit--) {
      const bool one = (octet >> bit & 1) != 0;
      if (one && ended) return false;
      ended = ended || !one;
    }
  }
  return true;
}

Reading readBase(int type, const std::string& value) {
  if (type == K(GEN_IPADD)) return (value.size() == 8 || value.size() == 32) && isMask(value.substr(value.size() / 2)) ? Reading(value) : Reading();
  if (type == K(GEN_EMAIL) && value.find('@') != std::string::npos) return readAsciiMailbox(value);
  const std::string base = lowered(value);
  if (base.empty()) return type == K(GEN_URI) ? Reading() : Reading(base);
  return isHost(base.front() == '.' ? base.substr(1) : base) ? Reading(base) : Reading();
}

// A name is below another if it has zero or more labels added on its left, one or more for a leading period; all are
// below the empty one.
bool isBelow(const std::string& name, const std::string& base) {
  if (base.empty() || name == base) return base.empty() || base.front() != '.';
  return base.front() == '.' ? name.size() > base.size() && endsWith(name, base) : endsWith(name, "." + base);
}

// A wildcard is excluded if any name that it matches is.
bool isExcludedHost(const std::string& name, const std::string& base) {
  if (isBelow(name, base)) return true;
  if (name.front() != '*') return false;
  const std::string parent = name.substr(1);
  return endsWith(base, parent) && base.substr(0, base.size() - parent.size()).find('.') == std::string::npos;
}

bool isInRange(const std::string& address, const std::string& range) {
  const size_t size = address.size();
  if (range.size() != 2 * size) return false;
  for (size_t i = 0; i < size; i++) {
    if (((address[i] ^ range[i]) & range[size + i]) != 0) return false;
  }
  return true;
}

bool isWithin(int type, const std::string& name, const std::string& base) {
  const bool subdomains = !base.empty() && base.front() == '.';
  switch (type) {
    case K(GEN_DNS):
      return isExcludedHost(name, base);
    case K(GEN_EMAIL): {
      if (base.find('@') != std::string::npos) return name == base;
      const std::string host = name.substr(name.find('@') + 1);
      return base.empty() || (subdomains ? endsWith(host, base) : host == base);
    }
    case K(GEN_URI):
      return subdomains ? endsWith(name, base) : name == base;
    default:
      return isInRange(name, base);
  }
}

enum class Match { no, yes, untold };

// An unreadable value may equal anything; only itself for certain.
Match matchTexts(const NameAttribute& a, const NameAttribute& b) {
  if (a.readable == b.readable && a.text == b.text) return Match::yes;
  return a.readable && b.readable ? Match::no : Match::untold;
}

// Larger RDNs are not compared: the work is quadratic.
constexpr size_t kMostMembers = 16;

// Each member without an equal needs one that may be equal; readable ones can only match unreadable ones, so they
// choose first.
Match matchRdns(const std::vector<NameAttribute>& a, const std::vector<NameAttribute>& b) {
  if (a.size() != b.size()) return Match::no;
  if (std::equal(a.begin(), a.end(), b.begin(), [](const NameAttribute& x, const NameAttribute& y) { return x.type == y.type && matchTexts(x, y) == Match::yes; })) {
    return Match::yes;
  }
  const auto isUnread = [](const NameAttribute& own) { return !own.readable; };
  if (std::none_of(a.begin(), a.end(), isUnread) && std::none_of(b.begin(), b.end(), isUnread)) return Match::no;
  if (a.size() > kMostMembers) return Match::untold;
  std::vector<NameAttribute> left = b;
  const auto take = [&left](const NameAttribute& own, Match wanted) {
    const auto at = std::find_if(left.begin(), left.end(), [&](const NameAttribute& other) { return own.type == other.type && matchTexts(own, other) == wanted; });
    if (at == left.end()) return false;
    left.erase(at);
    return true;
  };
  std::vector<NameAttribute> rest;
  std::copy_if(a.begin(), a.end(), std::back_inserter(rest), [&](const NameAttribute& own) { return !take(own, Match::yes); });
  std::stable_partition(rest.begin(), rest.end(), [](const NameAttribute& own) { return own.readable; });
  return std::all_of(rest.begin(), rest.end(), [&](const NameAttribute& own) { return take(own, Match::untold); }) ? Match::untold : Match::no;
}

Match matchDirectories(const ConstrainedName& name, const ConstrainedName& base) {
  if (name.directory.size() < base.directory.size()) return Match::no;
  Match match = Match::yes;
  for (size_t i = 0; i < base.directory.size(); i++) {
    const Match own = matchRdns(name.directory[i], base.directory[i]);
    if (own == Match::no) return Match::no;
    if (own == Match::untold) match = Match::untold;
  }
  return match;
}

ConstrainedName directoryOf(const X509_NAME* name) {
  ConstrainedName directory;
  directory.type = K(GEN_DIRNAME);
  directory.directory = rdnsOf(name);
  return directory;
}

// RFC 9598 section 3: the local part is in UTF-8, the host in ASCII.
constexpr int kUtf8String = 12;
Reading mailboxOf(const AnyValue* value) { return value->tag == kUtf8String ? readMailbox(octetsOf(value->string)) : Reading(); }

using Read = Reading (*)(int type, const std::string& value);

ConstrainedName textOf(int type, const ASN1_STRING* value, Read read) {
  ConstrainedName name;
  name.type = type;
  name.octets = octetsOf(value);
  name.value = read(type, name.octets);
  if (type == K(GEN_DNS)) name.octets = lowered(name.octets);
  return name;
}

ConstrainedName nameOf(const GENERAL_NAME* general, Read read) {
  ConstrainedName name;
  const void* value = ossl().GENERAL_NAME_get0_value(general, &name.type);
  switch (name.type) {
    case K(GEN_DIRNAME):
      return directoryOf(static_cast<const X509_NAME*>(value));
    case K(GEN_DNS):
    case K(GEN_EMAIL):
    case K(GEN_URI):
    case K(GEN_IPADD):
      return textOf(name.type, static_cast<const ASN1_STRING*>(value), read);
    case K(GEN_OTHERNAME): {
      const auto* other = static_cast<const OtherName*>(value);
      // Mailbox constraints apply to it (RFC 9598 section 6).
      if (read == readName && ossl().OBJ_obj2nid(other->type) == K(NID_id_on_SmtpUTF8Mailbox)) {
        name.type = K(GEN_EMAIL);
        name.value = mailboxOf(other->value);
      }
      name.otherType = oidOf(other->type);
      return name;
    }
    default:
      return name;
  }
}

std::vector<ConstrainedName> basesOf(const OPENSSL_STACK* subtrees) {
  std::vector<ConstrainedName> bases;
  for (int i = 0; i < ossl().OPENSSL_sk_num(subtrees); i++) {
    const auto* subtree = static_cast<const GeneralSubtree*>(ossl().OPENSSL_sk_value(subtrees, i));
    bases.push_back(nameOf(subtree->base, readBase));
    bases.back().bounded = subtree->maximum != nullptr || (subtree->minimum != nullptr && ossl().ASN1_INTEGER_get(subtree->minimum) != 0);
  }
  return bases;
}

bool isCompared(int type) { return type == K(GEN_DIRNAME) || type == K(GEN_DNS) || type == K(GEN_EMAIL) || type == K(GEN_URI) || type == K(GEN_IPADD); }

bool isUnreadable(const ConstrainedName& name) { return isCompared(name.type) && name.type != K(GEN_DIRNAME) && !name.value; }

// A constraint on otherNames concerns only its own type; mailbox constraints also concern UTF-8 mailboxes.
bool concerns(const ConstrainedName& base, const ConstrainedName& name) {
  return base.type == K(GEN_OTHERNAME) ? base.otherType == name.otherType : base.type == name.type;
}

// Whether the name is within: X509_V_ERR_EXCLUDED_VIOLATION if so, X509_V_OK if not, else why that is undecidable.
long compare(const ConstrainedName& name, const ConstrainedName& base, bool excluding) {
  constexpr long kWithin = K(X509_V_ERR_EXCLUDED_VIOLATION);
  if (base.bounded) return K(X509_V_ERR_SUBTREE_MINMAX);
  // DNS names are compared as text: an invalid one may be permitted, which is harmless since it matches no host.
  if (name.type == K(GEN_DNS) && !excluding) return isBelow(name.octets, base.octets) ? kWithin : K(X509_V_OK);
  // An unreadable base may exclude anything.
  if (isUnreadable(base)) return K(X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX);
  if (!isCompared(base.type)) return K(X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE);
  if (isUnreadable(name)) return K(X509_V_ERR_UNSUPPORTED_NAME_SYNTAX);
  if (name.type != K(GEN_DIRNAME)) return isWithin(name.type, *name.value, *base.value) ? kWithin : K(X509_V_OK);
  const Match match = matchDirectories(name, base);
  if (match == Match::untold && excluding) return K(X509_V_ERR_UNSUPPORTED_NAME_SYNTAX);
  return match == Match::yes ? kWithin : K(X509_V_OK);
}

long judgePermitted(const std::vector<ConstrainedName>& permitted, const ConstrainedName& name) {
  long code = K(X509_V_OK);
  for (const ConstrainedName& base : permitted) {
    if (!concerns(base, name)) continue;
    const long within = compare(name, base, false);
    if (within == K(X509_V_ERR_EXCLUDED_VIOLATION)) return K(X509_V_OK);
    if (within != K(X509_V_OK)) return within;
    code = K(X509_V_ERR_PERMITTED_VIOLATION);
  }
  return code;
}

long judgeExcluded(const std::vector<ConstrainedName>& excluded, const ConstrainedName& name) {
  for (const ConstrainedName& base : excluded) {
    const long code = concerns(base, name) ? compare(name, base, true) : K(X509_V_OK);
    if (code != K(X509_V_OK)) return code;
  }
  return K(X509_V_OK);
}

// RFC 5280 section 4.2.1.10, for each constraint alone.
long judgeForm(const std::vector<ConstrainedName>& bases) {
  for (const ConstrainedName& base : bases) {
    const bool period = base.type == K(GEN_DNS) && !base.octets.empty() && base.octets.front() == '.';
    if (period || isUnreadable(base)) return K(X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX);
    if (base.bounded) return K(X509_V_ERR_SUBTREE_MINMAX);
  }
  return K(X509_V_OK);
}

}  // namespace

std::vector<ConstrainedName> constrainedNamesOf(const X509* certificate) {
  std::vector<ConstrainedName> names;
  const X509_NAME* subject = ossl().X509_get_subject_name(certificate);
  if (ossl().X509_NAME_entry_count(subject) > 0) names.push_back(directoryOf(subject));
  for (int i = 0; i < ossl().X509_NAME_entry_count(subject); i++) {
    const X509_NAME_ENTRY* entry = ossl().X509_NAME_get_entry(subject, i);
    if (ossl().OBJ_obj2nid(ossl().X509_NAME_ENTRY_get_object(entry)) != K(NID_pkcs9_emailAddress)) continue;
    names.push_back(textOf(K(GEN_EMAIL), ossl().X509_NAME_ENTRY_get_data(entry), readName));
  }
  auto* alternatives = static_cast<OPENSSL_STACK*>(ossl().X509_get_ext_d2i(certificate, K(NID_subject_alt_name), nullptr, nullptr));
  for (int i = 0; i < ossl().OPENSSL_sk_num(alternatives); i++) {
    names.push_back(nameOf(static_cast<const GENERAL_NAME*>(ossl().OPENSSL_sk_value(alternatives, i)), readName));
  }
  ossl().GENERAL_NAMES_free(reinterpret_cast<struct stack_st_GENERAL_NAME*>(alternatives));
  return names;
}

Constraints readConstraints(const NameConstraints* constraints) { return {basesOf(constraints->permitted), basesOf(constraints->excluded)}; }

long judgeNames(const Constraints& constraints, const std::vector<ConstrainedName>& names, bool strict, size_t* comparisons) {
  const size_t needed = (names.size() + 1) * (constraints.permitted.size() + constraints.excluded.size());
  if (needed > *comparisons) return K(X509_V_ERR_UNSPECIFIED);
  *comparisons -= needed;
  if (strict) {
    long code = judgeForm(constraints.permitted);
    if (code == K(X509_V_OK)) code = judgeForm(constraints.excluded);
    if (code != K(X509_V_OK)) return code;
  }
  for (const ConstrainedName& name : names) {
    long code = judgePermitted(constraints.permitted, name);
    if (code == K(X509_V_OK)) code = judgeExcluded(constraints.excluded, name);
    if (code != K(X509_V_OK)) return code;
  }
  return K(X509_V_OK);
}

}  // namespace ferrule
