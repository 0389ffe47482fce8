#include "parsers/json.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <utility>
#include <vector>

#include "parsers/json_repair.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

constexpr double kTwoTo63 = 9223372036854775808.0;

// As Python, which most of these texts are from, writes it: `0.0001`, `1e-05`,
// `100000.0`, `1e+16`.
std::string python_text(double value) {
  const double size = std::fabs(value);
  const bool is_plain = size == 0.0 || (size >= 1e-4 && size < 1e16);
  const auto format =
      is_plain ? std::chars_format::fixed : std::chars_format::scientific;
  char buffer[32];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, value, format).ptr;
  std::string text(buffer, end);
  if (is_plain && text.find('.') == text.npos) text += ".0";
  return text;
}

}  // namespace

std::optional<double> JsonValue::number() const {
  if (double value = 0; is_number() && get(value)) return value;
  if (const auto text = string()) return number_in<double>(*text);
  return std::nullopt;
}

std::optional<std::int64_t> JsonValue::integer() const {
  if (std::int64_t exact = 0; get(exact)) return exact;
  if (const auto text = string())
    if (const auto exact = number_in<std::int64_t>(*text)) return exact;
  const auto wide = number();
  if (wide && std::trunc(*wide) == *wide && std::fabs(*wide) < kTwoTo63)
    return static_cast<std::int64_t>(*wide);
  return std::nullopt;
}

std::optional<std::string> JsonValue::digits() const {
  if (std::int64_t exact = 0; get(exact)) return std::to_string(exact);
  if (std::uint64_t exact = 0; get(exact)) return std::to_string(exact);
  if (const auto text = string())
    if (auto digits = digits_in(*text)) return digits;
  if (const auto whole = integer()) return std::to_string(*whole);
  // 1.8446744073709552e19, from writers whose numbers are all doubles.
  const auto wide = number();
  if (!wide || std::trunc(*wide) != *wide || std::fabs(*wide) > 1e20)
    return std::nullopt;
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, *wide,
                                 std::chars_format::fixed)
                       .ptr;
  return std::string(buffer, end);
}

std::string JsonValue::text() const {
  if (!exists_) return {};
  if (const auto value = string()) return std::string(*value);
  // To simdjson an integer is a double as well.
  const bool is_whole = element_.is_int64() || element_.is_uint64();
  if (double value = 0; is_number() && !is_whole && get(value))
    return python_text(value);
  return simdjson::minify(element_);
}

struct JsonDocument::Storage {
  simdjson::dom::parser parser;
};

// Parsers are kept from text to text, because a new one costs an allocation of
// ten times the text and the page faults of touching it. A few of moderate size
// for each thread: a file has two or three JSON texts.
class JsonDocument::Pool {
 public:
  static std::unique_ptr<Storage> take(std::size_t capacity) {
    if (is_alive_ && !instance().free_.empty()) {
      std::vector<std::unique_ptr<Storage>>& free = instance().free_;
      // The one that was used last is warm; a larger one saves an allocation.
      std::size_t best = free.size() - 1;
      for (std::size_t i = free.size(); i-- > 0;) {
        if (free[i]->parser.capacity() < capacity) continue;
        best = i;
        break;
      }
      std::unique_ptr<Storage> storage = std::move(free[best]);
      free.erase(free.begin() + static_cast<std::ptrdiff_t>(best));
      return storage;
    }
    return std::make_unique<Storage>();
  }

  static void give_back(std::unique_ptr<Storage> storage) noexcept {
    if (!storage || storage->parser.capacity() > kMaxCapacity) return;
    if (!is_alive_) return;
    std::vector<std::unique_ptr<Storage>>& free = instance().free_;
    if (free.size() < free.capacity()) free.push_back(std::move(storage));
  }

 private:
  static constexpr std::size_t kMaxParsers = 4;
  static constexpr std::size_t kMaxCapacity = std::size_t{1} << 20;

  Pool() { free_.reserve(kMaxParsers); }
  ~Pool() { is_alive_ = false; }
  static Pool& instance() {
    static thread_local Pool pool;
    return pool;
  }

  // A document may outlive its thread's pool while a thread ends.
  static thread_local bool is_alive_;
  std::vector<std::unique_ptr<Storage>> free_;
};

thread_local bool JsonDocument::Pool::is_alive_ = true;

JsonDocument::JsonDocument() = default;
JsonDocument::JsonDocument(JsonDocument&& other) noexcept = default;
JsonDocument& JsonDocument::operator=(JsonDocument&& other) noexcept {
  Pool::give_back(std::move(storage_));
  storage_ = std::move(other.storage_);
  root_ = std::exchange(other.root_, JsonValue());
  repair_ = std::move(other.repair_);
  failure_ = std::move(other.failure_);
  return *this;
}
JsonDocument::~JsonDocument() { Pool::give_back(std::move(storage_)); }

namespace {

// Structural characters of a text: a bound on its values. simdjson spends up to
// 30 bytes on each, so a text of nothing else is refused before it is parsed.
std::size_t count_structurals(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += c == ',' || c == '[' || c == '{' || c == ':';
  return count;
}

// Below this size no text can cost much.
constexpr std::size_t kSmallText = std::size_t{1} << 21;

simdjson::error_code parse_strictly(simdjson::dom::parser& parser,
                                    std::string_view text, const Limits& limits,
                                    std::size_t spare_bytes,
                                    simdjson::dom::element& root) {
  if (parser.capacity() < text.size() ||
      parser.max_depth() != limits.max_json_depth) {
    // Room for the next text too, unless this one is not kept anyway.
    const std::size_t capacity =
        text.size() > kSmallText
            ? text.size()
            : std::bit_ceil(std::max(text.size(), std::size_t{1} << 15));
    if (const auto error = parser.allocate(capacity, limits.max_json_depth))
      return error;
  }
  return parser
      .parse(text.data(), text.size(), spare_bytes < simdjson::SIMDJSON_PADDING)
      .get(root);
}

}  // namespace

JsonDocument parse_json(std::string_view text, const Limits& limits,
                        std::size_t spare_bytes) {
  JsonDocument document;
  const auto fail = [&](std::string detail) {
    document.failure_ = Error{ErrorCode::kMalformed, std::move(detail), {}};
  };
  if (text.size() > kSmallText &&
      count_structurals(text) > limits.max_json_values) {
    fail("JSON of more than " + std::to_string(limits.max_json_values) +
         " values");
    return document;
  }
  auto storage = JsonDocument::Pool::take(text.size());
  simdjson::dom::element root;
  auto error = parse_strictly(storage->parser, text, limits, spare_bytes, root);
  if (error && error != simdjson::MEMALLOC && error != simdjson::CAPACITY) {
    const auto repaired = repair_json(text, limits.max_json_depth - 1);
    if (repaired &&
        !parse_strictly(storage->parser, repaired->text, limits, 0, root)) {
      error = simdjson::SUCCESS;
      if (!repaired->done.empty())
        document.repair_ = Error{ErrorCode::kJsonRepaired, repaired->done, {}};
    }
  }
  if (error) {
    fail(simdjson::error_message(error));
    JsonDocument::Pool::give_back(std::move(storage));
    return document;
  }
  document.storage_ = std::move(storage);
  document.root_ = JsonValue(root);
  return document;
}

}  // namespace sdmeta
