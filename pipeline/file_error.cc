#include "pipeline/file_error.h"

#include <errno.h>
#include <string.h>

#include <string>

namespace sdmeta {

Error file_error(std::string_view doing, int errno_value) {
  const char* text = ::strerrordesc_np(errno_value);
  std::string detail(doing);
  detail.append(": ").append(text != nullptr ? text : "unknown error");
  return {ErrorCode::kUnreadable, std::move(detail), std::nullopt};
}

Error open_error(std::string_view path, int errno_value) {
  Error error = file_error("open", errno_value);
  if ((errno_value == ENOENT || errno_value == ENOTDIR) &&
      path.find("!/") != std::string_view::npos)
    error.detail += "; to read members, name their archive";
  return error;
}

Error write_error(std::string_view doing, int errno_value) {
  Error error = file_error(doing, errno_value);
  error.code = ErrorCode::kUnwritable;
  return error;
}

}  // namespace sdmeta
