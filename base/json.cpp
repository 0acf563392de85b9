#include "base/json.hpp"

template class nlohmann::basic_json<>;

namespace nlohmann::detail {
template class serializer<json>;
template class parser<json, iterator_input_adapter<std::string::const_iterator>>;
template class parser<json, iterator_input_adapter<const char*>>;
}  // namespace nlohmann::detail
