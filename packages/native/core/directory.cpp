#include "directory.h"

#include <algorithm>

#include "texts.h"

namespace ferrule {
namespace {

// Universal tags of ASN.1. CAs write Latin-1 where ASCII belongs; comparisons of whole names accept that, as OpenSSL
// does; under constraints such text is unreadable.
constexpr int kPrintableString = 19, kTeletexString = 20, kIa5String = 22, kVisibleString = 26;
enum class Latin1 { unread, inAscii };

int readAs(int tag, Latin1 latin1) {
  const bool ascii = tag == kPrintableString || tag == kIa5String || tag == kVisibleString;
  return ascii && latin1 == Latin1::inAscii ? kTeletexString : tag;
}

NameAttribute attributeOf(const X509_NAME_ENTRY* entry, Latin1 latin1) {
  const std::string type = oidOf(ossl().X509_NAME_ENTRY_get_object(entry));
  const ASN1_STRING* value = ossl().X509_NAME_ENTRY_get_data(entry);
  const int tag = readAs(ossl().ASN1_STRING_type(value), latin1);
  const uint8_t* octets = ossl().ASN1_STRING_get0_data(value);
  const auto size = static_cast<size_t>(ossl().ASN1_STRING_length(value));
  if (auto text = textReader == nullptr ? std::nullopt : textReader->comparable(tag, octets, size)) return {type, std::move(*text), true};
  std::u16string unread(octets, octets + size);
  unread.push_back(static_cast<char16_t>(tag));
  return {type, std::move(unread), false};
}

Rdns rdnsOf(const X509_NAME* name, Latin1 latin1) {
  Rdns rdns;
  int last = -1;
  for (int i = 0; i < ossl().X509_NAME_entry_count(name); i++) {
    const X509_NAME_ENTRY* entry = ossl().X509_NAME_get_entry(name, i);
    const int set = ossl().X509_NAME_ENTRY_set(entry);
    if (set != last) rdns.emplace_back();
    last = set;
    rdns.back().push_back(attributeOf(entry, latin1));
  }
  for (auto& rdn : rdns) {
    std::sort(rdn.begin(), rdn.end(), [](const NameAttribute& a, const NameAttribute& b) { return a.type != b.type ? a.type < b.type : a.text < b.text; });
  }
  return rdns;
}

bool sameMembers(const std::vector<NameAttribute>& a, const std::vector<NameAttribute>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const NameAttribute& x, const NameAttribute& y) { return x.type == y.type && x.readable == y.readable && x.text == y.text; });
}

}  // namespace

std::string oidOf(const ASN1_OBJECT* object) {
  const uint8_t* octets = ossl().OBJ_get0_data(object);
  return std::string(octets, octets + ossl().OBJ_length(object));
}

Rdns rdnsOf(const X509_NAME* name) { return rdnsOf(name, Latin1::unread); }

bool sameName(const X509_NAME* a, const X509_NAME* b) {
  if (ossl().X509_NAME_cmp(a, b) == 0) return true;
  if (ossl().X509_NAME_entry_count(a) != ossl().X509_NAME_entry_count(b)) return false;
  const Rdns left = rdnsOf(a, Latin1::inAscii);
  const Rdns right = rdnsOf(b, Latin1::inAscii);
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), sameMembers);
}

}  // namespace ferrule
