#include "pipeline/file_error.h"

#include <errno.h>
#include <string.h>

#include <algorithm>
#include <string>

namespace sdmeta {
namespace {

/// RFC 3986, 3.1: a letter, then letters, digits, "+", "-" and ".".
bool is_address(std::string_view path) {
  const std::string_view scheme = path.substr(0, path.find("://"));
  return scheme.size() < path.size() && !scheme.empty() &&
         std::all_of(scheme.begin(), scheme.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
         });
}

}  // namespace

Error file_error(std::string_view doing, int errno_value) {
  const char* text = ::strerrordesc_np(errno_value);
  std::string detail(doing);
  detail.append(": ").append(text != nullptr ? text : "unknown error");
  return {ErrorCode::kUnreadable, std::move(detail)};
}

Error open_error(std::string_view path, int errno_value) {
  Error error = file_error("open", errno_value);
  if (errno_value != ENOENT && errno_value != ENOTDIR) return error;
  if (is_address(path))
    error.detail += "; addresses are not fetched; see sdmeta urls";
  else if (path.find("!/") != std::string_view::npos)
    error.detail += "; to read members, name their archive";
  return error;
}

Error write_error(std::string_view doing, int errno_value) {
  Error error = file_error(doing, errno_value);
  error.code = ErrorCode::kUnwritable;
  return error;
}

Error at_path(std::string_view path, Error error) {
  error.detail.insert(0, ": ").insert(0, path);
  return error;
}

}  // namespace sdmeta
