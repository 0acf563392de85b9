#include "runner/commands/status_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <vector>

#include "base/json.hpp"
#include "runner/commands/text_table.hpp"

namespace runner::commands {

namespace {

using nlohmann::json;

bool is_held_by_disk(const json& runner) {
    const auto why = runner.find("why");
    return why != runner.end() && why->is_object() && cell(*why, "kind") == "disk_short";
}

/// Of each disk once, though several runners may wait for it.
std::string disk_lines(const json& runners) {
    std::set<std::string> texts;
    for (const auto& runner : runners) {
        if (is_held_by_disk(runner)) texts.insert(cell(runner.at("why"), "text"));
    }
    std::string lines;
    for (const auto& text : texts) lines += "no new jobs are taken: " + text + "\n";
    return lines;
}

std::string health(const json& runner) {
    if (runner.value("paused", false)) return "paused";
    if (is_held_by_disk(runner)) return "disk short";
    return runner.value("healthy", true) ? "ok" : "unhealthy";
}

/// "" when the daemon uses the file as it is.
std::string problem_line(const json& page) {
    const auto problem = page.find("config_problem");
    if (problem == page.end() || !problem->is_object()) return "";
    return fmt::format("config.toml is not in use since {}, the former one is: {}\n",
                       cell(*problem, "since"), cell(*problem, "text"));
}

/// Why no job is taken, though the daemon runs.
std::string pause_line(const json& page) {
    if (page.value("draining", false))
        return "draining: no new jobs are taken until `runner resume`\n";
    if (page.value("paused", false)) return "paused: no new jobs are taken until `runner resume`\n";
    return "";
}

std::string runners_table(const json& runners) {
    std::vector<TableRow> rows{
        {"RUNNER", "EXECUTOR", "SERVER", "STATE", "LAST CONTACT", "LAST ANSWER"}};
    for (const auto& runner : runners) {
        const std::string contact = cell(runner, "last_contact");
        rows.push_back({cell(runner, "name"), cell(runner, "executor"), cell(runner, "url"),
                        health(runner), contact.empty() ? "never" : contact,
                        cell(runner, "last_answer")});
    }
    return text_table(rows);
}

std::string name_of_runner(const json& runners, const std::string& short_token) {
    for (const auto& runner : runners) {
        if (cell(runner, "short_token") == short_token) return cell(runner, "name");
    }
    return short_token;
}

std::size_t waiting_environments(const json& environments, const std::string& short_token) {
    return static_cast<std::size_t>(std::count_if(
        environments.begin(), environments.end(),
        [&](const json& environment) { return cell(environment, "short_token") == short_token; }));
}

/// "" of a daemon that makes no environments ahead, or does not know them yet.
std::string warm_table(const json& page) {
    const auto warm = page.find("warm");
    if (warm == page.end() || warm->at("counts").empty()) return "";
    std::vector<TableRow> rows{
        {"ENVIRONMENTS MADE AHEAD FOR", "READY", "HITS", "MISSES", "REASONS OF MISSES"}};
    for (const auto& counts : warm->at("counts")) {
        std::uint64_t misses = 0;
        std::string reasons;
        for (const auto& [reason, count] : counts.at("misses").items()) {
            if (count == 0) continue;
            misses += count.get<std::uint64_t>();
            reasons += fmt::format("{}{} {}", reasons.empty() ? "" : ", ", printable(reason),
                                   count.dump());
        }
        const std::string token = cell(counts, "short_token");
        rows.push_back({name_of_runner(page.at("runners"), token),
                        std::to_string(waiting_environments(warm->at("environments"), token)),
                        cell(counts, "hits"), std::to_string(misses), reasons});
    }
    return "\n" + text_table(rows);
}

std::string page_text(const json& page) {
    const json& jobs = page.at("jobs");
    const json& runners = page.at("runners");
    std::string out = fmt::format("runner {} ({}) is {} for {}, system id {}\n{} of {} jobs\n",
                                  cell(page, "version"), cell(page, "revision"),
                                  cell(page, "state"), age_cell(page, "uptime_seconds"),
                                  cell(page, "system_id"), jobs.size(), cell(page, "concurrent"));
    out += pause_line(page) + disk_lines(runners) + problem_line(page);
    if (!jobs.empty()) out += "\n" + jobs_table(jobs);
    if (!runners.empty()) out += "\n" + runners_table(runners);
    out += warm_table(page);
    return out;
}

}  // namespace

std::string jobs_table(const nlohmann::json& jobs) {
    std::vector<TableRow> rows{{"JOB", "PROJECT", "NAME", "RUNNER", "STAGE", "IN STAGE", "AGE"}};
    for (const auto& job : jobs) {
        const bool terminal = job.value("terminal", false);
        rows.push_back({cell(job, "id"), cell(job, "project"), cell(job, "name"),
                        cell(job, "runner"), cell(job, "stage") + (terminal ? " (terminal)" : ""),
                        age_cell(job, "stage_age_seconds"), age_cell(job, "age_seconds")});
    }
    return text_table(rows);
}

std::string recent_jobs_table(const nlohmann::json& jobs) {
    std::vector<TableRow> rows{{"JOB", "PROJECT", "NAME", "RUNNER", "RESULT", "DURATION", "ENDED"}};
    for (const auto& job : jobs) {
        const std::string reason = cell(job, "failure_reason");
        rows.push_back({cell(job, "id"), cell(job, "project"), cell(job, "name"),
                        cell(job, "runner"), reason.empty() ? "success" : reason,
                        age_cell(job, "duration_seconds"), cell(job, "finished_at")});
    }
    return text_table(rows);
}

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
