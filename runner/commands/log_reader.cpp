#include "runner/commands/log_reader.hpp"

#include "base/json.hpp"
#include "base/parse.hpp"

namespace runner::commands {

using nlohmann::json;

namespace {

base::Error not_a_log() {
    return base::make_error(base::ErrorKind::kProtocol, "the daemon's answer is no log of a job");
}

}  // namespace

base::Result<std::string> LogReader::feed(std::string_view bytes) {
    if (auto fed = events_.feed(bytes); !fed) return fed.error();
    std::string text;
    while (const auto event = events_.next()) {
        auto piece = take(*event);
        if (!piece) return piece;
        text += *piece;
    }
    return text;
}

base::Result<std::string> LogReader::take(const protocol::http::ServerEvent& event) {
    const json data = json::parse(event.data, nullptr, false);
    if (event.type == "end") {
        if (!data.is_object()) return not_a_log();
        end_ = End{data.value("state", std::string()) == "success",
                   data.value("reason", std::string())};
        return std::string();
    }
    if (event.type != "message") return std::string();
    const auto id = base::parse_number<std::uint64_t>(event.id);
    if (!data.is_string() || !id) return not_a_log();
    offset_ = *id;
    return data.get<std::string>();
}

}  // namespace runner::commands
