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
  std::optional<std::string> image_url;  // the UUID, as in the CSV
  std::optional<std::int64_t> user_id;
  std::optional<std::string> username;  // from the folder by_username/<user>/
  std::optional<std::int64_t> nsfw_level;
  std::optional<std::string> created_at;
  std::optional<std::string> published_at;
  std::vector<std::int64_t> tag_ids;
  std::optional<std::int64_t> image_id;
  std::vector<KeyValue> extra;  // columns of other names, in file order
};

/// Address of the original image: the CSV holds only the UUID.
std::string image_address(std::string_view uuid);

}  // namespace sdmeta
