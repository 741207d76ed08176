#include "constraints.h"

#include <algorithm>
#include <optional>

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

std::string withoutLetters(const std::string& text) {
  std::string ascii;
  std::copy_if(text.begin(), text.end(), std::back_inserter(ascii), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  return ascii;
}

// Nobody here knows the case of letters beyond ASCII.
Match matchTexts(const NameAttribute& a, const NameAttribute& b) {
  if (!a.readable || !b.readable) return Match::untold;
  if (a.text == b.text) return Match::yes;
  const bool letters = !isAscii(a.text) && !isAscii(b.text);
  return letters && withoutLetters(a.text) == withoutLetters(b.text) ? Match::untold : Match::no;
}

Match matchRdns(const std::vector<NameAttribute>& a, const std::vector<NameAttribute>& b) {
  if (a.size() != b.size()) return Match::no;
  Match match = Match::yes;
  for (size_t i = 0; i < a.size(); i++) {
    if (a[i].type != b[i].type) return Match::no;
    const Match own = matchTexts(a[i], b[i]);
    if (own == Match::no) return Match::no;
    if (own == Match::untold) match = Match::untold;
  }
  return match;
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

// In lower case and with single spaces, as RFC 5280 section 7.1 compares; letters beyond ASCII as they are.
std::string folded(const std::string& utf8) {
  std::string result;
  for (const char c : narrowed(utf8)) {
    const bool space = c == ' ' || (c >= '\t' && c <= '\r');
    if (!space) result += lower(c);
    else if (!result.empty() && result.back() != ' ') result += ' ';
  }
  if (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

// X.680 section 8.4: UTF8String, NumericString, PrintableString, TeletexString, IA5String, VisibleString, UniversalString,
// BMPString. As pure, TeletexString is Latin-1, and the others of one octet are ASCII.
bool isText(int tag) { return tag == 12 || (tag >= 18 && tag <= 20) || tag == 22 || tag == 26 || tag == 28 || tag == 30; }
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
  ConstrainedName directory{K(GEN_DIRNAME), "", {}};
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

// None for a kind of name that is not compared here: OpenSSL refuses those where they are constrained.
std::optional<ConstrainedName> nameOf(const GENERAL_NAME* name) {
  int type = 0;
  const void* value = ossl().GENERAL_NAME_get0_value(name, &type);
  if (type == K(GEN_DIRNAME)) return directoryOf(static_cast<const X509_NAME*>(value));
  if (type != K(GEN_DNS) && type != K(GEN_EMAIL) && type != K(GEN_URI) && type != K(GEN_IPADD)) return {};
  return ConstrainedName{type, octetsOf(static_cast<const ASN1_STRING*>(value)), {}};
}

template <typename Use>
void eachBase(const OPENSSL_STACK* subtrees, int type, Use use) {
  for (int i = 0; i < ossl().OPENSSL_sk_num(subtrees); i++) {
    const auto base = nameOf(static_cast<const GeneralSubtree*>(ossl().OPENSSL_sk_value(subtrees, i))->base);
    if (base && base->type == type && !use(*base)) return;
  }
}

// Text of DNS names and directory names is what OpenSSL compares, too: who permits it is believed.
long judgePermitted(const OPENSSL_STACK* permitted, const ConstrainedName& name) {
  if (name.type == K(GEN_DNS) || name.type == K(GEN_DIRNAME)) return K(X509_V_OK);
  long code = K(X509_V_OK);
  eachBase(permitted, name.type, [&](const ConstrainedName& subtree) {
    const Reading base = readBase(subtree.type, subtree.value);
    const Reading reading = readName(name.type, name.value);
    const bool within = base && reading && isWithin(name.type, *reading, *base);
    code = within ? K(X509_V_OK) : !base ? K(X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX) : !reading ? K(X509_V_ERR_UNSUPPORTED_NAME_SYNTAX) : K(X509_V_ERR_PERMITTED_VIOLATION);
    return code == K(X509_V_ERR_PERMITTED_VIOLATION);
  });
  return code;
}

long judgeExcluded(const OPENSSL_STACK* excluded, const ConstrainedName& name) {
  long code = K(X509_V_OK);
  eachBase(excluded, name.type, [&](const ConstrainedName& subtree) {
    if (name.type == K(GEN_DIRNAME)) {
      const Match match = matchDirectories(name, subtree);
      // What cannot be read may be what is excluded.
      code = match == Match::yes ? K(X509_V_ERR_EXCLUDED_VIOLATION) : match == Match::untold ? K(X509_V_ERR_UNSUPPORTED_NAME_SYNTAX) : K(X509_V_OK);
      return code == K(X509_V_OK);
    }
    const Reading base = readBase(subtree.type, subtree.value);
    const Reading reading = readName(name.type, name.value);
    if (!base) code = K(X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX);
    else if (!reading) code = K(X509_V_ERR_UNSUPPORTED_NAME_SYNTAX);
    else if (isWithin(name.type, *reading, *base)) code = K(X509_V_ERR_EXCLUDED_VIOLATION);
    return code == K(X509_V_OK);
  });
  return code;
}

}  // namespace

std::vector<ConstrainedName> constrainedNamesOf(const X509* certificate) {
  std::vector<ConstrainedName> names;
  const X509_NAME* subject = ossl().X509_get_subject_name(certificate);
  if (ossl().X509_NAME_entry_count(subject) > 0) names.push_back(directoryOf(subject));
  for (int i = 0; i < ossl().X509_NAME_entry_count(subject); i++) {
    const X509_NAME_ENTRY* entry = ossl().X509_NAME_get_entry(subject, i);
    if (ossl().OBJ_obj2nid(ossl().X509_NAME_ENTRY_get_object(entry)) != K(NID_pkcs9_emailAddress)) continue;
    names.push_back({K(GEN_EMAIL), octetsOf(ossl().X509_NAME_ENTRY_get_data(entry)), {}});
  }
  auto* alternatives = static_cast<OPENSSL_STACK*>(ossl().X509_get_ext_d2i(certificate, K(NID_subject_alt_name), nullptr, nullptr));
  for (int i = 0; i < ossl().OPENSSL_sk_num(alternatives); i++) {
    if (auto name = nameOf(static_cast<const GENERAL_NAME*>(ossl().OPENSSL_sk_value(alternatives, i)))) names.push_back(*name);
  }
  ossl().GENERAL_NAMES_free(reinterpret_cast<struct stack_st_GENERAL_NAME*>(alternatives));
  return names;
}

long judgeNames(const NameConstraints* constraints, const std::vector<ConstrainedName>& names) {
  for (const ConstrainedName& name : names) {
    long code = judgePermitted(constraints->permitted, name);
    if (code == K(X509_V_OK)) code = judgeExcluded(constraints->excluded, name);
    if (code != K(X509_V_OK)) return code;
  }
  return K(X509_V_OK);
}

}  // namespace ferrule
