#include "pipeline/inputs.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

#include <algorithm>
#include <span>
#include <utility>

#include "extractor/byte_source.h"
#include "pipeline/archive.h"
#include "pipeline/archive_file.h"
#include "pipeline/archive_magic.h"
#include "pipeline/directory.h"
#include "pipeline/file_error.h"
#include "pipeline/name_filter.h"
#include "pipeline/path_list.h"
#include "pipeline/shard.h"

namespace sdmeta {
namespace {

/// Looks into a file that somebody named: images may be called anything, and so
/// may archives.
Result<bool> holds_archive(const std::string& path) {
  const Result<std::shared_ptr<const ArchiveFile>> file =
      ArchiveFile::open(path);
  if (!file) return file.error();
  std::uint8_t head[512];
  const Result<std::size_t> got =
      FileSource((*file)->fd(), 0, (*file)->size()).read_at(0, head);
  return got && is_archive(std::span(head).first(*got));
}

/// Where shard_name_of_path() begins.
std::size_t shard_name_at(std::string_view path) {
  return path.size() - shard_name_of_path(path).size();
}

class Inputs final : public InputStream {
 public:
  explicit Inputs(InputOptions options)
      : options_(std::move(options)),
        has_list_(options_.files_from ||
                  std::find(options_.paths.begin(), options_.paths.end(),
                            "-") != options_.paths.end()) {}

  std::optional<Job> next() override {
    return ahead_ ? std::exchange(ahead_, std::nullopt) : look(true);
  }

  bool would_wait() override {
    if (!has_list_) return false;
    if (!ahead_) ahead_ = look(false);
    return !ahead_ && is_paused();
  }

  bool is_stopped() const override { return list_ && list_->is_stopped(); }

  InputCounts counts() const override {
    InputCounts counts = counts_;
    if (folder_) counts.skipped_names += folder_->skipped_names();
    if (archive_) add_counts(counts, *archive_);
    return counts;
  }

 private:
  struct Found {
    Job job;
    NameKind kind;
    std::size_t shard_name_at = 0;  // where in the path it begins

    std::string_view shard_name() const {
      return std::string_view(job.path).substr(shard_name_at);
    }
  };

  bool is_paused() const { return list_ && list_->is_paused(); }

  /// The next job. Without `may_wait` nothing where a list pauses.
  std::optional<Job> look(bool may_wait) {
    while (true) {
      if (archive_) {
        if (std::optional<Job> job = archive_->next()) return numbered(*job);
        add_counts(counts_, *archive_);
        archive_.reset();
      }
      std::optional<Found> found = find(may_wait);
      if (!found) return std::nullopt;
      if (found->kind == NameKind::kArchive && !found->job.error) {
        ++counts_.archives;
        archive_.emplace(found->job.path, std::string(found->shard_name()),
                         ArchiveOptions{options_.all_files, options_.shard,
                                        options_.limits});
      } else if (options_.shard.takes(found->shard_name())) {
        return numbered(found->job);
      } else {
        ++counts_.other_shards;
        if (found->job.error && found->job.is_announced)
          ++counts_.unread_in_other_shards;
      }
    }
  }

  static void add_counts(InputCounts& counts, const ArchiveWalk& archive) {
    counts.skipped_names += archive.counts().skipped_names;
    counts.other_shards += archive.counts().other_shards;
    counts.unread_in_other_shards += archive.counts().unread_in_other_shards;
  }

  Job numbered(Job& job) {
    job.seq = seq_++;
    return std::move(job);
  }

  static Found found(std::string path, NameKind kind,
                     std::optional<Error> error, std::size_t shard_name_at) {
    Found result{{}, kind, shard_name_at};
    result.job.path = std::move(path);
    result.job.error = std::move(error);
    return result;
  }

  static Found announced(Found found) {
    found.job.is_announced = true;
    return found;
  }

