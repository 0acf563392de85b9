#include "runner/commands/register_plan.hpp"

#include <fmt/format.h>

#include <optional>

#include "base/parse.hpp"
#include "base/strings.hpp"
#include "runner/commands/command.hpp"
#include "runner/commands/gitlab_session.hpp"

namespace runner::commands {

namespace {

base::Result<std::int64_t> number(const Values& values, const std::string& name) {
    const std::string text = values.text(name);
    if (text.empty()) return 0;
    const auto value = base::parse_number<std::int64_t>(text);
    if (!value || *value < 0) {
        return base::invalid_input(fmt::format("--{}: expected a number, got \"{}\"", name, text));
    }
    return *value;
}

/// The first flag for the server whose value differs from its default.
std::optional<std::string> server_side_flag(const Values& values) {
    for (const char* name : {"tag", "tag-list", "access-level", "maintenance-note"}) {
        if (!values.text(name).empty()) return name;
    }
    for (const char* name : {"run-untagged", "paused"}) {
        if (values.flag(name)) return name;
    }
    if (values.has("locked") && !values.flag("locked")) return "locked";
    if (!values.text("maximum-timeout").empty() && values.text("maximum-timeout") != "0")
        return "maximum-timeout";
    return std::nullopt;
}

base::Result<protocol::gitlab::RunnerScope> scope_of(const Values& values) {
    protocol::gitlab::RunnerScope scope;
    auto group = number(values, "group-id");
    if (!group) return group.error();
    auto project = number(values, "project-id");
    if (!project) return project.error();
    scope.group_id = *group;
    scope.project_id = *project;
    scope.runner_type = values.text("runner-type");
    if (*group != 0 && *project != 0)
        return base::invalid_input("--group-id and --project-id exclude each other");
    const std::string implied = *group != 0     ? "group_type"
                                : *project != 0 ? "project_type"
                                                : "instance_type";
    if (scope.runner_type.empty()) scope.runner_type = implied;
    if (scope.runner_type.find('_') == std::string::npos) scope.runner_type += "_type";
    if (scope.runner_type != "instance_type" && scope.runner_type != "group_type" &&
        scope.runner_type != "project_type") {
        return base::invalid_input(fmt::format(
            "--runner-type: \"{}\" is not one of instance_type, group_type, project_type",
            values.text("runner-type")));
    }
    if (scope.runner_type != implied) {
        return base::invalid_input(fmt::format("--runner-type {} needs {}", scope.runner_type,
                                               scope.runner_type == "group_type" ? "--group-id"
                                               : scope.runner_type == "project_type"
                                                   ? "--project-id"
                                                   : "neither --group-id nor --project-id"));
    }
    return scope;
}

}  // namespace

std::vector<Flag> registration_flags() {
    return {
        text_flag({"registration-token", "r"}, "TOKEN",
                  "registration token of a group, project or instance (legacy)",
                  "REGISTRATION_TOKEN"),
        text_flag({"token-file"}, "FILE",
                  "file with the authentication token, - for standard input"),
        text_flag({"registration-token-file"}, "FILE", "the same for the registration token"),
        text_flag({"access-token"}, "TOKEN",
                  "a person's access token: the runner is made at GitLab and registered in one go",
                  "RUNNER_ACCESS_TOKEN"),
        text_flag({"access-token-file"}, "FILE", "file with the same"),
        text_flag({"runner-type"}, "TYPE",
                  "with an access token: instance_type, group_type, project_type"),
        text_flag({"group-id"}, "ID", "with an access token: the group that it is for"),
        text_flag({"project-id"}, "ID", "with an access token: the project that it is for"),
        list_flag({"tag"}, "TAG", "a tag of the runner; may be repeated"),
        text_flag({"tag-list"}, "A,B", "tags with commas", "RUNNER_TAG_LIST"),
        bool_flag({"run-untagged"}, "take jobs without tags (default: only when there are no tags)",
                  "REGISTER_RUN_UNTAGGED"),
        bool_flag({"locked"}, "for its project only (default: true)", "REGISTER_LOCKED"),
        text_flag({"access-level"}, "LEVEL", "not_protected or ref_protected",
                  "REGISTER_ACCESS_LEVEL"),
        text_flag({"maximum-timeout"}, "SECONDS", "longest time of a job",
                  "REGISTER_MAXIMUM_TIMEOUT"),
        bool_flag({"paused"}, "takes no jobs until it is resumed", "REGISTER_PAUSED"),
        text_flag({"maintenance-note"}, "TEXT", "a note for admins", "REGISTER_MAINTENANCE_NOTE"),
    };
}

base::Result<RegistrationPlan> plan_registration(const Values& values) {
    auto token = secret_value(values, "token");
    if (!token) return token.error();
    auto registration = secret_value(values, "registration-token");
    if (!registration) return registration.error();
    auto access = secret_value(values, "access-token");
    if (!access) return access.error();
    RegistrationPlan plan;
    if (!token->empty()) {
        if (!access->empty())
            return base::invalid_input("--token and --access-token exclude each other");
        plan.token = base::Secret(*token);
        if (const auto flag = server_side_flag(values); flag && is_created_token(plan.token)) {
            return base::invalid_input(fmt::format(
                "--{} cannot be given with an authentication token (glrt-…): such settings "
                "belong to the runner's page in GitLab",
                *flag));
        }
        return plan;
    }
    if (!access->empty()) {
        plan.kind = Registration::kAccessToken;
        plan.token = base::Secret(*access);
        auto scope = scope_of(values);
        if (!scope) return scope.error();
        plan.scope = *scope;
        return plan;
    }
    plan.kind = Registration::kRegistrationToken;
    if (!registration->empty()) take_typed_token(plan, *registration);
    plan.compatible = plan.compatible && server_side_flag(values).has_value();
    return plan;
}

void take_typed_token(RegistrationPlan& plan, const std::string& token) {
    plan.token = base::Secret(token);
    const bool created = is_created_token(plan.token);
    plan.kind = created ? Registration::kAuthenticationToken : Registration::kRegistrationToken;
    plan.compatible = created;
}

std::string tags_of(const Values& values) {
    std::vector<std::string> tags;
    for (const auto& tag : values.list("tag")) {
        if (!base::trim(tag).empty()) tags.emplace_back(base::trim(tag));
    }
    const std::string listed(base::trim(values.text("tag-list")));
    if (!listed.empty()) tags.push_back(listed);
    return base::join(tags, ",");
}

base::Result<protocol::gitlab::RunnerDescription> description_of(
    const Values& values, const std::string& name, const std::string& tags,
    const std::string& maintenance_note) {
    protocol::gitlab::RunnerDescription description;
    description.description = name;
    description.maintenance_note = maintenance_note;
    description.tag_list = tags;
    description.run_untagged = values.flag("run-untagged") || tags.empty();
    description.locked = !values.has("locked") || values.flag("locked");
    description.paused = values.flag("paused");
    description.access_level = values.text("access-level");
    if (!description.access_level.empty() && description.access_level != "not_protected" &&
        description.access_level != "ref_protected") {
        return base::invalid_input(
            fmt::format("--access-level: \"{}\" is not one of not_protected, ref_protected",
                        description.access_level));
    }
    auto timeout = number(values, "maximum-timeout");
    if (!timeout) return timeout.error();
    description.maximum_timeout = *timeout;
    return description;
}

}  // namespace runner::commands
