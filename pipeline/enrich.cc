#include "pipeline/enrich.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "pipeline/csv_cell.h"
#include "pipeline/csv_file.h"
#include "pipeline/csv_list.h"
#include "pipeline/csv_reader.h"
#include "pipeline/csv_row.h"
#include "pipeline/csv_union.h"
#include "pipeline/grow_array.h"
#include "pipeline/jsonl_reader.h"
#include "pipeline/key_table.h"
#include "pipeline/latest_records.h"
#include "pipeline/lossless_text.h"
#include "pipeline/output_place.h"
#include "pipeline/record_parser.h"
#include "pipeline/spill_file.h"
#include "pipeline/text_output.h"

namespace sdmeta {
namespace {

struct AddedColumn {
  std::string_view name;
  std::string_view path;  // in the record
};

// In the order of the record, which is the quickest to read.
constexpr AddedColumn kColumns[] = {
    {"status", "status"},
    {"file", "file"},
    {"member", "member"},
    {"image_format", "image.format"},
    {"image_width", "image.width"},
    {"image_height", "image.height"},
    {"image_bytes", "image.bytes"},
    {"software", "generation.software"},
    {"software_version", "generation.software_version"},
    {"prompt", "generation.prompt"},
    {"negative_prompt", "generation.negative_prompt"},
    {"steps", "generation.steps"},
    {"sampler", "generation.sampler"},
    {"scheduler", "generation.scheduler"},
    {"sampler_normalized", "generation.sampler_normalized"},
    {"scheduler_normalized", "generation.scheduler_normalized"},
    {"cfg_scale", "generation.cfg_scale"},
    {"guidance", "generation.guidance"},
    {"seed", "generation.seed"},
    {"width", "generation.width"},
    {"height", "generation.height"},
    {"model", "generation.model"},
    {"model_hash", "generation.model_hash"},
    {"vae", "generation.vae"},
    {"clip_skip", "generation.clip_skip"},
    {"denoising_strength", "generation.denoising_strength"},
    {"hires_upscale", "generation.hires.upscale"},
    {"hires_upscaler", "generation.hires.upscaler"},
    {"hires_steps", "generation.hires.steps"},
    {"hires_width", "generation.hires.width"},
    {"hires_height", "generation.hires.height"},
    {"hires_denoising_strength", "generation.hires.denoising_strength"},
    {"loras", "generation.loras"},
    {"embeddings", "generation.embeddings"},
    {"prompts", "generation.prompts"},
    {"controlnets", "generation.controlnets"},
    {"upscalers", "generation.upscalers"},
    {"civitai_resources", "generation.civitai_resources"},
    {"extra", "generation.extra"},
    {"error", "error"},
    {"warnings", "warnings"},
};
constexpr std::size_t kColumnCount = std::size(kColumns);
constexpr std::size_t kSpillBufferBytes = 1 << 20;

template <class Member>
constexpr auto column_texts(Member member) {
  std::array<std::string_view, kColumnCount> texts;
  for (std::size_t i = 0; i < kColumnCount; ++i) texts[i] = kColumns[i].*member;
  return texts;
}
constexpr auto kNames = column_texts(&AddedColumn::name);
constexpr auto kPaths = column_texts(&AddedColumn::path);

/// Appends a value as a cell: null is nothing, an empty text is "".
void append_value(std::string& out, const RecordValue& value) {
  switch (value.kind) {
    case RecordValue::Kind::kMissing:
    case RecordValue::Kind::kNull: return;
    case RecordValue::Kind::kText:
    case RecordValue::Kind::kJson: break;
  }
  if (value.text.empty()) {
    out += "\"\"";
    return;
  }
  if (value.text.find('\0') == std::string::npos) {
    append_csv_cell(out, value.text);
    return;
  }
  // CSV readers end a cell, or the file, at a NUL.
  std::string text;
  for (const char c : value.text) {
    if (c == '\0') text += "\xEF\xBF\xBD";
    else text += c;
  }
  append_csv_cell(out, text);
}

/// Numbers 0, 1, 2, ... for the records; their cells wait in the spill.
class RecordCells {
 public:
  /// see() every row if has_choices(), then settle(), then find().
  static Result<std::unique_ptr<RecordCells>> read(
      const EnrichOptions& options, const Report& report,
      EnrichCounts& counts) {
    const OutputPlace place = output_place(options.output);
    auto spill = SpillFile::create(place.descriptor >= 0
                                       ? SpillFile::temporary_folder()
                                       : SpillFile::folder_of(place.path),
                                   kSpillBufferBytes);
    if (!spill) return spill.error();
    auto matcher = NameMatcher::make(MatchKey::kAny, "");
    if (!matcher) return matcher.error();
    std::unique_ptr<RecordCells> cells(
        new RecordCells(std::move(*spill), std::move(*matcher)));
    if (auto error = cells->read_records(options.records, report, counts))
      return *std::move(error);
    return cells;
  }

