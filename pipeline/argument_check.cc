#include "pipeline/argument_check.h"

#include <errno.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "pipeline/file_error.h"

namespace sdmeta {
namespace {

bool is_file_name(const std::string& path) {
  return !path.empty() && path != "-";
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return path.substr(0, std::max<std::size_t>(slash, 1));
}

/// Two names of one regular file, there already or not.
bool are_same(const std::string& a, const std::string& b) {
  struct stat of_a, of_b;
  if (::stat(a.c_str(), &of_a) == 0 && ::stat(b.c_str(), &of_b) == 0)
    return S_ISREG(of_a.st_mode) && of_a.st_dev == of_b.st_dev &&
           of_a.st_ino == of_b.st_ino;
  const auto normal = [](const std::string& path) {
    return std::filesystem::path(path).lexically_normal();
  };
  return normal(a) == normal(b);
}

bool has_suffix(std::string_view name, std::string_view suffix) {
  for (const std::string_view packed : {"", ".gz", ".zst"})
    if (name.ends_with(packed) &&
        name.substr(0, name.size() - packed.size()).ends_with(suffix))
      return true;
  return false;
}

}  // namespace

std::optional<std::string> refuse_outputs(
    const std::vector<std::string>& outputs,
    const std::vector<std::string>& read) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const std::string& output = outputs[i];
    if (!is_file_name(output)) continue;
    const std::string folder = folder_of(output);
    struct stat status;
    if (::stat(folder.c_str(), &status) != 0)
      return output +
             ": unwritable: " + file_error("folder " + folder, errno).detail;
    for (std::size_t j = 0; j < i; ++j)
      if (is_file_name(outputs[j]) && are_same(output, outputs[j]))
        return output + ": unwritable: is named for two outputs";
    for (const std::string& input : read)
      if (is_file_name(input) && are_same(output, input))
        return output +
               ": unwritable: is read by this run; name another output";
  }
  return std::nullopt;
}

std::optional<std::string> refuse_among_rows(
    const std::string& output, const std::vector<std::string>& csv_paths) {
  namespace fs = std::filesystem;
  if (!is_file_name(output) || !has_suffix(output, ".csv")) return std::nullopt;
  std::error_code ignored;
  const fs::path place = fs::canonical(folder_of(output), ignored);
  for (const std::string& path : csv_paths) {
    const fs::path folder = fs::canonical(path, ignored);
    if (!fs::is_directory(folder, ignored)) continue;
    const auto [rest, end] =
        std::mismatch(folder.begin(), folder.end(), place.begin(), place.end());
    if (rest == folder.end())
      return output + ": unwritable: lies in " + path +
             ", and would be read as rows the next time; name a file elsewhere";
  }
  return std::nullopt;
}

std::optional<std::string> doubt_input(const std::string& path) {
  if (path == "-") return std::nullopt;
  struct stat status;
  if (::stat(path.c_str(), &status) != 0)
    return path + ": " + to_text(file_error("open", errno));
  if (!S_ISREG(status.st_mode)) return std::nullopt;
  if (has_suffix(path, ".csv"))
    return path + " is read as an image; for its rows: --csv " + path;
  if (has_suffix(path, ".jsonl"))
    return path +
           " is read as an image; if it holds the records of an earlier "
           "run, see -o and --resume";
  return std::nullopt;
}

}  // namespace sdmeta
