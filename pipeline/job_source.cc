#include "pipeline/job_source.h"

#include <utility>

#include "pipeline/archive_file.h"
#include "pipeline/file_opener.h"
#include "pipeline/foreign_reader.h"
#include "pipeline/held_source.h"
#include "pipeline/zip_reader.h"

namespace sdmeta {
namespace {

class OwnedFileSource final : public ByteSource {
 public:
  explicit OwnedFileSource(ImageFile file) noexcept
      : file_(std::move(file)), bytes_(file_.descriptor.get(), 0, file_.size) {}

  std::uint64_t size() const noexcept override { return bytes_.size(); }
  Result<std::size_t> read_at(std::uint64_t offset,
                              std::span<std::uint8_t> out) noexcept override {
    return bytes_.read_at(offset, out);
  }

 private:
  ImageFile file_;
  FileSource bytes_;
};

}  // namespace

Result<std::unique_ptr<ByteSource>> open_source(const Job& job,
                                                const Limits& limits) {
  if (job.error) return *job.error;
  if (job.bytes)
    return make_held_source(job.bytes, job.member_size.value_or(0), limits);
  if (job.range) {
    const FileRange& range = *job.range;
    const ArchiveFile& archive = *range.archive;
    if (range.packing == Packing::kZip)
      return open_zip_member(archive, range, job.member_size.value_or(0),
                             limits);
    auto bytes =
        std::make_unique<FileSource>(archive.fd(), range.offset, range.length);
    if (range.packing == Packing::kForeign)
      return unpack_one_member(std::move(bytes), limits);
    return std::unique_ptr<ByteSource>(std::move(bytes));
  }
  Result<ImageFile> opened = FileOpener().open(job.path);
  if (!opened) return opened.error();
  return std::unique_ptr<ByteSource>(
      std::make_unique<OwnedFileSource>(std::move(*opened)));
}

}  // namespace sdmeta