  /// The next file of any shard: from the innermost of what is open.
  std::optional<Found> find(bool may_wait) {
    while (true) {
      if (folder_) {
        if (std::optional<DirectoryEntry> entry = folder_->next()) {
          const std::string_view path = entry->path;
          const std::size_t name_at =
              path.size() > folder_->root_length()
                  ? folder_->root_length()
                  : path.size() - base_name(path).size();
          Found result = found(std::move(entry->path), entry->kind,
                               std::move(entry->error), name_at);
          result.job.is_regular = entry->is_regular;
          result.job.is_announced = result.job.error.has_value();
          return result;
        }
        counts_.skipped_names += folder_->skipped_names();
        folder_.reset();
      } else if (list_) {
        std::optional<PathList::Entry> entry = list_->next(may_wait);
        if (list_->is_stopped() || list_->is_paused()) return std::nullopt;
        if (!entry) {
          list_.reset();
        } else if (entry->error) {
          if (entry->error->code == ErrorCode::kUnreadable)
            ++counts_.unreadable_lists;
          return announced(found(entry->path, NameKind::kOther,
                                 std::move(entry->error),
                                 shard_name_at(entry->path)));
        } else if (std::optional<Found> listed = open_listed(entry->path)) {
          return listed;
        }
      } else if (next_path_ < options_.paths.size()) {
        const std::string& path = options_.paths[next_path_++];
        if (path == "-")
          list_.emplace(path, options_.is_nul_separated, options_.stop_fd);
        else if (std::optional<Found> named = open_named(path))
          return named;
      } else if (options_.files_from) {
        list_.emplace(*options_.files_from, options_.is_nul_separated,
                      options_.stop_fd);
        options_.files_from.reset();
      } else {
        return std::nullopt;
      }
    }
  }

  /// An argument. A file is an input whatever its name; a folder becomes
  /// `folder_`.
  std::optional<Found> open_named(const std::string& path) {
    std::optional<Error> error;
    NameKind kind = kind_of_name(base_name(path));
    if (enter_folder(path, error)) return std::nullopt;
    if (!error && kind != NameKind::kArchive) {
      const Result<bool> is_archive = holds_archive(path);
      if (!is_archive)
        error = is_archive.error();
      else if (*is_archive)
        kind = NameKind::kArchive;
    }
    return announced(found(path, kind, std::move(error), shard_name_at(path)));
  }

  /// A list may name millions of files and this thread is alone, so names that
  /// say "image" are believed, and archives are known by name only.
  std::optional<Found> open_listed(const std::string& path) {
    std::optional<Error> error;
    const std::string_view name = base_name(path);
    const NameKind kind = kind_of_name(name);
    const bool says_image =
        kind == NameKind::kImage && name.find('.') != std::string_view::npos;
    const bool has_lines = path.find('\n') != std::string::npos;
    if ((!says_image || has_lines) && enter_folder(path, error))
      return std::nullopt;
    if (error && has_lines) error->detail += kIsManyLines;
    Found listed = found(path, kind, std::move(error), shard_name_at(path));
    // A list that was split in another way than it was made.
    listed.job.is_announced = has_lines || path.size() >= PATH_MAX;
    return listed;
  }

  bool enter_folder(const std::string& path, std::optional<Error>& error) {
    struct stat status;
    if (::stat(path.c_str(), &status) != 0) {
      error = open_error(path, errno);
      return false;
    }
    if (!S_ISDIR(status.st_mode)) return false;
    folder_.emplace(path, options_.all_files, options_.outputs);
    return true;
  }

  InputOptions options_;
  const bool has_list_;
  std::optional<Job> ahead_;  // found by would_wait(), not yet handed out
  InputCounts counts_;
  std::uint64_t seq_ = 0;
  std::size_t next_path_ = 0;
  std::optional<PathList> list_;
  std::optional<DirectoryWalk> folder_;
  std::optional<ArchiveWalk> archive_;
};

}  // namespace

std::unique_ptr<InputStream> open_inputs(InputOptions options) {
  return std::make_unique<Inputs>(std::move(options));
}

}  // namespace sdmeta
