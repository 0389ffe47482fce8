#include "pipeline/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>

#include <algorithm>

#include "extractor/utf8.h"

namespace sdmeta {
namespace {

/// C1 controls, U+0080 to U+009F, are C2 80 to C2 9F.
bool is_control(std::string_view character) {
  const auto byte = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return byte < 0x20 || byte == 0x7F;
  return byte == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const std::size_t taken = std::max<std::size_t>(length, 1);
    if (length != 0 && !is_control(text.substr(0, length))) {
      result.append(text, 0, length);
    } else {
      for (const char c : text.substr(0, taken))
        result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
    text.remove_prefix(taken);
  }
  return result;
}

std::size_t terminal_columns(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace sdmeta
