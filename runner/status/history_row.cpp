#include "runner/status/history_row.hpp"

#include "base/json.hpp"

namespace runner::status {

namespace {

/// The fields of a row, in one place for both ways.
template <typename Job, typename Visit>
void visit_fields(Job& row, Visit visit) {
    auto& job = row.job;
    visit("id", job.id);
    visit("project_id", job.project_id);
    visit("project", job.project);
    visit("name", job.name);
    visit("url", job.url);
    visit("runner", job.runner_name);
    visit("short_token", job.short_token);
    visit("executor", job.executor);
    visit("image", job.image);
    visit("state", job.state);
    visit("started", job.started_unix_micros);
    visit("restored", job.restored);
    visit("failure_reason", row.failure_reason);
    visit("message", row.message);
    visit("finished", row.finished_unix_micros);
}

/// Leaves the default where the row has no such field, or another type.
struct Take {
    const nlohmann::json& row;

    void operator()(const char* name, std::string& field) const {
        const auto found = row.find(name);
        if (found != row.end() && found->is_string()) field = found->get<std::string>();
    }
    void operator()(const char* name, std::int64_t& field) const {
        const auto found = row.find(name);
        if (found != row.end() && found->is_number_integer()) field = found->get<std::int64_t>();
    }
    void operator()(const char* name, bool& field) const {
        const auto found = row.find(name);
        if (found != row.end() && found->is_boolean()) field = found->get<bool>();
    }
};

}  // namespace

std::string to_row(const RecentJob& job) {
    nlohmann::json row;
    visit_fields(job, [&row](const char* name, const auto& field) { row[name] = field; });
    return base::dump_json(row);
}

std::optional<RecentJob> from_row(std::string_view row) {
    const auto parsed = nlohmann::json::parse(row, nullptr, false);
    if (!parsed.is_object()) return std::nullopt;
    RecentJob job;
    visit_fields(job, Take{parsed});
    return job;
}

}  // namespace runner::status
