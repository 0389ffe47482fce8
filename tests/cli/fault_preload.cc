// Preloaded into the program by faults_test.py, so that system calls go wrong
// when the test wants it:
//   SDMETA_FAULT="CALL,EFFECT,N[+][,PATH];..."
// CALL is open, stat, read, pread, write, fsync, readdir or thread (which has
// no path); EFFECT an errno's name,
// or "short" for one byte instead of many; the N-th call (from 1) is hit, and
// with + all after it; only calls on paths that contain PATH count.
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct Fault {
  std::string call;
  int error = 0;  // errno; 0 is "short"
  long first = 1;
  bool is_lasting = false;
  std::string path;
  std::atomic<long> seen{0};
};

int error_of(std::string_view name) {
  struct Named {
    std::string_view name;
    int error;
  };
  constexpr Named kErrors[] = {{"EIO", EIO},       {"EINTR", EINTR},
                               {"EMFILE", EMFILE}, {"ENOSPC", ENOSPC},
                               {"EACCES", EACCES}, {"ESTALE", ESTALE},
                               {"EAGAIN", EAGAIN}, {"short", 0}};
  for (const Named& error : kErrors)
    if (error.name == name) return error.error;
  std::fprintf(stderr, "fault_preload: unknown effect\n");
  ::abort();
}

std::string take_until(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  std::string piece(text.substr(0, end));
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return piece;
}

/// Made once, never freed: calls may come after static destructors.
const std::vector<Fault*>& faults() {
  static const std::vector<Fault*>* const all = [] {
    auto* const parsed = new std::vector<Fault*>;
    const char* const variable = ::getenv("SDMETA_FAULT");
    std::string_view rest = variable != nullptr ? variable : "";
    while (!rest.empty()) {
      const std::string text = take_until(rest, ';');
      std::string_view spec = text;
      auto* const fault = new Fault;
      fault->call = take_until(spec, ',');
      fault->error = error_of(take_until(spec, ','));
      const std::string count = take_until(spec, ',');
      fault->first = std::strtol(count.c_str(), nullptr, 10);
      fault->is_lasting = count.find('+') != std::string::npos;
      fault->path = spec;
      parsed->push_back(fault);
    }
    return parsed;
  }();
  return *all;
}

/// The fault that this call meets, if any. `path` may be null: that of `fd`.
const Fault* meet(std::string_view call, const char* path, int fd) {
  for (Fault* const fault : faults()) {
    if (fault->call != call) continue;
    if (!fault->path.empty()) {
      char name[4096] = "";
      if (path == nullptr) {
        char link[64];
        std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        const ssize_t length = ::readlink(link, name, sizeof name - 1);
        name[length > 0 ? length : 0] = '\0';
        path = name;
      }
      if (std::strstr(path, fault->path.c_str()) == nullptr) continue;
    }
    const long count = ++fault->seen;
    if (count == fault->first || (fault->is_lasting && count > fault->first))
      return fault;
  }
  return nullptr;
}

/// The next definition of `name`: the C library's.
template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

/// -1 with errno set, if the call fails; else 0 with `length` as it may be.
int spoil(std::string_view call, int fd, std::size_t& length) {
  const Fault* const fault = meet(call, nullptr, fd);
  if (fault == nullptr) return 0;
  if (fault->error == 0) {
    if (length > 1) length = 1;
    return 0;
  }
  errno = fault->error;
  return -1;
}

mode_t mode_of(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0
             ? static_cast<mode_t>(va_arg(arguments, int))
             : 0;
}

int open_unless_spoiled(int folder, const char* path, int flags, mode_t mode) {
  if (const Fault* const fault = meet("open", path, -1)) {
    errno = fault->error;
    return -1;
  }
  static auto* const next = real<int(int, const char*, int, ...)>("openat");
  return next(folder, path, flags, mode);
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_unless_spoiled(AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_unless_spoiled(folder, path, flags, mode);
}

/// Makes its file behind the back of open().
int mkostemp(char* path, int flags) {
  if (const Fault* const fault = meet("open", path, -1)) {
    errno = fault->error;
    return -1;
  }
  static auto* const next = real<int(char*, int)>("mkostemp");
  return next(path, flags);
}

int stat(const char* path, struct stat* out) {
  if (const Fault* const fault = meet("stat", path, -1)) {
    errno = fault->error;
    return -1;
  }
  static auto* const next = real<int(const char*, struct stat*)>("stat");
  return next(path, out);
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                   void* (*start)(void*), void* argument) {
  if (const Fault* const fault = meet("thread", "", -1)) return fault->error;
  static auto* const next =
      real<int(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*)>(
          "pthread_create");
  return next(thread, attributes, start, argument);
}

ssize_t read(int fd, void* out, std::size_t length) {
  if (spoil("read", fd, length) != 0) return -1;
  static auto* const next = real<ssize_t(int, void*, std::size_t)>("read");
  return next(fd, out, length);
}

ssize_t pread(int fd, void* out, std::size_t length, off_t offset) {
  if (spoil("pread", fd, length) != 0) return -1;
  static auto* const next =
      real<ssize_t(int, void*, std::size_t, off_t)>("pread");
  return next(fd, out, length, offset);
}

/// Reads into one piece, which is all that is used here.
ssize_t preadv2(int fd, const iovec* pieces, int count, off_t offset,
                int flags) {
  iovec piece = pieces[0];
  if (spoil("pread", fd, piece.iov_len) != 0) return -1;
  static auto* const next =
      real<ssize_t(int, const iovec*, int, off_t, int)>("preadv2");
  return next(fd, count == 1 ? &piece : pieces, count, offset, flags);
}

/// For openat2, which has no function of its own.
long syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  long arguments[6];
  for (long& argument : arguments) argument = va_arg(list, long);
  va_end(list);
  if (number == SYS_openat2) {
    const char* const path = reinterpret_cast<const char*>(arguments[1]);
    if (const Fault* const fault = meet("open", path, -1)) {
      errno = fault->error;
      return -1;
    }
  }
  static auto* const next = real<long(long, ...)>("syscall");
  return next(number, arguments[0], arguments[1], arguments[2], arguments[3],
              arguments[4], arguments[5]);
}

ssize_t write(int fd, const void* bytes, std::size_t length) {
  if (spoil("write", fd, length) != 0) return -1;
  static auto* const next =
      real<ssize_t(int, const void*, std::size_t)>("write");
  return next(fd, bytes, length);
}

int fsync(int fd) {
  std::size_t ignored = 0;
  if (spoil("fsync", fd, ignored) != 0) return -1;
  static auto* const next = real<int(int)>("fsync");
  return next(fd);
}

DIR* opendir(const char* path) {
  if (const Fault* const fault = meet("open", path, -1)) {
    errno = fault->error;
    return nullptr;
  }
  static auto* const next = real<DIR*(const char*)>("opendir");
  return next(path);
}

dirent* readdir(DIR* folder) {
  std::size_t ignored = 0;
  if (spoil("readdir", ::dirfd(folder), ignored) != 0) return nullptr;
  static auto* const next = real<dirent*(DIR*)>("readdir");
  return next(folder);
}

}  // extern "C"
