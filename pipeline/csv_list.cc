#include "pipeline/csv_list.h"

#include <errno.h>
#include <sys/stat.h>

#include <utility>

#include "parsers/text.h"
#include "pipeline/directory.h"
#include "pipeline/file_error.h"

namespace sdmeta {

Result<std::vector<std::string>> list_csv_files(
    const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& given : paths) {
    const std::string path = given == "-" ? "/dev/stdin" : given;
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0)
      return file_error(path + ": open", errno);
    if (!S_ISDIR(status.st_mode)) {
      files.push_back(path);
      continue;
    }
    const std::size_t before = files.size();
    DirectoryWalk walk(path, true);
    while (auto entry = walk.next()) {
      if (entry->error) return at_path(entry->path, *entry->error);
      if (is_hidden(base_name(entry->path))) continue;
      const std::string name = lower(base_name(entry->path));
      const bool is_csv = name.ends_with(".csv") || name.ends_with(".csv.gz") ||
                          name.ends_with(".csv.zst");
      // Opening a pipe would wait for somebody who writes to it.
      if (is_csv &&
          (entry->is_regular || ::stat(entry->path.c_str(), &status) != 0 ||
           S_ISREG(status.st_mode)))
        files.push_back(std::move(entry->path));
    }
    if (files.size() == before)
      return Error{ErrorCode::kUnreadable,
                   path + ": no .csv, .csv.gz or .csv.zst file in this folder"};
  }
  return files;
}

}  // namespace sdmeta
