#include "pipeline/stages.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "parsers/interpret.h"
#include "parsers/named_secrets.h"
#include "parsers/redact.h"
#include "pipeline/archive_file.h"
#include "pipeline/cached_source.h"
#include "pipeline/encode.h"
#include "pipeline/job_source.h"

namespace sdmeta {
namespace {

/// Status of a record whose input was damaged in this way and gave no
/// Generation.
Status status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kTruncated:
    case ErrorCode::kMemberTooLarge: return Status::kTruncated;
    case ErrorCode::kNotAnImage: return Status::kNotAnImage;
    case ErrorCode::kUnsupportedFormat: return Status::kUnsupportedFormat;
    case ErrorCode::kUnreadable:
    case ErrorCode::kEncrypted: return Status::kUnreadable;
    case ErrorCode::kMalformed: return Status::kMalformed;
    default: return Status::kCorrupt;
  }
}

ImageFields damaged(const Error& error) {
  ImageFields image;
  image.damage = error;
  image.has_passed_limit = error.code == ErrorCode::kMemberTooLarge;
  return image;
}

std::optional<std::uint64_t> member_bytes(const Job& job) {
  if (job.member_size) return job.member_size;
  if (job.bytes) return job.bytes->size();
  return std::nullopt;
}

/// Quickly, and perhaps wrong: the question mark of a URL stands in the text as
/// it is or escaped; named secrets are texts or members of JSON. Long texts are
/// not asked: the Generation, which is, holds few of their bytes.
bool may_have_secrets(const ImageFields& image) {
  constexpr std::size_t kMostAsked = 4096;
  const auto has = [](std::string_view text, char c) {
    return text.find(c) != text.npos;
  };
  return std::any_of(
      image.fields.begin(), image.fields.end(), [has](const RawField& field) {
        return field.value.size() > kMostAsked || has(field.value, '?') ||
               has(field.value, '%') || has(field.value, '{') ||
               has(field.key, '?') || is_secret(field.key, field.value);
      });
}

void remove_secrets(Record& record) {
  if (record.generation) remove_secrets(*record.generation);
  remove_secrets(record.image.fields);
}

/// Details quote what was found, in fields and elsewhere.
void remove_secrets_of_details(Record& record) {
  if (record.error) redact(record.error->detail);
  for (Error& warning : record.warnings) redact(warning.detail);
}

std::string_view member_name(const Record& record) {
  return record.member ? std::string_view(*record.member) : std::string_view();
}

}  // namespace

Extracted extract_stage(Job job, FileOpener& opener,
                        const ExtractOptions& options) noexcept {
  Extracted extracted;
  if (job.member || job.bytes || job.error) {
    const Result<std::unique_ptr<ByteSource>> source =
        open_source(job, options.limits);
    extracted.bytes = member_bytes(job);
    extracted.image =
        source ? extract_fields(**source, options) : damaged(source.error());
  } else {
    const Result<ImageFile> file = opener.open(job.path, job.is_regular);
    if (file) {
      FileSource source(file->descriptor.get(), 0, file->size);
      extracted.image = extract_fields(source, options);
      extracted.bytes = file->size;
    } else {
      extracted.image = damaged(file.error());
    }
  }
  extracted.job = std::move(job);
  return extracted;
}

std::optional<Extracted> extract_cached_stage(
    Job& job, FileOpener& opener, const ExtractOptions& options) noexcept {
  // Memory, and errors, are there at once.
  if (job.bytes || job.error)
    return extract_stage(std::move(job), opener, options);
  Extracted extracted;
  if (job.range) {
    const FileRange& range = *job.range;
    CachedSource source(range.archive->fd(), range.offset, range.length);
    if (range.packing == Packing::kStored) {
      extracted.image = extract_fields(source, options);
    } else {
      // What is unpacked is read on from here; the kernel reads ahead of it.
      std::uint8_t first = 0;
      (void)source.read_at(0, {&first, 1});
    }
    if (source.would_wait()) return std::nullopt;
    if (range.packing != Packing::kStored)
      return extract_stage(std::move(job), opener, options);
    extracted.bytes = member_bytes(job);
  } else if (job.member) {
    return extract_stage(std::move(job), opener, options);
  } else {
    const std::optional<Result<ImageFile>> opened =
        opener.open_cached(job.path, job.is_regular);
    if (!opened) return std::nullopt;
    const Result<ImageFile>& file = *opened;
    if (file) {
      CachedSource source(file->descriptor.get(), 0, file->size);
      extracted.image = extract_fields(source, options);
      if (source.would_wait()) return std::nullopt;
      extracted.bytes = file->size;
    } else {
      extracted.image = damaged(file.error());
    }
  }
  extracted.job = std::move(job);
  return extracted;
}

Record interpret_stage(Extracted&& extracted,
                       const ReadOptions& options) noexcept {
  Record record;
  interpret(extracted.image, options.extract.limits, record);
  std::optional<Error> refusal = std::exchange(record.error, std::nullopt);
  std::vector<Error> doubts = std::exchange(record.warnings, {});
  record.seq = extracted.job.seq;
  record.file = std::move(extracted.job.path);
  record.member = std::move(extracted.job.member);
  record.image_id = image_id_of_name(record.file, member_name(record));
  record.bytes = extracted.bytes;
  record.image = std::move(extracted.image);
  record.warnings = std::exchange(record.image.notes, {});
  const auto warn = [&record](Error& error) {
    record.warnings.push_back(std::move(error));
  };

  std::optional<Error> damage = std::exchange(record.image.damage, {});
  if (record.generation) {
    record.status = Status::kOk;
    if (damage) warn(*damage);
  } else if (damage) {
    record.status = status_of(damage->code);
    record.error = std::move(damage);
    if (refusal) warn(*refusal);
  } else if (refusal) {
    record.status = status_of(refusal->code);
    record.error = std::move(refusal);
  } else {
    record.status =
        record.has_text ? Status::kUnrecognized : Status::kNoMetadata;
  }
  for (Error& doubt : doubts) warn(doubt);
  const bool is_asked = !options.keep_secrets && may_have_secrets(record.image);
  if (!options.with_raw) record.image.fields = {};
  if (is_asked) remove_secrets(record);
  if (!options.keep_secrets) remove_secrets_of_details(record);
  return record;
}

Record join_stage(Record record, const CsvIndex* csv) noexcept {
  if (csv == nullptr) return record;
  record.row = csv->find(record.file, member_name(record), &record.warnings);
  if (record.row && record.row->image_id && *record.row->image_id >= 0)
    record.image_id = static_cast<std::uint64_t>(*record.row->image_id);
  return record;
}

void encode_stage(const Record& record, bool with_raw, Lines& lines) noexcept {
  const std::size_t before = lines.bytes.size();
  append_record(lines.bytes, record, with_raw);
  Tally& tally = lines.tally;
  ++tally.records;
  ++tally.by_status[static_cast<std::size_t>(record.status)];
  tally.damaged += is_damaged(record) ? 1 : 0;
  tally.with_row += record.row ? 1 : 0;
  tally.image_bytes += record.bytes.value_or(0);
  tally.output_bytes += lines.bytes.size() - before;
}

std::optional<std::uint64_t> job_bytes(const Job& job) {
  if (job.member || job.bytes || job.error) return member_bytes(job);
  struct stat status;
  if (::stat(job.path.c_str(), &status) != 0 || !S_ISREG(status.st_mode))
    return std::nullopt;
  return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace sdmeta
