#pragma once

#include <nlohmann/json.hpp>
#include <string>

/// nlohmann_json, compiled once (json.cpp): a file that includes the library itself compiles its
/// parser and its writer anew, which takes longer than the rest of the file.
extern template class nlohmann::basic_json<>;

namespace nlohmann::detail {
extern template class serializer<json>;
extern template class parser<json, iterator_input_adapter<std::string::const_iterator>>;
extern template class parser<json, iterator_input_adapter<const char*>>;
}  // namespace nlohmann::detail
