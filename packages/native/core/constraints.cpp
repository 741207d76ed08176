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

bool isAddress(const std::string& name) {
  return name.find_first_not_of("0123456789.") == std::string::npos && std::count(name.begin(), name.end(), '.') == 3;
}

// RFC 1034 section 3.5 with RFC 1123 section 2.1, and underscores.
bool isHost(const std::string& name) {
  if (name.empty() || name.size() > 253 || isAddress(name)) return false;
  for (size_t start = 0; start <= name.size();) {
    const size_t end = std::min(name.find('.', start), name.size());
    const std::string label = name.substr(start, end - start);
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
    if (label.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") != std::string::npos) return false;
    start = end + 1;
  }
  return true;
}

// A name or constraint in the form that is compared; none for what is malformed.
using Reading = std::optional<std::string>;

Reading readMailbox(const std::string& value) {
  const size_t at = value.find('@');
  if (at == std::string::npos || at == 0 || !isAscii(value)) return {};
  const std::string host = lowered(value.substr(at + 1));
  return isHost(host) ? Reading(value.substr(0, at + 1) + host) : Reading();
}

// Its host: what has none, or an address in its place, cannot satisfy a constraint (RFC 5280 section 4.2.1.10).
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
      return readMailbox(value);
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
  if (type == K(GEN_EMAIL) && value.find('@') != std::string::npos) return readMailbox(value);
  const std::string base = lowered(value);
  if (base.empty()) return type == K(GEN_URI) ? Reading() : Reading(base);
  return isHost(base.front() == '.' ? base.substr(1) : base) ? Reading(base) : Reading();
}

