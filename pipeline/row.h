// One row of the civitai-image-db CSV: the `row` object of a record.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/generation.h"

namespace sdmeta {

struct Row {
  std::optional<std::int64_t> id;
  std::optional<std::string> image_url;  // as in the CSV, mostly a UUID
  std::optional<std::int64_t> user_id;
  std::optional<std::string> username;  // from the folder by_username/<user>/
  std::optional<std::int64_t> nsfw_level;
  std::optional<std::string> created_at;
  std::optional<std::string> published_at;
  std::vector<std::int64_t> tag_ids;
  std::optional<std::int64_t> image_id;
  std::vector<KeyValue> extra;  // columns of other names, in file order
};

/// Address of the original image. The CSV holds only its UUID, or the whole
/// address; of anything else there is none.
std::optional<std::string> image_address(std::string_view image_url);

}  // namespace sdmeta
