#include "pipeline/text_output.h"

#include <errno.h>

#include <utility>

#include "pipeline/file_error.h"

namespace sdmeta {

TextOutput::TextOutput(const std::string& path, std::unique_ptr<Sink> sink)
    : name_(path == "-" ? "standard output" : path),
      compression_(compression_of(path)),
      sink_(std::move(sink)) {}

Result<std::unique_ptr<TextOutput>> TextOutput::create(
    const std::string& path) {
  SinkOptions options;
  options.path = path;
  options.is_replaceable = true;
  Result<std::unique_ptr<Sink>> sink = Sink::open(options, {});
  if (!sink) return at_path(path, sink.error());
  return std::unique_ptr<TextOutput>(new TextOutput(path, std::move(*sink)));
}

std::optional<Error> TextOutput::flush() {
  std::string packed;
  std::string_view rest = buffer_;
  if (compression_ != Compression::kNone) {
    packed = compress(std::move(buffer_), compression_);
    rest = packed;
  }
  if (!sink_->write(rest))
    return at_path(name_, sink_->error() ? *sink_->error()
                                         : write_error("write", EPIPE));
  buffer_.clear();
  return std::nullopt;
}

std::optional<Error> TextOutput::finish() {
  if (std::optional<Error> error = flush()) return error;
  if (const std::optional<Error> error = sink_->finish())
    return at_path(name_, *error);
  return std::nullopt;
}

}  // namespace sdmeta
