#include "runner/commands/status_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "base/duration.hpp"
#include "base/json.hpp"
#include "base/strings.hpp"

namespace runner::commands {

namespace {

using nlohmann::json;
using Row = std::vector<std::string>;

std::string printable(std::string text) {
    for (char& c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    }
    return text;
}

std::string text(const json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || found->is_null()) return "";
    return printable(found->is_string() ? found->get<std::string>() : found->dump());
}

std::string age(const json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_number()) return "";
    const double seconds = std::clamp(found->get<double>(), 0.0, 1e9);
    return base::format_go_duration(std::chrono::seconds(static_cast<std::int64_t>(seconds)));
}

std::string table(const std::vector<Row>& rows) {
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

std::string jobs_table(const json& jobs) {
    std::vector<Row> rows{{"JOB", "PROJECT", "NAME", "RUNNER", "STAGE", "IN STAGE", "AGE"}};
    for (const auto& job : jobs) {
        rows.push_back({text(job, "id"), text(job, "project"), text(job, "name"),
                        text(job, "runner"), text(job, "stage"), age(job, "stage_age_seconds"),
                        age(job, "age_seconds")});
    }
    return table(rows);
}

std::string runners_table(const json& runners) {
    std::vector<Row> rows{
        {"RUNNER", "EXECUTOR", "SERVER", "HEALTH", "LAST CONTACT", "LAST ANSWER"}};
    for (const auto& runner : runners) {
        const std::string contact = text(runner, "last_contact");
        rows.push_back({text(runner, "name"), text(runner, "executor"), text(runner, "url"),
                        runner.value("healthy", true) ? "ok" : "unhealthy",
                        contact.empty() ? "never" : contact, text(runner, "last_answer")});
    }
    return table(rows);
}

std::string page_text(const json& page) {
    const json& jobs = page.at("jobs");
    const json& runners = page.at("runners");
    std::string out = fmt::format("runner {} ({}) is {} for {}, system id {}\n{} of {} jobs\n",
                                  text(page, "version"), text(page, "revision"),
                                  text(page, "state"), age(page, "uptime_seconds"),
                                  text(page, "system_id"), jobs.size(), text(page, "concurrent"));
    if (!jobs.empty()) out += "\n" + jobs_table(jobs);
    if (!runners.empty()) out += "\n" + runners_table(runners);
    return out;
}

}  // namespace

base::Result<std::string> status_text(const std::string& body) {
    try {
        return page_text(json::parse(body));
    } catch (const json::exception& failure) {
        return base::make_error(
            base::ErrorKind::kProtocol,
            fmt::format("the answer is not a status page of runner: {}", failure.what()));
    }
}

std::string status_endpoint(std::string_view listen_address) {
    constexpr std::string_view kDefaultPort = "9252";
    const auto bracket = listen_address.rfind(']');
    const auto colon = listen_address.rfind(':');
    const bool has_port =
        colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
    std::string host(listen_address.substr(0, has_port ? colon : listen_address.size()));
    const std::string_view port = has_port ? listen_address.substr(colon + 1) : kDefaultPort;
    if (host.empty() || host == "0.0.0.0") host = "127.0.0.1";
    if (host == "[::]") host = "[::1]";
    return fmt::format("http://{}:{}", host, port.empty() ? kDefaultPort : port);
}

}  // namespace runner::commands
