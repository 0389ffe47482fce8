// Where the lines go. A file grows as OUT.partial and gets its name when it is
// complete, so that OUT is never half a result; standard output, pipes and
// devices are written as they are.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "extractor/error.h"
#include "pipeline/compress.h"
#include "pipeline/file_id.h"
#include "pipeline/descriptor.h"
#include "pipeline/old_output.h"

namespace sdmeta {

struct SinkOptions {
  std::string path = "-";  // "-": standard output
  /// Continue OUT.partial if it holds a record, else add to OUT if there is
  /// one.
  bool resume = false;
  /// An OUT.partial is worth nothing: one of an earlier run is overwritten, and
  /// that of a Sink that is not finished is removed, also by end_on_signals().
  bool is_replaceable = false;
};

class Sink {
 public:
  ~Sink();
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  /// Creates or continues the output. With `resume`, every record it holds is
  /// handed to `found` and a torn tail is cut; a file that is no output of this
  /// program is an error and is left as it is. Two runs cannot write the same
  /// file at once.
  static Result<std::unique_ptr<Sink>> open(
      const SinkOptions& options,
      const std::function<void(const RecordName&)>& found);

  /// Appends whole lines or frames. False if nothing more can be written:
  /// because of `error()`, or because the reader of a pipe has gone. A file is
  /// then cut back to the lines before, so that it can be resumed.
  bool write(std::string_view bytes) noexcept;

  /// Gives the file its name. Not called: OUT.partial stays, to be resumed. An
  /// output without a byte whose name says that it is compressed gets an empty
  /// member, without which it could not be read.
  std::optional<Error> finish();

  const std::optional<Error>& error() const { return error_; }
  bool is_reader_gone() const { return is_reader_gone_; }
  /// Name of the unfinished file; empty where there is none.
  const std::string& partial_path() const { return partial_path_; }
  /// Of whole lines or frames that are written.
  std::uint64_t bytes() const { return length_; }
  /// Where an OUT.partial that is not resumed went, or an OUT beside one that
  /// is; empty if there was none.
  const std::string& kept_path() const { return kept_path_; }
  /// The file that is written; nothing if it cannot be told.
  std::optional<FileId> file() const;
  std::uint64_t old_records() const { return old_.records; }

 private:
  explicit Sink(const SinkOptions& options)
      : is_replaceable_(options.is_replaceable),
        compression_(compression_of(options.path)) {}
  std::optional<Error> open_fresh();
  std::optional<Error> open_old(
      const std::function<void(const RecordName&)>& found);
  /// Sets `owned_` and `old_`; not if there is no such file.
  std::optional<Error> read_old(
      const std::string& path,
      const std::function<void(const RecordName&)>& found);
  void keep_mode() const;
  /// Moves a file to `kept_path_`, a name that was free.
  std::optional<Error> keep(const std::string& path);

  bool is_replaceable_;
  Compression compression_;
  std::string path_;
  std::string partial_path_;
  std::string kept_path_;
  Descriptor owned_;
  int fd_ = -1;
  std::uint64_t length_ = 0;  // bytes of whole lines in a file
  OldOutput old_;
  std::optional<Error> error_;
  bool is_reader_gone_ = false;
};

}  // namespace sdmeta
