// Makes many images that are nearly nothing but their text, to see what one
// input costs:
//   make_tiny folder PATH COUNT [FIRST]      PATH/00000000.png ..., or from
//   FIRST make_tiny tar PATH COUNT [FIRST]         as members of one plain tar
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

void put_big_endian(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out += static_cast<char>(value >> shift & 0xff);
}

void put_chunk(std::string& out, const std::string& typed_data) {
  put_big_endian(out, static_cast<std::uint32_t>(typed_data.size() - 4));
  out += typed_data;
  put_big_endian(out, static_cast<std::uint32_t>(::crc32(
                          0, reinterpret_cast<const Bytef*>(typed_data.data()),
                          static_cast<uInt>(typed_data.size()))));
}

/// A PNG of one grey pixel.
std::string tiny_png(unsigned long number) {
  std::string image("\x89PNG\r\n\x1a\n", 8);
  put_chunk(image, std::string("IHDR\0\0\0\1\0\0\0\1\x08\0\0\0\0", 17));
  std::string text("tEXtparameters\0a lighthouse at dusk\nSteps: 20, ", 47);
  text += "Sampler: Euler a, CFG scale: 7, Seed: " + std::to_string(number) +
          ", Size: 1x1";
  put_chunk(image, text);
  put_chunk(image, std::string("IDAT\x78\x9c\x63\x60\0\0\0\x02\0\x01", 14));
  put_chunk(image, "IEND");
  return image;
}

std::string tar_header(const std::string& name, std::size_t size) {
  std::string block(512, '\0');
  block.replace(0, name.size(), name);
  block.replace(100, 7, "0000644");
  char field[16];
  std::snprintf(field, sizeof field, "%011zo", size);
  block.replace(124, 11, field);
  block[156] = '0';
  block.replace(257, 8,
                std::string("ustar\0"
                            "00",
                            8));
  block.replace(148, 8, 8, ' ');
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  std::snprintf(field, sizeof field, "%06o", sum);
  block.replace(148, 7, std::string(field, 7));
  return block;
}

void write_all(int fd, const std::string& bytes) {
  if (::write(fd, bytes.data(), bytes.size()) !=
      static_cast<ssize_t>(bytes.size())) {
    std::perror("write");
    std::exit(1);
  }
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count != 4 && argument_count != 5) {
    std::fprintf(stderr, "usage: make_tiny folder|tar PATH COUNT [FIRST]\n");
    return 2;
  }
  const bool is_tar = std::strcmp(arguments[1], "tar") == 0;
  const std::string path = arguments[2];
  const unsigned long count = std::strtoul(arguments[3], nullptr, 10);
  const unsigned long first =
      argument_count > 4 ? std::strtoul(arguments[4], nullptr, 10) : 0;
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC;
  int tar = -1;
  if (is_tar)
    tar = ::open(path.c_str(), kFlags, 0644);
  else
    ::mkdir(path.c_str(), 0755);
  std::string pending;
  for (unsigned long i = first; i < first + count; ++i) {
    char name[32];
    std::snprintf(name, sizeof name, "%08lu.png", i);
    const std::string image = tiny_png(i);
    if (!is_tar) {
      const int file = ::open((path + "/" + name).c_str(), kFlags, 0644);
      write_all(file, image);
      ::close(file);
      continue;
    }
    pending += tar_header(name, image.size()) + image;
    pending.append((512 - pending.size() % 512) % 512, '\0');
    if (pending.size() > 1 << 20) {
      write_all(tar, pending);
      pending.clear();
    }
  }
  if (is_tar) write_all(tar, pending + std::string(1024, '\0'));
  return 0;
}