  /// There are names that may mean several images.
  bool has_choices() const { return choices_.size() != 0; }
  void see(const RowKeys& row) {
    const auto mark = [&](std::span<const KeyTable::Entry> entries) {
      for (const KeyTable::Entry& entry : entries)
        choices_[entry.number()].has_row = true;
    };
    if (row.image_id) mark(choices_by_image_id_.find(key_of(*row.image_id)));
    if (row.uuid) mark(choices_by_uuid_.find(key_of(*row.uuid)));
  }
  void settle() {
    std::optional<std::uint32_t> settled;
    for (const Choice& choice : choices_) {
      if (!choice.has_row || choice.record == settled) continue;
      settled = choice.record;
      (choice.is_uuid ? by_uuid_ : by_image_id_).add(choice.key, choice.record);
    }
    by_image_id_.build();
    by_uuid_.build();
  }

  std::optional<std::uint32_t> find(const RowKeys& keys) const {
    std::optional<std::uint32_t> record;
    if (keys.image_id)
      record = best(by_image_id_.find(key_of(*keys.image_id)));
    if (!record && keys.uuid) record = best(by_uuid_.find(key_of(*keys.uuid)));
    return record;
  }

  /// The added cells of a record, each with its comma in front.
  std::optional<Error> cells(std::uint32_t record, std::string& text) const {
    const std::uint64_t end =
        record + 1 < begins_.size() ? begins_[record + 1] : spill_->size();
    return spill_->read(begins_[record], end, text);
  }

  std::uint32_t size() const { return latest_.size(); }
  bool is_replaced(std::uint32_t record) const {
    return latest_.is_replaced(record);
  }

 private:
  /// One of the images that a record's name may mean, likeliest first.
  struct Choice {
    std::uint64_t key;
    std::uint32_t record;
    bool is_uuid;
    bool has_row;
  };

  RecordCells(std::unique_ptr<SpillFile> spill, NameMatcher matcher)
      : spill_(std::move(spill)), matcher_(std::move(matcher)) {}

  std::optional<Error> read_records(const std::string& path,
                                    const Report& report,
                                    EnrichCounts& counts) {
    auto reader = JsonlReader::open(path);
    if (!reader) return reader.error();
    // Behind the columns: what the record is found by.
    std::vector<std::string_view> paths(kPaths.begin(), kPaths.end());
    paths.push_back("image_id");
    paths.push_back("row.image_url");
    RecordParser parser;
    std::vector<RecordValue> values;
    std::string text;
    BadLineReports bad_lines(report);
    for (;;) {
      const auto line = (*reader)->next();
      if (!line) return line.error();
      if (!*line) break;
      auto error = parser.values(**line, paths, values);
      if (!error && values[0].kind != RecordValue::Kind::kText)
        error = Error{ErrorCode::kMalformed,
                      "not a record of sdmeta: no status", std::nullopt};
      if (error) {
        ++counts.bad_records;
        bad_lines.add(path, *error, [&] { return (*reader)->line_number(); });
        continue;
      }
      const auto number = static_cast<std::uint32_t>(begins_.size());
      begins_.push_back(spill_->size());
      is_ok_.push_back(values[0].text == "ok");
      std::optional<std::string_view> member;
      if (values[2].kind == RecordValue::Kind::kText) member = values[2].text;
      latest_.add(values[1].text, member);
      add_keys(values, number);
      text.clear();
      for (std::size_t i = 0; i < kColumnCount; ++i) {
        text += ',';
        append_value(text, values[i]);
      }
      if (auto failed = spill_->append(text)) return failed;
    }
    counts.records = begins_.size();
    if (auto refused =
            refuse_without_records(path, counts.records, counts.bad_records))
      return refused;
    latest_.settle();
    choices_by_image_id_.build();
    choices_by_uuid_.build();
    return spill_->flush();
  }

