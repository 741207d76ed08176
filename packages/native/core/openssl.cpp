#include "openssl.h"

#include <cstdio>
#include <mutex>

#if defined(_WIN32)
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace ferrule {

OpenSsl table;

namespace {

void* find(const char* name) {
#if defined(_WIN32)
  return reinterpret_cast<void*>(GetProcAddress(GetModuleHandleW(nullptr), name));
#elif defined(__APPLE__)
  // The program itself first: Apple's own libboringssl may be mapped too.
  void* symbol = dlsym(RTLD_MAIN_ONLY, name);
  return symbol != nullptr ? symbol : dlsym(RTLD_DEFAULT, name);
#else
  return dlsym(RTLD_DEFAULT, name);
#endif
}

/** The file that a function is mapped from, by its address. Windows: null, since only the program itself is asked. */
const void* imageOf(void* symbol) {
#if defined(_WIN32)
  (void)symbol;
  return nullptr;
#else
  Dl_info info;
  return symbol != nullptr && dladdr(symbol, &info) != 0 ? info.dli_fbase : nullptr;
#endif
}

char problem[160];
const void* libssl;
const void* libcrypto;

/**
 * A function of another file than the pair's is none of this OpenSSL: a second one may be mapped, by another addon or by
 * LD_PRELOAD, and have functions that the first lacks. What the two share in memory would not fit together.
 */
template <typename F>
bool resolve(F& slot, const char* name) {
  void* symbol = find(name);
  const void* image = imageOf(symbol);
  slot = image == libssl || image == libcrypto ? reinterpret_cast<F>(symbol) : nullptr;
  return slot != nullptr;
}

const char* fill() {
  // BoringSSL, LibreSSL and OpenSSL 1.1 have no library contexts.
  if (find("OSSL_LIB_CTX_new") == nullptr) return "the process exports no OpenSSL 3 (OSSL_LIB_CTX_new was not found)";
  libssl = imageOf(find("SSL_new"));
  libcrypto = imageOf(find("OSSL_LIB_CTX_new"));
#define FERRULE_RESOLVE(type, name, parameters)                                             \
  if (!resolve(table.name, #name)) {                                                        \
    std::snprintf(problem, sizeof problem, "the process's OpenSSL does not export %s", #name); \
    return problem;                                                                         \
  }
  FERRULE_OPENSSL_FUNCTIONS(FERRULE_RESOLVE)
#undef FERRULE_RESOLVE
#define FERRULE_RESOLVE(type, name, parameters) resolve(table.name, #name);
  FERRULE_OPENSSL_OPTIONAL(FERRULE_RESOLVE)
#undef FERRULE_RESOLVE
  const unsigned long major = table.OpenSSL_version_num() >> 28;
  if (major != 3) {
    std::snprintf(problem, sizeof problem, "OpenSSL %lu is not supported, only 3", major);
    return problem;
  }
  return nullptr;
}

}  // namespace

const char* loadOpenSsl() {
  static std::once_flag once;
  static const char* result = nullptr;
  std::call_once(once, [] { result = fill(); });
  return result;
}

}  // namespace ferrule
