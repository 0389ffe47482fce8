#include "pipeline/record_cells.h"

#include <array>
#include <utility>

#include "pipeline/csv_cell.h"
#include "pipeline/output_place.h"
#include "pipeline/record_reader.h"

namespace sdmeta {
namespace {

struct Column {
  std::string_view name;
  std::string_view path;  // in the record
};

// In the order of the record, which is the quickest to read.
constexpr Column kColumns[] = {
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

/// The values that are asked for: the columns, of which some are used here, and
/// behind them what else a record is found by.
enum : std::size_t {
  kStatus,
  kFile,
  kMember,
  kImageId = kColumnCount,
  kImageUrl
};

template <class Member>
constexpr auto column_texts(Member member) {
  std::array<std::string_view, kColumnCount> texts;
  for (std::size_t i = 0; i < kColumnCount; ++i) texts[i] = kColumns[i].*member;
  return texts;
}
constexpr auto kNames = column_texts(&Column::name);
constexpr auto kPaths = column_texts(&Column::path);

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
    if (c == '\0')
      text += "\xEF\xBF\xBD";
    else
      text += c;
  }
  append_csv_cell(out, text);
}

}  // namespace

std::span<const std::string_view> record_columns() { return kNames; }

Result<std::unique_ptr<RecordCells>> RecordCells::read(
    const std::string& path, const std::string& output, const Report& report) {
  const OutputPlace place = output_place(output);
  auto spill = SpillFile::create(place.descriptor >= 0
                                     ? SpillFile::temporary_folder()
                                     : SpillFile::folder_of(place.path),
                                 kSpillBufferBytes);
  if (!spill) return spill.error();
  auto matcher = NameMatcher::make(MatchKey::kAny, "");
  if (!matcher) return matcher.error();
  std::unique_ptr<RecordCells> cells(
      new RecordCells(std::move(*spill), std::move(*matcher)));
  if (auto error = cells->read_records(path, report)) return *std::move(error);
  return cells;
}

std::optional<Error> RecordCells::read_records(const std::string& path,
                                               const Report& report) {
  auto reader = RecordReader::open(path, report);
  if (!reader) return reader.error();
  std::vector<std::string_view> paths(kPaths.begin(), kPaths.end());
  paths.push_back("image_id");
  paths.push_back("row.image_url");
  std::vector<RecordValue> values;
  for (;;) {
    const auto has_record = (*reader)->next(paths, kStatus, values);
    if (!has_record) return has_record.error();
    if (!*has_record) break;
    if (auto failed = add(values)) return failed;
  }
  bad_lines_ = (*reader)->bad_lines();
  if (auto refused = (*reader)->refuse_other_file()) return refused;
  latest_.settle();
  choices_by_image_id_.build();
  choices_by_uuid_.build();
  return spill_->flush();
}

std::optional<Error> RecordCells::add(const std::vector<RecordValue>& values) {
  const auto number = static_cast<std::uint32_t>(begins_.size());
  begins_.push_back(spill_->size());
  is_ok_.push_back(values[kStatus].text == "ok");
  std::optional<std::string_view> member;
  if (values[kMember].kind == RecordValue::Kind::kText)
    member = values[kMember].text;
  latest_.add(values[kFile].text, member);
  add_keys(values, number);
  text_.clear();
  for (std::size_t i = 0; i < kColumnCount; ++i) {
    text_ += ',';
    append_value(text_, values[i]);
  }
  return spill_->append(text_);
}

/// A record that was joined is found by the keys of its row, another by what
/// its name may mean.
void RecordCells::add_keys(const std::vector<RecordValue>& values,
                           std::uint32_t number) {
  const RecordValue& image_id = values[kImageId];
  const RecordValue& image_url = values[kImageUrl];
  NameKeys keys;
  const bool is_by_name = image_url.kind == RecordValue::Kind::kMissing;
  if (is_by_name) {
    const RecordValue& member = values[kMember];
    keys = matcher_.keys(values[kFile].text, member.text);
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

void RecordCells::see(const RowKeys& row) {
  const auto mark = [&](std::span<const KeyTable::Entry> entries) {
    for (const KeyTable::Entry& entry : entries)
      choices_[entry.number()].has_row = true;
  };
  if (row.image_id) mark(choices_by_image_id_.find(key_of(*row.image_id)));
  if (row.uuid) mark(choices_by_uuid_.find(key_of(*row.uuid)));
}

void RecordCells::settle() {
  std::optional<std::uint32_t> settled;
  for (const Choice& choice : choices_) {
    if (!choice.has_row || choice.record == settled) continue;
    settled = choice.record;
    (choice.is_uuid ? by_uuid_ : by_image_id_).add(choice.key, choice.record);
  }
  by_image_id_.build();
  by_uuid_.build();
}

std::optional<std::uint32_t> RecordCells::best(
    std::span<const KeyTable::Entry> entries) const {
  std::optional<std::uint32_t> first;
  for (const KeyTable::Entry& entry : entries) {
    if (latest_.is_replaced(entry.number())) continue;
    if (is_ok_[entry.number()]) return entry.number();
    if (!first) first = entry.number();
  }
  return first;
}

std::optional<std::uint32_t> RecordCells::find(const RowKeys& keys) const {
  std::optional<std::uint32_t> record;
  if (keys.image_id) record = best(by_image_id_.find(key_of(*keys.image_id)));
  if (!record && keys.uuid) record = best(by_uuid_.find(key_of(*keys.uuid)));
  return record;
}

std::optional<Error> RecordCells::cells(std::uint32_t record,
                                        std::string& text) const {
  const std::uint64_t end =
      record + 1 < begins_.size() ? begins_[record + 1] : spill_->size();
  return spill_->read(begins_[record], end, text);
}

}  // namespace sdmeta
