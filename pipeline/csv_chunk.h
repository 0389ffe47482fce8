// A piece of a CSV file, and the rows that begin in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "extractor/error.h"
#include "pipeline/csv_file.h"
#include "pipeline/csv_index.h"
#include "pipeline/csv_scan.h"

namespace sdmeta {

/// A row as CsvRows takes it in.
struct CsvChunkRow {
  std::uint32_t offset = 0;  // from CsvChunk::first
  std::uint32_t digest = 0;
  std::uint64_t image_id_key = 0;  // of KeyTable, as are the others
  std::uint64_t uuid_key = 0;
  std::uint64_t id_key = 0;
  bool has_image_id = false;
  bool has_uuid = false;
  bool has_id = false;
};

/// Something to say of a row.
struct CsvRowNote {
  std::uint64_t begin = 0;  // of the row in the file
  Error error;
};

struct CsvChunk {
  static constexpr std::uint64_t kBytes = 256 << 10;  // of all but the last

  std::uint32_t file = 0;
  std::uint64_t begin = 0;  // its rows begin in [begin, end)
  std::uint64_t end = 0;

  std::optional<std::uint64_t> first;  // where the scan began, if anywhere
  std::uint64_t next = 0;              // where the row behind its last begins
  std::vector<CsvChunkRow> rows;
  std::vector<CsvRowNote> notes;  // broken rows, and the first with other text
  std::optional<Error> error;
};

/// Reads the rows of `chunk`, of whose file its place is known. `first` is
/// where its first row begins; without it, it is guessed: the first line that
/// reads as a sound row is taken for one.
void scan_chunk(const CsvFile& file, const CsvOptions& options,
                std::optional<std::uint64_t> first, CsvChunk& chunk);

/// What is said of text that is no UTF-8, in headers and rows.
Error other_text();

/// Bytes of a row that most are longer than.
inline constexpr std::size_t kShortRow = 150;

}  // namespace sdmeta
