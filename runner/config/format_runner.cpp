#include <algorithm>
#include <limits>

#include "runner/config/edit.hpp"
#include "runner/config/schema.hpp"

namespace runner::config {

namespace {

constexpr std::size_t kUnknown = std::numeric_limits<std::size_t>::max() / 2;

bool is_table_array(const Node& node) {
    return node.kind == Node::Kind::kArray && !node.items.empty() &&
           std::all_of(node.items.begin(), node.items.end(),
                       [](const Node& n) { return n.is_table(); });
}

/// The sort key of an entry: values come before tables, both in the order of the schema.
std::size_t rank(const std::string& path, const Node::Entry& entry) {
    const bool table = entry.value.is_table() || is_table_array(entry.value);
    const std::size_t base = table ? kUnknown : 0;
    const Section* section = find_section(path);
    if (section == nullptr) return base + kUnknown - 1;
    if (const Key* key = find_key(*section, entry.key)) {
        return base + static_cast<std::size_t>(key - section->keys.data());
    }
    if (const Section* child = find_child(*section, entry.key)) {
        return base + 1000 + static_cast<std::size_t>(child - sections().data());
    }
    return base + kUnknown - 1;
}

void write_table(const std::string& path, const Node& table, bool repeated, std::size_t depth,
                 std::string& out) {
    const std::string indent(2 * (depth - 1), ' ');
    out += indent + (repeated ? "[[" : "[") + path + (repeated ? "]]" : "]") + "\n";
    auto entries = table.entries;
    std::stable_sort(entries.begin(), entries.end(),
                     [&](const auto& a, const auto& b) { return rank(path, a) < rank(path, b); });
    for (const auto& entry : entries) {
        const std::string below = path + "." + key_to_toml(entry.key);
        if (entry.value.is_table()) {
            write_table(below, entry.value, false, depth + 1, out);
        } else if (is_table_array(entry.value)) {
            for (const auto& item : entry.value.items)
                write_table(below, item, true, depth + 1, out);
        } else {
            out += indent + "  " + key_to_toml(entry.key) + " = " + to_toml(entry.value) + "\n";
        }
    }
}

}  // namespace

std::string format_runner(const Node& runner) {
    std::string out;
    write_table("runners", runner, true, 1, out);
    return out;
}

std::string new_config_text() {
    return "concurrent = 1\n"
           "check_interval = 0\n"
           "connection_max_age = \"15m0s\"\n"
           "shutdown_timeout = 0\n"
           "\n"
           "[session_server]\n"
           "  session_timeout = 1800\n";
}

}  // namespace runner::config
