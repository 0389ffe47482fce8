// What can be told about the files on a command line before a run that may take
// hours: where output cannot go, and what hardly is the input that was meant.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sdmeta {

enum class OutputKind : std::uint8_t { kRecords, kRows, kAddresses, kStats };

struct NamedOutput {
  std::string path;  // "-": standard output
  OutputKind kind;
};

/// Why an output cannot be written, as a message: it has no name, its name
/// promises another format, its folder is not there or may not be written, it
/// is one of the files that are read (by whatever name), two outputs are one
/// file or one stream, or it would replace an image, an archive, or plain
/// records by something else. Of what is read, "-" is standard input, and empty
/// paths are left out.
std::optional<std::string> refuse_outputs(
    const std::vector<NamedOutput>& outputs,
    const std::vector<std::string>& read);

/// Why an output would be read as rows the next time, as a message: its name
/// and place are those of a CSV file of one of `csv_paths`, which is a folder.
std::optional<std::string> refuse_among_rows(
    const std::vector<NamedOutput>& outputs,
    const std::vector<std::string>& csv_paths);

/// What to say about a file that is to be read for images and is not there, in
/// the words of its record.
std::optional<std::string> missing_input(const std::string& path);
/// The same of a list. Without it there is nothing to do, and no output.
std::optional<std::string> missing_list(const std::string& path);

/// What to say about a file that is to be read for images, and is a CSV or
/// JSONL file by its name. Its record comes all the same.
std::optional<std::string> doubt_input(const std::string& path);

}  // namespace sdmeta
