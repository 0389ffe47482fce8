#include "pipeline/stages.h"

#include <sys/stat.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "parsers/interpret.h"
#include "parsers/redact.h"
#include "pipeline/archive_file.h"
#include "pipeline/cached_source.h"
#include "pipeline/encode.h"
#include "pipeline/job_source.h"
#include "pipeline/report.h"

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

std::size_t text_bytes(const ImageFields& image) {
  std::size_t bytes = 0;
  for (const RawField& field : image.fields) bytes += field.value.size();
  return bytes;
}

Extracted postponed(Job job) {
  Extracted extracted;
  extracted.job = std::move(job);
  extracted.is_postponed = true;
  return extracted;
}

/// Lines of more bytes than this end their frame, so that a batch of large
/// records need not be in memory at once. Where frames end depends on the lines
/// alone: a resumed output has to equal an undisturbed one.
constexpr std::size_t kMaxFrameBytes = std::size_t{4} << 20;

void end_full_frame(Lines& lines, Compression compression) {
  if (compression == Compression::kNone || lines.bytes.size() < kMaxFrameBytes)
    return;
  lines.frames += compress(std::exchange(lines.bytes, {}), compression);
}

bool is_full(const StageOptions& options) {
  return options.held != nullptr && options.held->is_full();
}

/// What files of a batch are read with.
ExtractOptions batch_options(const StageOptions& options) {
  ExtractOptions limited = options.extract;
  if (options.held != nullptr)
    limited.limits = small_file_limits(limited.limits);
  return limited;
}

/// Counts what an image holds for its batch, or puts it off if not all of it
/// was read.
void hold(Extracted& image, Lines& lines, const StageOptions& options) {
  if (options.held == nullptr) return;
  if (image.image.has_passed_limit) image = postponed(std::move(image.job));
  // Counting every little text would make the threads fight for the counter.
  constexpr std::size_t kLittle = 4096;
  const std::size_t bytes = text_bytes(image.image);
  if (bytes <= kLittle) return;
  options.held->add(bytes);
  lines.held_bytes += bytes;
}

/// The question mark of a URL stands in the text as it is or as an escape. Long
/// texts are not asked: the Generation, which is, holds few of their bytes.
bool may_have_queries(const ImageFields& image) {
  constexpr std::size_t kMostAsked = 4096;
  const auto has = [](std::string_view text, char c) {
    return text.find(c) != text.npos;
  };
  return std::any_of(image.fields.begin(), image.fields.end(),
                     [has](const RawField& field) {
                       return field.value.size() > kMostAsked ||
                              has(field.value, '?') || has(field.value, '\\') ||
                              has(field.key, '?');
                     });
}

void remove_url_secrets(Record& record) {
  if (record.generation) remove_url_secrets(*record.generation);
  for (RawField& field : record.image.fields) {
    redact(field.key);
    redact(field.value);
  }
}

/// Details quote what was found, in fields and elsewhere.
void remove_url_secrets_of_details(Record& record) {
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
                       const StageOptions& options) noexcept {
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
  const bool may_have_secrets =
      !options.keep_urls && may_have_queries(record.image);
  if (!options.with_raw) record.image.fields = {};
  if (may_have_secrets) remove_url_secrets(record);
  if (!options.keep_urls) remove_url_secrets_of_details(record);
  return record;
}

Record join_stage(Record record, const CsvIndex* csv) noexcept {
  if (csv == nullptr) return record;
  record.row = csv->find(record.file, member_name(record), &record.warnings);
  if (record.row && record.row->image_id && *record.row->image_id >= 0)
    record.image_id = static_cast<std::uint64_t>(*record.row->image_id);
  return record;
}

namespace {

/// A broken file whose text could be read all the same, which is no failure.
bool is_damaged(const Record& record) {
  return !is_failure(record.status) &&
         std::any_of(record.warnings.begin(), record.warnings.end(),
                     [](const Error& warning) {
                       return warning.code == ErrorCode::kTruncated ||
                              warning.code == ErrorCode::kCorrupt;
                     });
}

}  // namespace

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

