#include "strength.h"

#include <algorithm>

namespace ferrule {
namespace {

// RFC 4055 section 3.1: SHA-1 by default. `undef` for unreadable parameters.
int hashOfPss(int type, const void* parameters) {
  constexpr int kSequence = 16;
  if (type != kSequence) return K(NID_undef);
  const auto* der = static_cast<const ASN1_STRING*>(parameters);
  const uint8_t* at = ossl().ASN1_STRING_get0_data(der);
  RSA_PSS_PARAMS* read = ossl().d2i_RSA_PSS_PARAMS(nullptr, &at, ossl().ASN1_STRING_length(der));
  int hash = read == nullptr ? K(NID_undef) : K(NID_sha1);
  if (read != nullptr && reinterpret_cast<const PssParameters*>(read)->hash != nullptr) {
    const ASN1_OBJECT* name = nullptr;
    ossl().X509_ALGOR_get0(&name, nullptr, nullptr, reinterpret_cast<const PssParameters*>(read)->hash);
    hash = ossl().OBJ_obj2nid(name);
  }
  ossl().RSA_PSS_PARAMS_free(read);
  return hash;
}

// SHA-224 has this many bits of security (SP 800-57 part 1 section 5.6.1.2).
constexpr int kLeastBits = 112;

}  // namespace

int securityBits(int level) {
  constexpr int kBits[] = {0, 80, 112, 128, 192, 256};
  return kBits[std::clamp(level, 0, 5)];
}

bool hasStrongHash(const X509_ALGOR* algorithm, int level) {
  const ASN1_OBJECT* name = nullptr;
  int type = 0;
  const void* parameters = nullptr;
  ossl().X509_ALGOR_get0(&name, &type, &parameters, algorithm);
  const int nid = name == nullptr ? K(NID_undef) : ossl().OBJ_obj2nid(name);
  int hash = K(NID_undef);
  int key = K(NID_undef);
  if (nid == K(NID_rsassaPss)) {
    hash = hashOfPss(type, parameters);
    if (hash == K(NID_undef)) return false;
  } else if (ossl().OBJ_find_sigid_algs(nid, &hash, &key) != 1) {
    return true;  // whose signature is not verified
  } else if (hash == K(NID_undef)) {
    // OpenSSL assumes SHA-256 for ecdsa-with-Recommended and ecdsa-with-Specified (X9.62), which do not name a hash.
    return key != K(NID_X9_62_id_ecPublicKey);
  }
  const EVP_MD* md = ossl().EVP_get_digestbyname(ossl().OBJ_nid2sn(hash));
  return md != nullptr && ossl().EVP_MD_get_size(md) * 4 >= std::max(kLeastBits, securityBits(level));
}

}  // namespace ferrule
