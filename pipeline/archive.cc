#include "pipeline/archive.h"

#include <sys/stat.h>

#include <utility>

#include "extractor/container.h"
#include "extractor/packed_image.h"
#include "pipeline/archive_magic.h"
#include "pipeline/foreign_reader.h"
#include "pipeline/job_source.h"
#include "pipeline/name_filter.h"
#include "pipeline/report.h"
#include "pipeline/tar_reader.h"
#include "pipeline/zip_reader.h"

namespace sdmeta {
namespace {

constexpr std::string_view kMemberMark = "!/";
constexpr std::size_t kHeadBytes = 512;

/// True if a component of a member's name is hidden, as in a folder.
bool is_in_hidden(std::string_view name) noexcept {
  while (true) {
    const std::size_t slash = name.find('/');
    if (is_hidden(name.substr(0, slash))) return true;
    if (slash == std::string_view::npos) return false;
    name.remove_prefix(slash + 1);
  }
}

bool is_image(Bytes head) noexcept {
  const ContainerRow* const row = find_container(head);
  return row != nullptr && row->read != nullptr;
}

/// Where the bytes of `job` stand as they are, if they do.
std::optional<FileRange> stored_range(const Job& job) {
  if (!job.range) return std::nullopt;
  switch (job.range->packing) {
    case Packing::kStored: return job.range;
    case Packing::kZip:
      return stored_zip_member(*job.range->archive, *job.range);
    case Packing::kForeign: break;
  }
  return std::nullopt;
}

/// A ByteSource that keeps the job, whose bytes it shows, alive.
class JobBytes final : public ByteSource {
 public:
  static Result<std::unique_ptr<ByteSource>> open(Job job,
                                                  const Limits& limits) {
    auto self = std::unique_ptr<JobBytes>(new JobBytes(std::move(job)));
    Result<std::unique_ptr<ByteSource>> source =
        open_source(self->job_, limits);
    if (!source) return source.error();
    self->source_ = std::move(*source);
    return std::unique_ptr<ByteSource>(std::move(self));
  }

  std::uint64_t size() const noexcept override { return source_->size(); }
  Result<std::size_t> read_at(std::uint64_t offset,
                              std::span<std::uint8_t> out) noexcept override {
    return source_->read_at(offset, out);
  }

 private:
  explicit JobBytes(Job job) : job_(std::move(job)) {}
  Job job_;
  std::unique_ptr<ByteSource> source_;
};

struct OpenArchive {
  std::unique_ptr<ByteSource> source;
  std::vector<std::uint8_t> head;  // its first kHeadBytes, if there are as many
};

Result<OpenArchive> open_archive(const Job& archive, const Limits& limits) {
  if (archive.error) return *archive.error;
  Result<std::unique_ptr<ByteSource>> source = JobBytes::open(archive, limits);
  if (!source) return source.error();
  std::vector<std::uint8_t> head(kHeadBytes);
  const Result<std::size_t> got = (*source)->read_at(0, head);
  if (!got) return got.error();
  head.resize(*got);
  return OpenArchive{std::move(*source), std::move(head)};
}

/// Whether a tar's header stands in the first bytes, behind one that is
/// damaged.
bool has_tar_header(ByteSource& source) {
  constexpr std::size_t kSearched = std::size_t{1} << 20;
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(
      std::min<std::uint64_t>(source.size(), kSearched)));
  const Result<std::size_t> got = source.read_at(0, bytes);
  const Bytes there = Bytes(bytes).first(got ? *got : 0);
  for (std::size_t at = 0; at + kHeadBytes <= there.size(); at += kHeadBytes)
    if (is_tar_header(there.subspan(at, kHeadBytes))) return true;
  return false;
}

/// A reader that gives ranges, if there is one for `source`, which it takes;
/// `error` says what it lacks of a zip. Zips behind a program that unpacks
/// them, or behind junk, have their directory at the end.
std::unique_ptr<ArchiveReader> read_in_place(
    std::unique_ptr<ByteSource>& source, Bytes head,
    std::optional<Error>& error) {
  const bool is_other = !is_tar(head) && !is_archive(head);
  if (is_zip(head) || is_other) {
    Result<std::unique_ptr<ZipReader>> zip = ZipReader::open(source);
    if (zip) return std::move(*zip);
    if (!is_other)
      error = archive_broken(zip.error().detail +
                             "; members were read from the start");
  }
  if (is_tar(head) || (is_other && has_tar_header(*source)))
    return std::make_unique<TarReader>(std::move(source));
  return nullptr;
}

}  // namespace

