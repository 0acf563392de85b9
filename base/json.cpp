#include "base/json.hpp"

template class nlohmann::basic_json<>;

namespace nlohmann::detail {
template class serializer<json>;
template class parser<json, iterator_input_adapter<std::string::const_iterator>>;
template class parser<json, iterator_input_adapter<const char*>>;
}  // namespace nlohmann::detail

namespace base {

namespace {

template <typename Json>
std::string dump_lossy(const Json& value, int indent) {
    return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string dump_json(const nlohmann::json& value, int indent) { return dump_lossy(value, indent); }

std::string dump_json(const nlohmann::ordered_json& value, int indent) {
    return dump_lossy(value, indent);
}

}  // namespace base
