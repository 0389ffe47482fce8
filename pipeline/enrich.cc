#include "pipeline/enrich.h"

#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "pipeline/csv_file.h"
#include "pipeline/csv_list.h"
#include "pipeline/csv_reader.h"
#include "pipeline/csv_row.h"
#include "pipeline/csv_union.h"
#include "pipeline/lossless_text.h"
#include "pipeline/record_cells.h"
#include "pipeline/text_output.h"

namespace sdmeta {
namespace {

std::string added_header(const CsvUnion& columns) {
  const std::vector<std::string>& names = columns.names();
  const auto is_taken = [&](std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  std::string header;
  for (const std::string_view name : record_columns()) {
    std::string free(name);
    if (is_taken(free)) free.insert(0, "sdmeta_");
    const std::string prefixed = free;
    for (int i = 2; is_taken(free); ++i)
      free = prefixed + '_' + std::to_string(i);
    header.append(",").append(free);
  }
  return header;
}

/// One of the CSV files, which are read more than once.
struct Table {
  std::string path;
  std::optional<FileState> state;  // as it was at first
  std::size_t layout = 0;          // among the columns of all
  bool is_header_utf8 = true;
};

/// The headers of all files come before the first row of the output.
Result<std::vector<Table>> open_tables(const EnrichOptions& options,
                                       CsvUnion& columns) {
  const auto paths = list_csv_files(options.csv_paths);
  if (!paths) return paths.error();
  std::vector<Table> tables;
  for (const std::string& path : *paths) {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
      return Error{ErrorCode::kUnreadable,
                   path +
                       ": is no file but a pipe or the like, and rows are read "
                       "more than once here; write them to a file and name it"};
    const auto reader = CsvReader::open(path, options.limits);
    if (!reader) return reader.error();
    const CsvHeader& header = (*reader)->header();
    tables.push_back(
        {path, file_state(status), columns.add(header), is_utf8(header.text)});
  }
  return tables;
}

/// Calls `visit(reader, row)` for each row, broken ones too, until it gives an
/// error. What was found in another text than that of the header is void.
template <class Visit>
std::optional<Error> for_each_row(const Table& table, const Limits& limits,
                                  Visit&& visit) {
  const auto read = [&]() -> std::optional<Error> {
    const auto reader = CsvReader::open(table.path, limits);
    if (!reader) return reader.error();
    CsvRecord row;
    for (;;) {
      const auto has_row = (*reader)->next(row);
      if (!has_row) return has_row.error();
      if (!*has_row) return std::nullopt;
      if (auto error = visit(**reader, row)) return error;
    }
  };
  std::optional<Error> error = read();
  if (file_state(table.path) != table.state)
    return changed_while_read(table.path);
  return error;
}

/// Writes rows with the cells of their records.
class RowWriter {
 public:
  RowWriter(const RecordCells& records, const CsvUnion& columns,
            TextOutput& output, const Report& report, EnrichCounts& counts)
      : records_(records),
        columns_(columns),
        output_(output),
        counts_(counts),
        bad_rows_(report),
        is_used_(records.size()) {
    output.buffer() += columns.header() + added_header(columns) + '\n';
  }

  std::optional<Error> write(const Table& table, const Limits& limits) {
    bad_rows_.start_file();
    has_other_text_ = false;
    if (!table.is_header_utf8) report_other_text(table, 1);
    return for_each_row(table, limits,
                        [&](const CsvReader& reader, const CsvRecord& row) {
                          return write(table, reader, row);
                        });
  }

  std::uint64_t unused_records() const {
    std::uint64_t count = 0;
    for (std::uint32_t i = 0; i < records_.size(); ++i)
      if (!is_used_[i] && !records_.is_replaced(i)) ++count;
    return count;
  }

 private:
  std::optional<Error> write(const Table& table, const CsvReader& reader,
                             const CsvRecord& row) {
    if (!has_other_text_ && !is_utf8(row.text))
      report_other_text(table, reader.line());
    const bool has_cells = row.fault.empty();
    RowKeys keys;
    std::string fault = row.fault;
    const bool is_sound =
        has_cells && read_row_keys(reader.header(), row, keys, fault);
    if (!is_sound) {
      ++counts_.bad_rows;
      bad_rows_.add(table.path, Error{ErrorCode::kBadRow, fault},
                    [&] { return reader.line(); });
    }
    if (!has_cells) {
      ++counts_.rows_left_out;
      return std::nullopt;
    }
    ++counts_.rows;
    std::string& text = output_.buffer();
    columns_.append(text, table.layout, row);
    std::optional<std::uint32_t> record;
    if (is_sound) record = records_.find(keys);
    if (record) {
      ++counts_.with_record;
      is_used_[*record] = true;
      if (auto error = records_.cells(*record, added_)) return error;
      text += added_;
    } else {
      text += missing_;
    }
    text += '\n';
    return output_.flush_if_full();
  }

  void report_other_text(const Table& table, std::uint64_t line) {
    has_other_text_ = true;
    bad_rows_.describe(table.path, line, not_utf8("which stay as they are"));
  }

  const RecordCells& records_;
  const CsvUnion& columns_;
  TextOutput& output_;
  EnrichCounts& counts_;
  BadLineReports bad_rows_;
  bool has_other_text_ = false;  // was said of this file
  std::vector<bool> is_used_;    // of the records
  std::string added_;
  const std::string missing_ =
      ",missing" + std::string(record_columns().size() - 1, ',');
};

}  // namespace

Result<EnrichCounts> run_enrich(const EnrichOptions& options,
                                const Report& report) {
  EnrichCounts counts;
  CsvUnion columns;
  const auto tables = open_tables(options, columns);
  if (!tables) return tables.error();
  auto output = TextOutput::create(options.output);
  if (!output) return output.error();
  const auto records =
      RecordCells::read(options.records, options.output, report);
  if (!records) return records.error();
  counts.records = (*records)->size();
  counts.bad_records = (*records)->bad_lines();

  if ((*records)->has_choices()) {
    const auto see = [&](const CsvReader& reader,
                         const CsvRecord& row) -> std::optional<Error> {
      RowKeys keys;
      std::string fault;
      if (row.fault.empty() && read_row_keys(reader.header(), row, keys, fault))
        (*records)->see(keys);
      return std::nullopt;
    };
    for (const Table& table : *tables)
      if (auto error = for_each_row(table, options.limits, see))
        return *std::move(error);
  }
  (*records)->settle();

  RowWriter rows(**records, columns, **output, report, counts);
  for (const Table& table : *tables)
    if (auto error = rows.write(table, options.limits))
      return *std::move(error);
  if (auto error = (*output)->finish()) return *std::move(error);
  counts.unused_records = rows.unused_records();
  return counts;
}

std::string to_text(const EnrichCounts& counts) {
  std::string text = counted(counts.rows, "row") + ": " +
                     std::to_string(counts.with_record) + " with a record, " +
                     std::to_string(counts.rows - counts.with_record) +
                     " missing";
  append_counted(text, counts.bad_rows, "bad row");
  if (counts.rows_left_out != 0)
    text.append(" (" + std::to_string(counts.rows_left_out) + " left out)");
  append_counted(text, counts.unused_records, "record", " without a row");
  append_counted(text, counts.bad_records, "line", " without a record");
  return text;
}

}  // namespace sdmeta
