// What relations between ComfyUI graphs are told with: a graph changed in a way
// that changes nothing has the same record.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "parsers/interpret.h"

namespace sdmeta {

/// Of an executed graph or an editor's file; without the number of nodes, which
/// is no part of what they make.
Interpretation record_of(const nlohmann::ordered_json& graph);

/// Whether it says kLowConfidence.
bool is_flagged(const Interpretation& record);

/// Fails the test, with `name`, unless both have one record, and are flagged
/// alike.
void expect_same(const nlohmann::ordered_json& nodes,
                 const nlohmann::ordered_json& changed,
                 const std::string& name);

nlohmann::ordered_json joined(nlohmann::ordered_json first,
                              const nlohmann::ordered_json& second);

/// Every link of `nodes` through a node of its own, which `make` gives for the
/// name of the input and the link; null leaves the link as it is.
nlohmann::ordered_json with_relays(
    const nlohmann::ordered_json& nodes,
    const std::function<nlohmann::ordered_json(
        const std::string& key, const nlohmann::ordered_json& link)>& make);

/// The same, through nodes of one class that hand on their only input.
nlohmann::ordered_json with_relays(const nlohmann::ordered_json& nodes,
                                   std::string_view type,
                                   std::string_view input);

/// Another scene, of which every value differs, up to the picture `x7`.
nlohmann::ordered_json other_scene();

/// What is known not to hold, and why. One that holds after all is a failure.
class Exceptions {
 public:
  using Reasons = std::map<std::string_view, std::string_view>;
  explicit Exceptions(Reasons reasons) : reasons_(std::move(reasons)) {}

  bool has(const std::string& name);
  void expect_all_met() const;

 private:
  Reasons reasons_;
  std::map<std::string_view, bool> met_;
};

}  // namespace sdmeta
