#include "pipeline/row.h"

#include "pipeline/image_key.h"

namespace sdmeta {

std::optional<std::string> image_address(std::string_view image_url) {
  if (image_url.starts_with("https://") || image_url.starts_with("http://"))
    return std::string(image_url);
  if (!parse_uuid(image_url)) return std::nullopt;
  std::string address = "https://image.civitai.com/xG1nkqKTMzGDvpLrqFT7WA/";
  address.append(image_url).append("/original=true/");
  return address;
}

}  // namespace sdmeta