  /// A record that was joined is found by the keys of its row, another by what
  /// its name may mean.
  void add_keys(const std::vector<RecordValue>& values, std::uint32_t number) {
    const RecordValue& image_id = values[kColumnCount];
    const RecordValue& image_url = values[kColumnCount + 1];
    NameKeys keys;
    const bool is_by_name = image_url.kind == RecordValue::Kind::kMissing;
    if (is_by_name) {
      const RecordValue& member = values[2];
      keys = matcher_.keys(values[1].text, member.text);
    } else if (image_url.kind == RecordValue::Kind::kText) {
      keys.add(find_uuid(image_url.text));
    }
    if (image_id.kind == RecordValue::Kind::kJson)
      keys.add(parse_image_number(image_id.text));
    const bool is_choice = is_by_name && keys.all().size() > 1;
    for (const NameKey& name_key : keys.all()) {
      const bool is_uuid = name_key.kind == NameKey::Kind::kUuid;
      const std::uint64_t key =
          is_uuid ? key_of(name_key.uuid) : key_of(name_key.number);
      if (!is_choice) {
        (is_uuid ? by_uuid_ : by_image_id_).add(key, number);
        continue;
      }
      (is_uuid ? choices_by_uuid_ : choices_by_image_id_)
          .add(key, static_cast<std::uint32_t>(choices_.size()));
      choices_.push_back({key, number, is_uuid, false});
    }
  }

  std::optional<std::uint32_t> best(
      std::span<const KeyTable::Entry> entries) const {
    std::optional<std::uint32_t> first;
    for (const KeyTable::Entry& entry : entries) {
      if (latest_.is_replaced(entry.number())) continue;
      if (is_ok_[entry.number()]) return entry.number();
      if (!first) first = entry.number();
    }
    return first;
  }

  std::unique_ptr<SpillFile> spill_;
  NameMatcher matcher_;
  GrowArray<std::uint64_t> begins_;  // of the records' cells in the spill
  std::vector<bool> is_ok_;
  LatestRecords latest_;
  KeyTable by_image_id_;
  KeyTable by_uuid_;
  GrowArray<Choice> choices_;  // those of one record stand together
  KeyTable choices_by_image_id_;
  KeyTable choices_by_uuid_;
};

std::string added_header(const CsvUnion& columns) {
  const std::vector<std::string>& names = columns.names();
  const auto is_taken = [&](std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  std::string header;
  for (const std::string_view name : kNames) {
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
                       "more than once here; write them to a file and name it",
                   std::nullopt};
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
      bad_rows_.add(table.path, Error{ErrorCode::kBadRow, fault, std::nullopt},
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
  const std::string missing_ = ",missing" + std::string(kColumnCount - 1, ',');
};

}  // namespace

std::span<const std::string_view> enriched_columns() { return kNames; }

Result<EnrichCounts> run_enrich(const EnrichOptions& options,
                                const Report& report) {
  EnrichCounts counts;
  CsvUnion columns;
  const auto tables = open_tables(options, columns);
  if (!tables) return tables.error();
  auto output = TextOutput::create(options.output);
  if (!output) return output.error();
  const auto records = RecordCells::read(options, report, counts);
  if (!records) return records.error();

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
