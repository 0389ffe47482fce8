#include "pipeline/inputs.h"

#include <errno.h>
#include <sys/stat.h>

#include <utility>

#include "pipeline/directory.h"
#include "pipeline/file_error.h"
#include "pipeline/name_filter.h"
#include "pipeline/path_list.h"
#include "pipeline/shard.h"

namespace sdmeta {
namespace {

class Inputs final : public InputStream {
 public:
  explicit Inputs(InputOptions options) : options_(std::move(options)) {}

  std::optional<Job> next() override {
    while (std::optional<Found> found = find()) {
      if (shard_of(found->shard_name, options_.shards) != options_.shard) {
        ++counts_.other_shards;
        continue;
      }
      found->job.seq = seq_++;
      return std::move(found->job);
    }
    return std::nullopt;
  }

  InputCounts counts() const override {
    InputCounts counts = counts_;
    if (folder_) counts.skipped_names += folder_->skipped_names();
    return counts;
  }

 private:
  struct Found {
    Job job;
    std::string shard_name;
  };

  static Found found(std::string path, std::optional<Error> error,
                     std::string shard_name) {
    Found result{{}, std::move(shard_name)};
    result.job.path = std::move(path);
    result.job.error = std::move(error);
    return result;
  }

  /// The next input of any shard: from the innermost of what is open.
  std::optional<Found> find() {
    while (true) {
      if (folder_) {
        if (std::optional<DirectoryEntry> entry = folder_->next()) {
          std::string name = entry->path.size() > folder_->root_length()
                                 ? entry->path.substr(folder_->root_length())
                                 : std::string(base_name(entry->path));
          return found(std::move(entry->path), std::move(entry->error),
                       std::move(name));
        }
        counts_.skipped_names += folder_->skipped_names();
        folder_.reset();
      } else if (list_) {
        std::optional<PathList::Entry> entry = list_->next();
        if (!entry) {
          list_.reset();
        } else if (entry->error) {
          if (entry->error->code == ErrorCode::kUnreadable)
            ++counts_.unreadable_lists;
          std::string name(shard_name_of_path(entry->path));
          return found(std::move(entry->path), std::move(entry->error),
                       std::move(name));
        } else if (std::optional<Found> named = open_named(entry->path, true)) {
          return named;
        }
      } else if (next_path_ < options_.paths.size()) {
        const std::string& path = options_.paths[next_path_++];
        if (path == "-")
          list_.emplace(path, options_.is_nul_separated);
        else if (std::optional<Found> named = open_named(path, false))
          return named;
      } else if (options_.files_from) {
        list_.emplace(*options_.files_from, options_.is_nul_separated);
        options_.files_from.reset();
      } else {
        return std::nullopt;
      }
    }
  }

  /// A path somebody named: a file is an input whatever its name, and a folder
  /// becomes `folder_`.
  std::optional<Found> open_named(const std::string& path, bool is_in_list) {
    std::optional<Error> error;
    // Lists are long, and this thread is alone: a name that says "image" is
    // believed without asking the disk.
    if (!is_in_list || kind_of_name(base_name(path)) != NameKind::kImage ||
        base_name(path).find('.') == std::string_view::npos) {
      struct stat status;
      if (::stat(path.c_str(), &status) != 0) {
        error = file_error("open", errno);
      } else if (S_ISDIR(status.st_mode)) {
        folder_.emplace(path, options_.all_files);
        return std::nullopt;
      }
    }
    return found(path, std::move(error),
                 std::string(shard_name_of_path(path)));
  }

  InputOptions options_;
  InputCounts counts_;
  std::uint64_t seq_ = 0;
  std::size_t next_path_ = 0;
  std::optional<PathList> list_;
  std::optional<DirectoryWalk> folder_;
};

}  // namespace

std::unique_ptr<InputStream> open_inputs(InputOptions options) {
  return std::make_unique<Inputs>(std::move(options));
}

}  // namespace sdmeta
