#pragma once

#include "base/result.hpp"
#include "runner/config/document.hpp"
#include "runner/config/schema.hpp"

namespace runner::config {

/// The value of `key` in `node`. A failure says what was expected and what was found ("expected an
/// integer, got a string"), without the position.
base::Result<Value> read_value(const Key& key, const Node& node);

/// The value of a key that is given as text, on the command line or in the environment: "true",
/// "3", "a" (one element of an array), "KEY:VALUE" (one entry of a table).
base::Result<Node> node_from_text(const Key& key, const std::vector<std::string>& texts);

/// Whether the value is the default or empty.
bool is_default(const Key& key, const Node& node);

/// "512m", "2g", "1.5GiB", "-1": bytes.
base::Result<std::int64_t> parse_memory(std::string_view text);
/// "1.5": billionths of a processor.
base::Result<std::int64_t> parse_cpus(std::string_view text);

/// $NAME and ${NAME} replaced from the environment; names that are not set are added to `missing`.
std::string expand_environment(std::string_view text, std::vector<std::string>& missing);

}  // namespace runner::config
