#include "pipeline/urls.h"

#include <algorithm>
#include <memory>

#include "pipeline/csv_index.h"
#include "pipeline/csv_row.h"
#include "pipeline/grow_array.h"
#include "pipeline/latest_records.h"
#include "pipeline/record_reader.h"
#include "pipeline/text_output.h"

namespace sdmeta {
namespace {

/// The file that was read is not the image that was asked for, or not all of
/// it. Where its metadata stands in front of the break, only a warning says so.
bool is_broken_download(const RecordHead& head) {
  const std::string& status = head.status;
  return head.is_damaged || status == "truncated" || status == "corrupt" ||
         status == "not_an_image" || status == "unreadable";
}

/// The row whose image a sound record stands for.
std::optional<std::uint32_t> row_of(const RecordHead& head,
                                    const NameMatcher& matcher,
                                    const CsvIndex& index) {
  if (is_broken_download(head)) return std::nullopt;
  if (head.image_url)  // joined when it was written
    return index.row_of_image(head.image_id, find_uuid(*head.image_url));
  const NameKeys keys =
      matcher.keys(head.file, head.member.value_or(std::string()));
  for (const NameKey& key : keys.all()) {
    const auto row = key.kind == NameKey::Kind::kUuid
                         ? index.row_of_image(std::nullopt, key.uuid)
                         : index.row_of_image(key.number, std::nullopt);
    if (row) return row;
  }
  return std::nullopt;
}

/// Marks the rows whose image has a sound record that counts.
std::optional<Error> mark_present(const std::string& path,
                                  const CsvIndex& index, const Report& report,
                                  UrlsCounts& counts) {
  auto reader = RecordReader::open(path, report);
  if (!reader) return reader.error();
  const auto matcher = NameMatcher::make(MatchKey::kAny, "");
  if (!matcher) return matcher.error();
  constexpr std::uint32_t kNoRow = UINT32_MAX;
  LatestRecords latest;
  GrowArray<std::uint32_t> rows;  // of the records
  RecordHead head;
  for (;;) {
    const auto has_record = (*reader)->next(head);
    if (!has_record) return has_record.error();
    if (!*has_record) break;
    latest.add(head.file, head.member);
    rows.push_back(row_of(head, *matcher, index).value_or(kNoRow));
  }
  counts.bad_records = (*reader)->bad_lines();
  latest.settle();
  for (std::uint32_t i = 0; i < latest.size(); ++i)
    if (rows[i] != kNoRow && !latest.is_replaced(i)) index.mark(rows[i]);
  return (*reader)->refuse_other_file();
}

/// An address that is safe in a list of addresses: one line, no blanks.
std::optional<std::string> address_of(const Row& row) {
  if (!row.image_url) return std::nullopt;
  std::optional<std::string> address = image_address(*row.image_url);
  const bool is_clean =
      address && std::all_of(address->begin(), address->end(), [](char c) {
        return static_cast<unsigned char>(c) > ' ' && c != 127;
      });
  if (!is_clean) return std::nullopt;
  return address;
}

/// The name under which the image is found again by its row. It has no
/// extension: what the server sends may be PNG, JPEG, WebP or a video.
std::string name_of(const Row& row) {
  if (row.image_id) return std::to_string(*row.image_id);
  if (parse_uuid(*row.image_url)) return *row.image_url;
  return {};
}

}  // namespace

Result<UrlsCounts> run_urls(const UrlsOptions& options, const Report& report) {
  CsvOptions csv;
  csv.paths = options.csv_paths;
  csv.threads = options.threads;
  csv.limits = options.limits;
  auto index = CsvIndex::load(csv, report);
  if (!index) return index.error();
  UrlsCounts counts;
  counts.bad_rows = (*index)->counts().bad_rows;
  const CsvCounts rows = (*index)->counts();
  counts.rows = rows.rows - rows.duplicate_rows - rows.conflicting_rows;
  if (options.missing_from)
    if (auto error =
            mark_present(*options.missing_from, **index, report, counts))
      return *std::move(error);

  auto output = TextOutput::create(options.output);
  if (!output) return output.error();
  std::string& text = (*output)->buffer();
  std::uint64_t unseen = 0;
  auto error = (*index)->for_each_unseen([&](const CsvRowView& view) {
    ++unseen;
    const Row row = make_row_of(
        view.file.header(), view.record,
        {CsvColumn::kImageId, CsvColumn::kImageUrl, CsvColumn::kNsfwLevel});
    const auto address = address_of(row);
    const auto limit = options.max_nsfw_level;
    if (limit && (!row.nsfw_level || *row.nsfw_level > *limit)) {
      ++counts.above_level;
    } else if (!address) {
      ++counts.without_address;
    } else {
      ++counts.written;
      text.append(*address) += '\n';
      const std::string name = name_of(row);
      if (options.format == UrlFormat::kAria2 && !name.empty())
        text.append("  out=").append(name) += '\n';
    }
    return (*output)->flush_if_full();
  });
  if (const std::vector<Error> faults = (*index)->faults();
      !error && !faults.empty())
    error = faults.front();
  if (!error) error = (*output)->finish();
  if (error) return *std::move(error);
  counts.present = counts.rows - unseen;
  return counts;
}

std::string to_text(const UrlsCounts& counts) {
  std::string text = counted(counts.rows, "image") + ": " +
                     std::to_string(counts.written) + " to download, " +
                     std::to_string(counts.present) + " present";
  append_count(text, counts.above_level, " above the nsfw level");
  append_count(text, counts.without_address, " without an address");
  append_counted(text, counts.bad_rows, "bad row");
  append_counted(text, counts.bad_records, "line", " without a record");
  return text;
}

}  // namespace sdmeta