namespace {

Lines begin_lines(const Batch& jobs) {
  constexpr std::size_t kUsualLineBytes = 2048;
  Lines lines;
  lines.seq = jobs.seq;
  lines.held_bytes = jobs.held_bytes;
  lines.bytes.reserve(jobs.items.size() * kUsualLineBytes);
  return lines;
}

/// All stages behind the first.
void add_image(Extracted&& image, const StageOptions& options, Lines& lines) {
  const bool is_announced = image.job.is_announced;
  Record record = interpret_stage(std::move(image), options);
  if (options.csv != nullptr)
    record = join_stage(std::move(record), options.csv);
  encode_stage(record, options.with_raw, lines);
  if (is_announced && is_failure(record.status))
    lines.failures.push_back(to_message(record));
}

void add_line(Extracted&& image, const StageOptions& options, Lines& lines) {
  if (image.is_postponed) {
    lines.postponed.push_back({lines.bytes.size(), std::make_shared<const Job>(
                                                       std::move(image.job))});
    return;
  }
  add_image(std::move(image), options, lines);
  if (lines.postponed.empty()) end_full_frame(lines, options.compression);
}

/// Takes `images`, which is empty then.
void add_lines(std::vector<Extracted>& images, const StageOptions& options,
               Lines& lines) {
  for (Extracted& image : images) add_line(std::move(image), options, lines);
  images.clear();
}

Lines ended(Lines lines, const StageOptions& options) {
  if (lines.postponed.empty())
    lines.bytes = compress(std::move(lines.bytes), options.compression);
  return lines;
}

/// One job's image, waited for, or put off while there is no room.
Extracted read_job(Job job, FileOpener& opener, const ExtractOptions& limited,
                   const StageOptions& options, Lines& lines) {
  if (is_full(options)) return postponed(std::move(job));
  Extracted image = extract_stage(std::move(job), opener, limited);
  hold(image, lines, options);
  return image;
}

}  // namespace

Lines write_batch(Batch jobs, const StageOptions& options) noexcept {
  Lines lines = begin_lines(jobs);
  FileOpener opener;
  const ExtractOptions limited = batch_options(options);
  for (Job& job : jobs.items)
    add_line(read_job(std::move(job), opener, limited, options, lines), options,
             lines);
  return ended(std::move(lines), options);
}

HalfWritten write_cached(Batch jobs, const StageOptions& options) noexcept {
  // The kernel and the parsers need most of the processor's cache each.
  constexpr std::size_t kReadAtOnce = 8;
  HalfWritten half{begin_lines(jobs), {}};
  std::vector<Extracted> images;
  images.reserve(kReadAtOnce);
  FileOpener opener;
  const ExtractOptions limited = batch_options(options);
  for (auto job = jobs.items.begin(); job != jobs.items.end(); ++job) {
    if (images.size() == kReadAtOnce) add_lines(images, options, half.lines);
    if (is_full(options)) {
      images.push_back(postponed(std::move(*job)));
      continue;
    }
    std::optional<Extracted> image =
        extract_cached_stage(*job, opener, limited);
    if (!image) {
      add_lines(images, options, half.lines);
      half.jobs.assign(std::move_iterator(job),
                       std::move_iterator(jobs.items.end()));
      return half;
    }
    hold(*image, half.lines, options);
    images.push_back(std::move(*image));
  }
  add_lines(images, options, half.lines);
  half.lines = ended(std::move(half.lines), options);
  return half;
}

HalfRead read_rest(HalfWritten half, const StageOptions& options) noexcept {
  HalfRead read{std::move(half.lines), {}};
  read.images.reserve(half.jobs.size());
  FileOpener opener;
  const ExtractOptions limited = batch_options(options);
  for (Job& job : half.jobs)
    read.images.push_back(
        read_job(std::move(job), opener, limited, options, read.lines));
  return read;
}

Lines write_rest(HalfRead half, const StageOptions& options) noexcept {
  add_lines(half.images, options, half.lines);
  return ended(std::move(half.lines), options);
}

void finish_batch(Lines lines, const StageOptions& options,
                  const std::function<void(Lines)>& take) {
  if (lines.postponed.empty()) {
    if (lines.frames.empty()) return take(std::move(lines));
    lines.bytes.insert(0, lines.frames);
    lines.frames.clear();
    return take(std::move(lines));
  }
  const std::string encoded = std::move(lines.bytes);
  const std::vector<Lines::Postponed> postponed = std::move(lines.postponed);
  Lines piece;
  piece.seq = lines.seq;
  piece.bytes = std::move(lines.frames);
  piece.tally = lines.tally;
  piece.failures = std::move(lines.failures);
  take(std::exchange(piece, {}));
  const auto hand_on = [&](bool is_last) {
    const bool is_full = piece.bytes.size() >= kMaxFrameBytes;
    if (!is_full && !is_last) return;
    piece.seq = lines.seq;
    piece.bytes = compress(std::move(piece.bytes), options.compression);
    take(std::exchange(piece, {}));
  };
  // Copies lines up to `end`, each as if it had come by itself.
  std::size_t at = 0;
  const auto copy_to = [&](std::size_t end) {
    while (at < end) {
      const std::size_t line_end = encoded.find('\n', at) + 1;
      piece.bytes.append(encoded, at, line_end - at);
      at = line_end;
      hand_on(false);
    }
  };
  FileOpener opener;
  for (const Lines::Postponed& next : postponed) {
    copy_to(next.offset);
    add_image(extract_stage(*next.job, opener, options.extract), options,
              piece);
    hand_on(false);
  }
  copy_to(encoded.size());
  hand_on(true);
}

}  // namespace sdmeta
