#include "openssl.h"

#include <cstdio>
#include <mutex>

#if defined(_WIN32)
#include <windows.h>
#else
#include <dlfcn.h>
#endif

// dlsym moved into libc with glibc 2.34; the old version of the symbol lets one binary run on older systems too.
#if defined(__linux__) && defined(__GLIBC__) && defined(__x86_64__)
__asm__(".symver dlsym,dlsym@GLIBC_2.2.5");
#elif defined(__linux__) && defined(__GLIBC__) && defined(__aarch64__)
__asm__(".symver dlsym,dlsym@GLIBC_2.17");
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

char problem[160];

template <typename F>
bool resolve(F& slot, const char* name) {
  slot = reinterpret_cast<F>(find(name));
  return slot != nullptr;
}

const char* fill() {
  // BoringSSL, LibreSSL and OpenSSL 1.1 have no library contexts.
  if (find("OSSL_LIB_CTX_new") == nullptr) return "the process exports no OpenSSL 3 (OSSL_LIB_CTX_new was not found)";
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
