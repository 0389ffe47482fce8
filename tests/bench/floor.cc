// The floor under every figure of scripts/bench: what the kernel takes when
// nothing is done with the bytes.
//   floor open FOLDER THREADS        open + 4 KiB + close
//   floor walk FOLDER THREADS        the same, walked to the metadata, which is
//                                    read whole; stops at the first IDAT or SOS
//   floor write FOLDER THREADS OUT   walk, and write the same bytes to OUT
//   floor copy FILE                  one memcpy of a file's bytes, the kernel's
// Prints nothing but the count of files: the caller takes the time.
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t kHead = 4096;

struct Buffer {
  std::vector<unsigned char> bytes = std::vector<unsigned char>(1 << 20);
  std::size_t size = 0;
  std::string found;
};

std::uint32_t be32(const unsigned char* p) {
  return std::uint32_t{p[0]} << 24 | p[1] << 16 | p[2] << 8 | p[3];
}
std::uint32_t le32(const unsigned char* p) {
  return std::uint32_t{p[3]} << 24 | p[2] << 16 | p[1] << 8 | p[0];
}

// The `length` bytes at `offset`, read only if the head does not hold them.
const unsigned char* bytes_at(int fd, Buffer& head, Buffer& more,
                              std::uint64_t offset, std::size_t length) {
  if (offset + length <= head.size) return head.bytes.data() + offset;
  if (length > more.bytes.size()) more.bytes.resize(length);
  const ssize_t got = pread(fd, more.bytes.data(), length, static_cast<off_t>(offset));
  return got == static_cast<ssize_t>(length) ? more.bytes.data() : nullptr;
}

void walk(int fd, Buffer& head, Buffer& more) {
  const unsigned char* p = head.bytes.data();
  if (head.size >= 33 && p[0] == 0x89) {
    for (std::uint64_t at = 8;;) {
      const unsigned char* chunk = bytes_at(fd, head, more, at, 8);
      if (chunk == nullptr || std::memcmp(chunk + 4, "IDAT", 4) == 0) return;
      const std::uint32_t length = be32(chunk);
      if (std::memcmp(chunk + 4, "tEXt", 4) == 0) {
        chunk = bytes_at(fd, head, more, at, 8 + length + 12);
        if (chunk == nullptr) return;
        head.found.append(reinterpret_cast<const char*>(chunk + 8), length);
      }
      at += 12 + std::uint64_t{length};
    }
  } else if (head.size >= 4 && p[0] == 0xff) {
    for (std::uint64_t at = 2;;) {
      const unsigned char* segment = bytes_at(fd, head, more, at, 4);
      if (segment == nullptr || segment[1] == 0xda) return;
      const std::size_t length = segment[2] << 8 | segment[3];
      if (segment[1] == 0xe1) {
        segment = bytes_at(fd, head, more, at, 2 + length);
        if (segment == nullptr) return;
        head.found.append(reinterpret_cast<const char*>(segment + 4), length - 2);
      }
      at += 2 + length;
    }
  } else if (head.size >= 12 && std::memcmp(p, "RIFF", 4) == 0) {
    for (std::uint64_t at = 12;;) {
      const unsigned char* chunk = bytes_at(fd, head, more, at, 8);
      if (chunk == nullptr) return;
      const std::uint32_t length = le32(chunk + 4);
      if (std::memcmp(chunk, "EXIF", 4) == 0) {
        chunk = bytes_at(fd, head, more, at + 8, length);
        if (chunk != nullptr)
          head.found.append(reinterpret_cast<const char*>(chunk), length);
        return;
      }
      at += 8 + std::uint64_t{length} + (length & 1);
    }
  }
}

std::vector<std::string> names_in(const char* folder) {
  std::vector<std::string> names;
  DIR* directory = opendir(folder);
  if (directory == nullptr) {
    std::perror(folder);
    std::exit(2);
  }
  while (const dirent* entry = readdir(directory))
    if (entry->d_type == DT_REG) names.emplace_back(entry->d_name);
  closedir(directory);
  std::sort(names.begin(), names.end());
  return names;
}

int copy_file(const char* path) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    std::perror(path);
    return 2;
  }
  std::vector<char> piece(256 << 10);
  std::size_t bytes = 0;
  for (ssize_t got; (got = read(fd, piece.data(), piece.size())) > 0;)
    bytes += static_cast<std::size_t>(got);
  std::printf("%zu bytes\n", bytes);
  return 0;
}

}  // namespace

int main(int argument_count, char** arguments) {
  const std::string mode = argument_count > 1 ? arguments[1] : "";
  if (mode == "copy" && argument_count == 3) return copy_file(arguments[2]);
  if (argument_count < 4) {
    std::fprintf(stderr,
                 "usage: floor open|walk|write FOLDER THREADS [OUT]\n"
                 "       floor copy FILE\n");
    return 2;
  }
  const bool walks = mode != "open";
  const int out = mode == "write" && argument_count > 4
                      ? open(arguments[4], O_WRONLY | O_CREAT | O_EXCL, 0644)
                      : -1;
  const std::vector<std::string> names = names_in(arguments[2]);
  const int folder = open(arguments[2], O_RDONLY | O_DIRECTORY);
  constexpr std::size_t kBatch = 64;
  std::atomic<std::size_t> next{0};
  std::atomic<std::size_t> done{0};
  const auto work = [&] {
    Buffer head, more;
    for (;;) {
      const std::size_t first = next.fetch_add(kBatch);
      if (first >= names.size()) return;
      const std::size_t last = std::min(first + kBatch, names.size());
      head.found.clear();
      for (std::size_t i = first; i < last; ++i) {
        const int fd = openat(folder, names[i].c_str(), O_RDONLY | O_CLOEXEC);
        if (fd < 0) continue;
        const ssize_t got = pread(fd, head.bytes.data(), kHead, 0);
        head.size = got < 0 ? 0 : static_cast<std::size_t>(got);
        if (walks) walk(fd, head, more);
        close(fd);
        done.fetch_add(1, std::memory_order_relaxed);
      }
      if (out >= 0 && ::write(out, head.found.data(), head.found.size()) < 0)
        std::perror("write");
    }
  };
  std::vector<std::thread> threads;
  for (int i = 1; i < std::atoi(arguments[3]); ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  std::printf("%zu files\n", done.load());
  return 0;
}
