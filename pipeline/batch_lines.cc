#include "pipeline/batch_lines.h"

#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "pipeline/compress.h"
#include "pipeline/report.h"

namespace sdmeta {
namespace {

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
