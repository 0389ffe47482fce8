#include "pipeline/job_source.h"

#include <unistd.h>

#include "pipeline/archive_file.h"
#include "pipeline/foreign_reader.h"
#include "pipeline/zip_reader.h"

namespace sdmeta {
namespace {

class OwnedFileSource final : public ByteSource {
 public:
  explicit OwnedFileSource(OpenedFile file) noexcept
      : fd_(file.fd), bytes_(file.fd, 0, file.size) {}
  ~OwnedFileSource() override { ::close(fd_); }
  OwnedFileSource(const OwnedFileSource&) = delete;
  OwnedFileSource& operator=(const OwnedFileSource&) = delete;

  std::uint64_t size() const noexcept override { return bytes_.size(); }
  Result<std::size_t> read_at(std::uint64_t offset,
                              std::span<std::uint8_t> out) noexcept override {
    return bytes_.read_at(offset, out);
  }

 private:
  int fd_;
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
  const Result<OpenedFile> opened = open_regular_file(job.path.c_str());
  if (!opened) return opened.error();
  return std::unique_ptr<ByteSource>(
      std::make_unique<OwnedFileSource>(*opened));
}

}  // namespace sdmeta
