#include "directory.h"

#include <algorithm>

#include "texts.h"

namespace ferrule {
namespace {

NameAttribute attributeOf(const X509_NAME_ENTRY* entry) {
  const std::string type = oidOf(ossl().X509_NAME_ENTRY_get_object(entry));
  const ASN1_STRING* value = ossl().X509_NAME_ENTRY_get_data(entry);
  const int tag = ossl().ASN1_STRING_type(value);
  const uint8_t* octets = ossl().ASN1_STRING_get0_data(value);
  const auto size = static_cast<size_t>(ossl().ASN1_STRING_length(value));
  if (auto text = textReader == nullptr ? std::nullopt : textReader->comparable(tag, octets, size)) return {type, std::move(*text), true};
  std::u16string unread(octets, octets + size);
  unread.push_back(static_cast<char16_t>(tag));
  return {type, std::move(unread), false};
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

Rdns rdnsOf(const X509_NAME* name) {
  Rdns rdns;
  int last = -1;
  for (int i = 0; i < ossl().X509_NAME_entry_count(name); i++) {
    const X509_NAME_ENTRY* entry = ossl().X509_NAME_get_entry(name, i);
    const int set = ossl().X509_NAME_ENTRY_set(entry);
    if (set != last) rdns.emplace_back();
    last = set;
    rdns.back().push_back(attributeOf(entry));
  }
  for (auto& rdn : rdns) {
    std::sort(rdn.begin(), rdn.end(), [](const NameAttribute& a, const NameAttribute& b) { return a.type != b.type ? a.type < b.type : a.text < b.text; });
  }
  return rdns;
}

bool sameName(const X509_NAME* a, const X509_NAME* b) {
  if (ossl().X509_NAME_cmp(a, b) == 0) return true;
  if (ossl().X509_NAME_entry_count(a) != ossl().X509_NAME_entry_count(b)) return false;
  const Rdns left = rdnsOf(a);
  const Rdns right = rdnsOf(b);
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), sameMembers);
}

}  // namespace ferrule