// A wildcard is excluded as soon as one name that it stands for is.
bool isExcludedHost(const std::string& name, const std::string& base) {
  if (base.empty() || name == base) return true;
  if (base.front() == '.' ? name.size() > base.size() && endsWith(name, base) : endsWith(name, "." + base)) return true;
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

bool isLetter(char c) { return static_cast<unsigned char>(c) >= 0x80; }

// Whether texts agree up to the first letter beyond ASCII of either, with which the letter in front of it may be composed.
template <typename Iterator>
bool agree(Iterator a, Iterator aEnd, Iterator b, Iterator bEnd, bool composed) {
  const auto plain = [composed](Iterator at, Iterator end) {
    Iterator stop = std::find_if(at, end, isLetter);
    return composed && stop != end && stop != at ? stop - 1 : stop;
  };
  const auto length = std::min(plain(a, aEnd) - a, plain(b, bEnd) - b);
  return std::equal(a, a + length, b);
}

// Nobody here knows which letters beyond ASCII RFC 4518 calls the same, leaves out, or makes ASCII of: what stands around
// them tells texts apart.
Match matchTexts(const NameAttribute& a, const NameAttribute& b) {
  if (!a.readable || !b.readable) return Match::untold;
  if (a.text == b.text) return Match::yes;
  if (isAscii(a.text) && isAscii(b.text)) return Match::no;
  return agree(a.text.begin(), a.text.end(), b.text.begin(), b.text.end(), true) && agree(a.text.rbegin(), a.text.rend(), b.text.rbegin(), b.text.rend(), false)
             ? Match::untold
             : Match::no;
}

// RDNs of more members are told apart by nobody: each would be compared with each.
constexpr size_t kMostMembers = 16;

// Of the members that are not the same, each needs one that may be; what is read on one side needs what is not told on the
// other, so it chooses first.
Match matchRdns(const std::vector<NameAttribute>& a, const std::vector<NameAttribute>& b) {
  if (a.size() != b.size()) return Match::no;
  if (std::equal(a.begin(), a.end(), b.begin(), [](const NameAttribute& x, const NameAttribute& y) { return x.type == y.type && matchTexts(x, y) == Match::yes; })) {
    return Match::yes;
  }
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

// The wide forms of ASCII, U+FF01 to U+FF5E, as ASCII.
std::string narrowed(const std::string& utf8) {
  std::string result;
  for (size_t i = 0; i < utf8.size(); i++) {
    const auto octet = [&](size_t at) { return at < utf8.size() ? static_cast<unsigned char>(utf8[at]) : 0; };
    const int code = octet(i) == 0xef ? (octet(i + 1) & 0x3f) << 6 | (octet(i + 2) & 0x3f) : 0;
    const bool wide = code >= 0xf01 && code <= 0xf5e;
    result += wide ? static_cast<char>(code - 0xf01 + '!') : utf8[i];
    if (wide) i += 2;
  }
  return result;
}

// In lower case, with single spaces and without control characters, as RFC 5280 section 7.1 compares; letters beyond ASCII as
// they are.
std::string folded(const std::string& utf8) {
  std::string result;
  for (const char c : narrowed(utf8)) {
    const bool space = c == ' ' || (c >= '\t' && c <= '\r');
    const bool control = (c >= 0 && c < ' ') || c == 0x7f;
    if (!space && !control) result += lower(c);
    else if (!space) continue;
    else if (!result.empty() && result.back() != ' ') result += ' ';
  }
  if (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

// X.680 section 8.4: UTF8String, NumericString, PrintableString, TeletexString, IA5String, VisibleString, UniversalString,
// BMPString. As pure, TeletexString is Latin-1, and the others of one octet are ASCII.
constexpr int kUtf8String = 12;
bool isText(int tag) { return tag == kUtf8String || (tag >= 18 && tag <= 20) || tag == 22 || tag == 26 || tag == 28 || tag == 30; }
bool isTextOfAscii(int tag) { return tag == 18 || tag == 19 || tag == 22 || tag == 26; }

NameAttribute attributeOf(const X509_NAME_ENTRY* entry) {
  char type[128] = "";
  ossl().OBJ_obj2txt(type, sizeof type, ossl().X509_NAME_ENTRY_get_object(entry), 1);
  const ASN1_STRING* value = ossl().X509_NAME_ENTRY_get_data(entry);
  const int tag = ossl().ASN1_STRING_type(value);
  unsigned char* utf8 = nullptr;
  const int size = isText(tag) ? ossl().ASN1_STRING_to_UTF8(&utf8, value) : -1;
  NameAttribute attribute{type, size < 0 ? "" : folded(std::string(utf8, utf8 + size)), size >= 0};
  ossl().CRYPTO_free(utf8, "ferrule", 0);
  if (isTextOfAscii(tag) && !isAscii(attribute.text)) attribute.readable = false;
  return attribute;
}

ConstrainedName directoryOf(const X509_NAME* name) {
  ConstrainedName directory{K(GEN_DIRNAME), {}, {}};
  int last = -1;
  for (int i = 0; i < ossl().X509_NAME_entry_count(name); i++) {
    const X509_NAME_ENTRY* entry = ossl().X509_NAME_get_entry(name, i);
    const int set = ossl().X509_NAME_ENTRY_set(entry);
    if (set != last) directory.directory.emplace_back();
    last = set;
    directory.directory.back().push_back(attributeOf(entry));
  }
  for (auto& rdn : directory.directory) {
    std::sort(rdn.begin(), rdn.end(), [](const NameAttribute& a, const NameAttribute& b) { return a.type != b.type ? a.type < b.type : a.text < b.text; });
  }
  return directory;
}

// RFC 9598 section 3: the local part is in UTF-8, which no constraint is.
std::string mailboxOf(const AnyValue* value) {
  if (value->tag != kUtf8String) return "";
  std::string mailbox = octetsOf(value->string);
  std::replace_if(mailbox.begin(), mailbox.begin() + static_cast<std::ptrdiff_t>(std::min(mailbox.find('@'), mailbox.size())), isLetter, '\1');
  return mailbox;
}

using Read = Reading (*)(int type, const std::string& value);

// None for a kind of name that is not compared here: OpenSSL refuses those where they are constrained.
std::optional<ConstrainedName> nameOf(const GENERAL_NAME* name, Read read) {
  int type = 0;
  const void* value = ossl().GENERAL_NAME_get0_value(name, &type);
  if (type == K(GEN_DIRNAME)) return directoryOf(static_cast<const X509_NAME*>(value));
  if (type == K(GEN_OTHERNAME)) {
    const auto* other = static_cast<const OtherName*>(value);
    if (read != readName || ossl().OBJ_obj2nid(other->type) != K(NID_id_on_SmtpUTF8Mailbox)) return {};
    return ConstrainedName{K(GEN_EMAIL), readName(K(GEN_EMAIL), mailboxOf(other->value)), {}};
  }
  if (type != K(GEN_DNS) && type != K(GEN_EMAIL) && type != K(GEN_URI) && type != K(GEN_IPADD)) return {};
  return ConstrainedName{type, read(type, octetsOf(static_cast<const ASN1_STRING*>(value))), {}};
}

std::vector<ConstrainedName> basesOf(const OPENSSL_STACK* subtrees) {
  std::vector<ConstrainedName> bases;
  for (int i = 0; i < ossl().OPENSSL_sk_num(subtrees); i++) {
    if (auto base = nameOf(static_cast<const GeneralSubtree*>(ossl().OPENSSL_sk_value(subtrees, i))->base, readBase)) bases.push_back(std::move(*base));
  }
  return bases;
}

// Text of DNS names and directory names is what OpenSSL compares, too: who permits it is believed.
long judgePermitted(const std::vector<ConstrainedName>& permitted, const ConstrainedName& name) {
  if (name.type == K(GEN_DNS) || name.type == K(GEN_DIRNAME)) return K(X509_V_OK);
  long code = K(X509_V_OK);
  for (const ConstrainedName& base : permitted) {
    if (base.type != name.type) continue;
    const bool within = base.value && name.value && isWithin(name.type, *name.value, *base.value);
    if (within) return K(X509_V_OK);
    if (!base.value) return K(X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX);
    if (!name.value) return K(X509_V_ERR_UNSUPPORTED_NAME_SYNTAX);
    code = K(X509_V_ERR_PERMITTED_VIOLATION);
  }
  return code;
}

long judgeExcluded(const std::vector<ConstrainedName>& excluded, const ConstrainedName& name) {
  for (const ConstrainedName& base : excluded) {
    if (base.type != name.type) continue;
    if (name.type == K(GEN_DIRNAME)) {
      const Match match = matchDirectories(name, base);
      if (match == Match::yes) return K(X509_V_ERR_EXCLUDED_VIOLATION);
      // What cannot be read may be what is excluded.
      if (match == Match::untold) return K(X509_V_ERR_UNSUPPORTED_NAME_SYNTAX);
    } else {
      if (!base.value) return K(X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX);
      if (!name.value) return K(X509_V_ERR_UNSUPPORTED_NAME_SYNTAX);
      if (isWithin(name.type, *name.value, *base.value)) return K(X509_V_ERR_EXCLUDED_VIOLATION);
    }
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
    names.push_back({K(GEN_EMAIL), readName(K(GEN_EMAIL), octetsOf(ossl().X509_NAME_ENTRY_get_data(entry))), {}});
  }
  auto* alternatives = static_cast<OPENSSL_STACK*>(ossl().X509_get_ext_d2i(certificate, K(NID_subject_alt_name), nullptr, nullptr));
  for (int i = 0; i < ossl().OPENSSL_sk_num(alternatives); i++) {
    if (auto name = nameOf(static_cast<const GENERAL_NAME*>(ossl().OPENSSL_sk_value(alternatives, i)), readName)) names.push_back(std::move(*name));
  }
  ossl().GENERAL_NAMES_free(reinterpret_cast<struct stack_st_GENERAL_NAME*>(alternatives));
  return names;
}

Constraints readConstraints(const NameConstraints* constraints) { return {basesOf(constraints->permitted), basesOf(constraints->excluded)}; }

long judgeNames(const Constraints& constraints, const std::vector<ConstrainedName>& names, size_t* comparisons) {
  const size_t needed = (names.size() + 1) * (constraints.permitted.size() + constraints.excluded.size());
  if (needed > *comparisons) return K(X509_V_ERR_UNSPECIFIED);
  *comparisons -= needed;
  for (const ConstrainedName& name : names) {
    long code = judgePermitted(constraints.permitted, name);
    if (code == K(X509_V_OK)) code = judgeExcluded(constraints.excluded, name);
    if (code != K(X509_V_OK)) return code;
  }
  return K(X509_V_OK);
}

}  // namespace ferrule
