#include "runner/commands/text_table.hpp"

#include <algorithm>
#include <chrono>

#include "base/duration.hpp"
#include "base/strings.hpp"

namespace runner::commands {

std::string printable(std::string text) {
    for (char& c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    }
    return text;
}

std::string cell(const nlohmann::json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || found->is_null()) return "";
    return printable(found->is_string() ? found->get<std::string>() : found->dump());
}

std::string age_cell(const nlohmann::json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_number()) return "";
    const double seconds = std::clamp(found->get<double>(), 0.0, 1e9);
    return base::format_go_duration(std::chrono::seconds(static_cast<std::int64_t>(seconds)));
}

std::string text_table(const std::vector<TableRow>& rows) {
    std::vector<std::size_t> widths(rows.front().size());
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], base::utf8_length(row[i]));
    }
    std::string out;
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            line += row[i] + std::string(widths[i] - base::utf8_length(row[i]) + 2, ' ');
        }
        out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    return out;
}

}  // namespace runner::commands