struct ArchiveWalk::Level {
  std::unique_ptr<ArchiveReader> reader;
  std::string prefix;  // "inner.zip!/", or empty
  /// What members' ranges count from, for readers that give ranges.
  std::optional<FileRange> place;
  std::optional<Error> error;  // beside the reader's
  std::uint64_t members = 0;   // that the reader gave
};

ArchiveWalk::ArchiveWalk(const std::string& path, std::string shard_name,
                         ArchiveOptions options)
    : path_(path),
      shard_name_(std::move(shard_name)),
      options_(std::move(options)) {
  Job archive;
  archive.path = path;
  const Result<std::shared_ptr<const ArchiveFile>> file =
      ArchiveFile::open(path);
  if (file)
    archive.range = FileRange{0, (*file)->size(), Packing::kStored, *file};
  else
    archive.error = file.error();
  enter(std::move(archive));
}

ArchiveWalk::ArchiveWalk(const std::string& path, std::string only)
    : ArchiveWalk(path, {}, {.all_files = true, .shard = {}, .limits = {}}) {
  only_ = std::move(only);
}

ArchiveWalk::~ArchiveWalk() = default;

bool ArchiveWalk::takes(const std::optional<std::string>& member) const {
  if (options_.shard.count <= 1) return true;
  // Inside an archive that went to this shard as a whole.
  if (!levels_.empty() && !levels_.back()->place) return true;
  if (!member) return options_.shard.takes(shard_name_);
  std::string name = shard_name_;
  return options_.shard.takes(name.append(kMemberMark).append(*member));
}

/// Makes `archive` a job itself: because of its error, or because it is an
/// image that is named like an archive.
void ArchiveWalk::offer(Job archive) {
  if (!takes(archive.member)) {
    ++counts_.other_shards;
    if (archive.error) ++counts_.unread_in_other_shards;
    return;
  }
  if (archive.error || !archive.member) archive.range.reset();
  if (archive.error) archive.bytes.reset();
  instead_ = std::move(archive);
}

/// Makes the archive that `archive` names the current one, or offers it.
void ArchiveWalk::enter(Job archive) {
  archive.is_announced = true;
  if (!archive.error && levels_.size() >= kMaxNesting)
    archive.error = Error{ErrorCode::kUnsupportedFormat,
                          "archives within archives are read " +
                              std::to_string(kMaxNesting) + " levels deep"};
  Result<OpenArchive> opened = open_archive(archive, options_.limits);
  if (!opened) {
    archive.error = opened.error();
    return offer(std::move(archive));
  }
  const Bytes head = opened->head;
  const bool is_known = is_tar(head) || is_archive(head);
  if (is_known ? packing_of_image(head).has_value() : is_image(head))
    return offer(std::move(archive));

  auto level = std::make_unique<Level>();
  if (archive.member)
    level->prefix = *archive.member + std::string(kMemberMark);
  level->place = stored_range(archive);
  if (level->place)
    level->reader = read_in_place(opened->source, head, level->error);
  if (!level->reader && !is_known) {
    archive.error =
        archive_broken(head.empty() ? "is empty" : "is not an archive", 0);
    return offer(std::move(archive));
  }
  if (!level->reader) {
    if (level->place) level->place->archive->expect_stream();
    level->place.reset();
    if (!takes(archive.member)) {
      ++counts_.other_shards;
      return;
    }
    level->reader =
        make_foreign_reader(std::move(opened->source), options_.limits);
  }
  levels_.push_back(std::move(level));
}

bool ArchiveWalk::is_skipped(const Member& member,
                             const std::string& name) const {
  if (only_) return name != *only_;
  return !options_.all_files &&
         (is_in_hidden(member.name) ||
          kind_of_name(base_name(member.name)) == NameKind::kOther);
}

