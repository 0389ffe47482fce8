#include "pipeline/argument_check.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <span>
#include <string_view>
#include <system_error>

#include "extractor/byte_cursor.h"
#include "extractor/container.h"
#include "parsers/text.h"
#include "pipeline/archive_magic.h"
#include "pipeline/compress.h"
#include "pipeline/descriptor.h"
#include "pipeline/file_error.h"
#include "pipeline/output_place.h"
#include "pipeline/record.h"
#include "pipeline/text_input.h"

namespace sdmeta {
namespace {

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

bool has_suffix(const std::string& path, std::string_view suffix) {
  const std::string lower_name = lower(path);
  const std::string_view name = lower_name;
  for (const std::string_view packed : {"", ".gz", ".zst"})
    if (name.ends_with(packed) &&
        name.substr(0, name.size() - packed.size()).ends_with(suffix))
      return true;
  return false;
}

bool are_same(const OutputPlace& a, const OutputPlace& b) {
  if (a.descriptor >= 0 || b.descriptor >= 0)
    return a.descriptor == b.descriptor;
  return are_same(a.path, b.path);
}

/// True if `folder` is one, and `path` lies in it or in a folder of it.
bool is_below(const std::string& path, const std::string& folder) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const fs::path place = fs::canonical(folder_of(path), ignored);
  const fs::path top = fs::canonical(folder, ignored);
  if (!fs::is_directory(top, ignored)) return false;
  const auto [rest, end] =
      std::mismatch(top.begin(), top.end(), place.begin(), place.end());
  return rest == top.end();
}

/// The first bytes of a file; none if it cannot be read.
std::string head_of(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string head(4096, '\0');
  const ssize_t got = ::pread(file.get(), head.data(), head.size(), 0);
  head.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return head;
}

/// The first bytes of what a compressed file holds; none if it is broken.
std::string unpacked_head_of(const std::string& path) {
  std::string head(4096, '\0');
  std::size_t size = 0;
  const auto text = TextInput::open(path);
  while (text && size < head.size()) {
    const auto got = (*text)->read(head.data() + size, head.size() - size);
    if (!got || *got == 0) break;
    size += *got;
  }
  head.resize(size);
  return head;
}

/// Name of what is there, if it is an image, an archive, or records where
/// something else is written: an output in its place is a slip, such as a
/// folder's name that was completed too far.
std::optional<std::string_view> valuable(const std::string& path,
                                         const NamedOutput& output) {
  std::string head = head_of(path);
  const Compression packed = compression_of(output.path);
  if (packed != Compression::kNone && compression_at(as_bytes(head)) == packed)
    head = unpacked_head_of(path);
  if (is_archive(as_bytes(head))) return "archive";
  if (output.kind != OutputKind::kRecords && head.starts_with(kRecordStart))
    return "records";
  if (const ContainerRow* const row = find_container(as_bytes(head)))
    return row->name;
  return std::nullopt;
}

/// What is wrong with a name whose suffix promises what is not written.
std::optional<std::string> false_promise(const NamedOutput& output) {
  const std::string_view packed = unwritten_compression(output.path);
  if (!packed.empty())
    return "compressed output is .gz or .zst, not " + std::string(packed);
  struct Format {
    std::string_view suffix;  // the usual one
    std::string_view what;
  };
  constexpr auto kFormats = std::to_array<Format>({
      {".jsonl", "records are JSON lines"},
      {".csv", "rows are CSV"},
      {".txt", "addresses are lines of text"},
      {".json", "the summary is JSON"},
  });
  const Format& own = kFormats[static_cast<std::size_t>(output.kind)];
  // JSON lines are called .json, too, and any text .txt.
  if (has_suffix(output.path, own.suffix) || has_suffix(output.path, ".txt") ||
      (output.kind == OutputKind::kRecords && has_suffix(output.path, ".json")))
    return std::nullopt;
  for (const std::string_view other :
       {".jsonl", ".json", ".csv", ".tsv", ".parquet", ".arrow", ".xlsx", ".db",
        ".tar", ".tgz"})
    if (has_suffix(output.path, other))
      return fmt::format("{0}; name it {1}, {1}.gz or {1}.zst", own.what,
                         own.suffix);
  return std::nullopt;
}

/// What is wrong with `output`; its place is the last one, those of the outputs
/// in front of it come before.
std::optional<std::string> fault_of(const NamedOutput& output,
                                    std::span<const OutputPlace> places,
                                    const std::vector<std::string>& read) {
  if (output.path.empty())
    return "is no name of a file; is a variable not set?";
  const OutputPlace& place = places.back();
  for (const OutputPlace& other : places.first(places.size() - 1))
    if (are_same(place, other)) return "is named for two outputs";
  if (place.descriptor >= 0) return std::nullopt;
  const std::string folder = folder_of(place.path);
  struct stat status;
  if (::stat(folder.c_str(), &status) != 0)
    return file_error("folder " + folder, errno).detail;
  for (const std::string& input : read)
    if (!input.empty() &&
        are_same(place.path, input == "-" ? "/dev/stdin" : input))
      return "is read by this run; name another output";
  if (std::optional<std::string> promise = false_promise(output))
    return promise;
  const bool exists = ::stat(place.path.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) return "is a folder";
  if (exists && !S_ISREG(status.st_mode)) return std::nullopt;
  if (::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0)
    return file_error("folder " + folder, errno).detail;
  if (!exists) return std::nullopt;
  if (const std::optional<std::string_view> name = valuable(place.path, output))
    return "would replace a file of another kind (" + std::string(*name) +
           "); name another output, or remove it";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> refuse_outputs(
    const std::vector<NamedOutput>& outputs,
    const std::vector<std::string>& read) {
  std::vector<OutputPlace> places;
  for (const NamedOutput& output : outputs) {
    places.push_back(output_place(output.path));
    if (const std::optional<std::string> fault = fault_of(output, places, read))
      return (output.path.empty() ? "\"\"" : output.path) +
             ": unwritable: " + *fault;
  }
  return std::nullopt;
}

std::optional<std::string> refuse_among_rows(
    const std::vector<NamedOutput>& outputs,
    const std::vector<std::string>& csv_paths) {
  for (const NamedOutput& output : outputs) {
    const OutputPlace place = output_place(output.path);
    if (place.descriptor >= 0 || !has_suffix(place.path, ".csv")) continue;
    for (const std::string& path : csv_paths)
      if (is_below(place.path, path))
        return output.path + ": unwritable: lies in " + path +
               ", and would be read as rows the next time; name a file "
               "elsewhere";
  }
  return std::nullopt;
}

std::optional<std::string> missing_input(const std::string& path) {
  struct stat status;
  if (path == "-" || ::stat(path.c_str(), &status) == 0) return std::nullopt;
  return path + ": " + to_text(open_error(path, errno));
}

std::optional<std::string> missing_list(const std::string& path) {
  struct stat status;
  if (path == "-" ||
      (::stat(path.c_str(), &status) == 0 &&
       ::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) == 0))
    return std::nullopt;
  return path + ": " + to_text(file_error("open list", errno));
}

std::optional<std::string> doubt_input(const std::string& path) {
  const bool is_csv = has_suffix(path, ".csv");
  struct stat status;
  if ((!is_csv && !has_suffix(path, ".jsonl")) ||
      ::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode))
    return std::nullopt;
  if (is_csv) return path + " is read as an image; for its rows: --csv " + path;
  return path +
         " is read as an image; if it holds the records of an earlier run, see "
         "-o and --resume";
}

}  // namespace sdmeta
