// What can go wrong, as values: a closed set of codes, the fact that was found,
// and where in the file. The same type serves for the one error of a record and
// for its warnings. Nothing here prints or throws.
#pragma once

#include <cassert>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace sdmeta {

/// Stable codes. Their names (`error_name`) are part of the output format.
enum class ErrorCode : std::uint8_t {
  // The container; these four are also record statuses.
  kTruncated,          // ends before its structure does
  kCorrupt,            // structure or checksum contradicts itself
  kNotAnImage,         // HTML or JSON error page, empty file, other data
  kUnsupportedFormat,  // a known format that is not read
  kUnreadable,         // I/O or permission error

  // One place in a file; the rest of the file is still read.
  kBadChecksum,
  kFieldTooLarge,
  kTooManyFields,
  kBadText,            // not decodable in the encoding it declares
  kBadCompression,
  kBadExif,
  kBadXmp,
  kIrregular,          // against the format's rules, and yet no byte is missing

  // Payloads.
  kMalformed,          // claimed by a parser, did not parse
  kJsonRepaired,       // not strict JSON; read after a documented repair
  kLowConfidence,      // found by scanning, not by following the graph
  kGraphTooLarge,
  kBadNumber,

  // Why there may be no prompt.
  kC2pa,
  kMidjourney,
  kPhoto,
  kProvenance,

  // Archives and lists.
  kArchiveBroken,
  kEncrypted,
  kMemberTooLarge,

  // CSV.
  kBadRow,
  kMissingColumn,
  kDuplicateRow,
  kAmbiguousMatch,

  // Output.
  kUnwritable,

  // What kind of image it is.
  kAnimated,  // several frames; no detail
};

/// The code's stable lower-case name, e.g. "truncated", "field_too_large".
std::string_view error_name(ErrorCode code) noexcept;

struct Error {
  ErrorCode code = ErrorCode::kCorrupt;
  std::string detail;                   // what was found against what was expected
  std::optional<std::uint64_t> offset = std::nullopt;  // bytes from file start

  bool operator==(const Error&) const = default;
};

/// "code" or "code: detail", the form used in messages and in `warnings`.
std::string to_text(const Error& error);

/// A value or an Error. Member names follow std::expected, which clang 14
/// cannot compile yet.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}
  Result(Error error) : state_(std::move(error)) {}

  bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  T& value() { return get(); }
  const T& value() const { return get(); }
  T& operator*() { return get(); }
  const T& operator*() const { return get(); }
  T* operator->() { return &get(); }
  const T* operator->() const { return &get(); }

  const Error& error() const {
    assert(!has_value());
    return *std::get_if<1>(&state_);
  }

 private:
  T& get() {
    assert(has_value());
    return *std::get_if<0>(&state_);
  }
  const T& get() const {
    assert(has_value());
    return *std::get_if<0>(&state_);
  }

  std::variant<T, Error> state_;
};

}  // namespace sdmeta
