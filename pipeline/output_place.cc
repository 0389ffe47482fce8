#include "pipeline/output_place.h"

#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <system_error>

namespace sdmeta {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxLinks = 40;  // as Linux follows

/// -1 for what is no number.
int number_of(const std::string& name) {
  int number = -1;
  const char* const end = name.data() + name.size();
  const auto [rest, fault] = std::from_chars(name.data(), end, number);
  return fault == std::errc() && rest == end ? number : -1;
}

}  // namespace

OutputPlace output_place(const std::string& path) {
  if (path == "-") return {path, STDOUT_FILENO};
  std::error_code error;
  // Its entries are no links to what they seem to lead to: opened by name, a
  // file would be written from its start, or replaced.
  const fs::path descriptors = fs::canonical("/proc/self/fd", error);
  fs::path place = path;
  for (int links = 0; links < kMaxLinks; ++links) {
    const fs::path folder =
        place.has_parent_path() ? place.parent_path() : fs::path(".");
    if (!descriptors.empty() && fs::canonical(folder, error) == descriptors)
      return {place, number_of(place.filename())};
    if (!fs::is_symlink(place, error)) break;
    place = folder / fs::read_symlink(place, error);
  }
  return {place, -1};
}

}  // namespace sdmeta
