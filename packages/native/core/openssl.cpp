#include "openssl.h"

#include <cstdio>
#include <mutex>

#if defined(_WIN32)
#include <windows.h>
#else
#include <dlfcn.h>
#if !defined(__APPLE__)
#include <link.h>
#endif
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

/**
 * The code range of the file that a function is mapped from. A function from another file does not belong to this
 * OpenSSL: a second one may be mapped, by another addon or by LD_PRELOAD, and have functions that the first lacks.
 * Their data structures would be incompatible.
 *
 * dladdr(3) works for each function, but scans all symbols of the program, a millisecond in Node, for some two hundred
 * functions.
 */
class Image {
 public:
  void locate(void* symbol);
  bool holds(void* symbol);

 private:
#if !defined(_WIN32)
  const char* from_ = nullptr;
  const char* to_ = nullptr;  // inclusive
#endif
#if defined(__APPLE__)
  const void* base_ = nullptr;
#endif
};

#if defined(_WIN32)
// Functions are only looked up in the program itself
void Image::locate(void*) {}
bool Image::holds(void* symbol) { return symbol != nullptr; }
#elif defined(__APPLE__)
const void* baseOf(void* symbol) {
  Dl_info info;
  return symbol != nullptr && dladdr(symbol, &info) != 0 ? info.dli_fbase : nullptr;
}

void Image::locate(void* symbol) {
  base_ = baseOf(symbol);
  from_ = to_ = static_cast<const char*>(symbol);
}

// Code is contiguous: anything between two functions of a file is in that file.
bool Image::holds(void* symbol) {
  const char* at = static_cast<const char*>(symbol);
  if (at == nullptr || base_ == nullptr) return false;
  if (at >= from_ && at <= to_) return true;
  if (baseOf(symbol) != base_) return false;
  if (at < from_) from_ = at;
  else to_ = at;
  return true;
}
#else
void Image::locate(void* symbol) {
  struct Asked {
    const char* at;
    Image* image;
  } asked{static_cast<const char*>(symbol), this};
  dl_iterate_phdr(
      [](dl_phdr_info* file, size_t, void* data) {
        const auto& [at, image] = *static_cast<Asked*>(data);
        const char* from = nullptr;
        const char* to = nullptr;
        for (int i = 0; i < file->dlpi_phnum; i++) {
          const auto& segment = file->dlpi_phdr[i];
          if (segment.p_type != PT_LOAD || segment.p_memsz == 0) continue;
          const char* begin = reinterpret_cast<const char*>(file->dlpi_addr + segment.p_vaddr);
          if (from == nullptr || begin < from) from = begin;
          if (begin + segment.p_memsz - 1 > to) to = begin + segment.p_memsz - 1;
        }
        if (from == nullptr || at < from || at > to) return 0;
        image->from_ = from;
        image->to_ = to;
        return 1;
      },
      &asked);
}

bool Image::holds(void* symbol) {
  const char* at = static_cast<const char*>(symbol);
  return from_ != nullptr && at >= from_ && at <= to_;
}
#endif

Image libssl;
Image libcrypto;

template <typename F>
bool resolve(F& slot, const char* name) {
  void* symbol = find(name);
  slot = libssl.holds(symbol) || libcrypto.holds(symbol) ? reinterpret_cast<F>(symbol) : nullptr;
  return slot != nullptr;
}

const char* fill() {
  // BoringSSL, LibreSSL and OpenSSL 1.1 have no library contexts.
  if (find("OSSL_LIB_CTX_new") == nullptr) return "the process exports no OpenSSL 3 (OSSL_LIB_CTX_new was not found)";
  libssl.locate(find("SSL_new"));
  libcrypto.locate(find("OSSL_LIB_CTX_new"));
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
