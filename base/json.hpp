#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

/// nlohmann_json, compiled once (json.cpp): a file that includes the library itself compiles its
/// parser and its writer anew, which takes longer than the rest of the file.
extern template class nlohmann::basic_json<>;

namespace nlohmann::detail {
extern template class serializer<json>;
extern template class parser<json, iterator_input_adapter<std::string::const_iterator>>;
extern template class parser<json, iterator_input_adapter<const char*>>;
}  // namespace nlohmann::detail

namespace base {

/// Whether arrays and objects are nested deeper than anything that this program reads. The library
/// parses them, but copies and writes values by recursion, and overflows the stack.
bool nests_too_deeply(std::string_view text);

/// JSON that somebody else has written: discarded (is_discarded()) when it is none, or nested too
/// deeply.
nlohmann::json parse_foreign_json(std::string_view text);

/// JSON text; on one line when `indent` is negative, else indented by that many spaces. Bytes that
/// are not UTF-8 (they come from jobs, files and flags) become U+FFFD: the library's own dump()
/// throws.
std::string dump_json(const nlohmann::json& value, int indent = -1);
std::string dump_json(const nlohmann::ordered_json& value, int indent = -1);

}  // namespace base
