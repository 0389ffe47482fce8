// Lists of (key, value) that are filled, sorted once and then asked: smaller
// and faster than a map where all keys are known before the first question.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

namespace sdmeta {

/// Pairs with equal keys stay in their order.
template <class Key, class Value>
void sort_by_key(std::vector<std::pair<Key, Value>>& pairs) {
  std::stable_sort(
      pairs.begin(), pairs.end(),
      [](const auto& a, const auto& b) { return a.first < b.first; });
}

/// The value of the first pair with this key; null if there is none.
template <class Key, class Value>
const Value* find_sorted(const std::vector<std::pair<Key, Value>>& sorted,
                         const Key& key) {
  const auto at = std::lower_bound(
      sorted.begin(), sorted.end(), key,
      [](const auto& pair, const Key& k) { return pair.first < k; });
  return at != sorted.end() && at->first == key ? &at->second : nullptr;
}

}  // namespace sdmeta