Job ArchiveWalk::job_of(Level& level, Member member, std::string name) const {
  Job job;
  job.path = path_;
  job.member = std::move(name);
  job.member_size = member.size;
  job.error = std::move(member.error);
  if (job.error) return job;
  if (level.place && member.range) {
    member.range->offset += level.place->offset;
    member.range->archive = level.place->archive;
    job.range = std::move(member.range);
    return job;
  }
  std::optional<Error> error;
  auto bytes = std::make_shared<const std::vector<std::uint8_t>>(
      level.reader->read_member(options_.limits.max_member_bytes, error));
  // What is there of a member that breaks off may hold its text.
  if (bytes->empty() && error)
    job.error = std::move(error);
  else
    job.bytes = std::move(bytes);
  return job;
}

/// A member that is an input; or an archive, which becomes the current one.
std::optional<Job> ArchiveWalk::visit(Level& level, Member member) {
  std::string name = level.prefix + member.name;
  const bool is_nested =
      kind_of_name(base_name(member.name)) == NameKind::kArchive &&
      (!only_ || only_->starts_with(name + std::string(kMemberMark)));
  if (!is_nested) {
    if (is_skipped(member, name)) {
      ++counts_.skipped_names;
      return std::nullopt;
    }
    if (level.place && !takes(name)) {
      ++counts_.other_shards;
      return std::nullopt;
    }
    return job_of(level, std::move(member), std::move(name));
  }
  if (!only_ && !options_.all_files && is_in_hidden(member.name)) {
    ++counts_.skipped_names;
    return std::nullopt;
  }
  enter(job_of(level, std::move(member), std::move(name)));
  return std::nullopt;
}

/// Behind the last member: what broke, if something did, and how far it was
/// read.
std::optional<Job> ArchiveWalk::leave(const Level& level) {
  std::optional<Error> error = level.error;
  if (level.reader->damage()) error = level.reader->damage();
  Job job;
  job.path = path_;
  if (!level.prefix.empty())
    job.member =
        level.prefix.substr(0, level.prefix.size() - kMemberMark.size());
  const bool went_as_a_whole = !level.place;
  if (!error) return std::nullopt;
  if (!went_as_a_whole && !takes(job.member)) {
    ++counts_.other_shards;
    ++counts_.unread_in_other_shards;
    return std::nullopt;
  }
  if (level.members > 0)
    error->detail += "; " + counted(level.members, "member") +
                     (level.members == 1 ? " was found" : " were found");
  job.error = std::move(error);
  job.is_announced = true;
  return job;
}

std::optional<Job> ArchiveWalk::next() {
  while (true) {
    if (instead_) return std::exchange(instead_, std::nullopt);
    if (levels_.empty()) return std::nullopt;
    Level& level = *levels_.back();
    if (std::optional<Member> member = level.reader->next()) {
      ++level.members;
      if (std::optional<Job> job = visit(level, std::move(*member))) return job;
    } else {
      const std::unique_ptr<Level> done = std::move(levels_.back());
      levels_.pop_back();
      if (std::optional<Job> job = leave(*done)) return job;
    }
  }
}

std::optional<Result<Job>> open_member(const std::string& name) {
  struct stat status;
  if (::lstat(name.c_str(), &status) == 0) return std::nullopt;
  for (std::size_t mark = name.find(kMemberMark); mark != std::string::npos;
       mark = name.find(kMemberMark, mark + 1)) {
    const std::string path = name.substr(0, mark);
    if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode))
      continue;
    const std::string member = name.substr(mark + kMemberMark.size());
    ArchiveWalk walk(path, member);
    std::optional<Error> damage;
    while (std::optional<Job> job = walk.next()) {
      if (job->member == member) return Result<Job>(std::move(*job));
      damage = std::move(job->error);
    }
    return Result<Job>(
        damage.value_or(Error{ErrorCode::kUnreadable, "no such member"}));
  }
  return std::nullopt;
}

}  // namespace sdmeta
