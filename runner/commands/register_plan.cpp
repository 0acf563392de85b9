#include "runner/commands/register_plan.hpp"

#include <fmt/format.h>

#include "base/parse.hpp"
#include "base/strings.hpp"
#include "runner/commands/command.hpp"
#include "runner/commands/gitlab_session.hpp"
#include "runner/commands/refusals.hpp"

namespace runner::commands {

namespace {

base::Result<std::int64_t> number(const Values& values, const std::string& name) {
    const std::string text(base::trim(values.text(name)));
    if (text.empty()) return 0;
    const auto value = base::parse_number<std::int64_t>(text);
    if (!value || *value < 0) {
        return base::invalid_input(fmt::format("--{}: expected a number, got \"{}\"", name, text));
    }
    return *value;
}

/// The flags for the server whose values differ from their defaults, as "--tag, --paused".
std::string server_side_flags(const Values& values) {
    std::vector<std::string> flags;
    for (const char* name : {"tag", "tag-list", "access-level", "maintenance-note"}) {
        if (!values.text(name).empty()) flags.emplace_back(name);
    }
    for (const char* name : {"run-untagged", "paused"}) {
        if (values.flag(name)) flags.emplace_back(name);
    }
    if (values.has("locked") && !values.flag("locked")) flags.emplace_back("locked");
    if (!values.text("maximum-timeout").empty() && values.text("maximum-timeout") != "0")
        flags.emplace_back("maximum-timeout");
    for (auto& flag : flags) flag.insert(0, "--");
    return base::join(flags, ", ");
}

base::Result<protocol::gitlab::RunnerScope> scope_of(const Values& values) {
    protocol::gitlab::RunnerScope scope;
    const auto group = number(values, "group-id");
    const auto project = number(values, "project-id");
    Refusals refused;
    refused.take(group);
    refused.take(project);
    if (const auto numbers = refused.outcome(); !numbers) return numbers.error();
    scope.group_id = *group;
    scope.project_id = *project;
    scope.runner_type = base::trim(values.text("runner-type"));
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
        const std::string flags = server_side_flags(values);
        if (!flags.empty() && is_created_token(plan.token)) {
            return base::invalid_input(fmt::format(
                "{} cannot be given with an authentication token (glrt-…): such settings belong to "
                "the runner's page in GitLab",
                flags));
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
    plan.compatible = plan.compatible && !server_side_flags(values).empty();
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
    description.access_level = base::trim(values.text("access-level"));
    Refusals refused;
    if (!description.access_level.empty() && description.access_level != "not_protected" &&
        description.access_level != "ref_protected") {
        refused.add(fmt::format("--access-level: \"{}\" is not one of not_protected, ref_protected",
                                description.access_level));
    }
    const auto timeout = number(values, "maximum-timeout");
    refused.take(timeout);
    if (const auto all = refused.outcome(); !all) return all.error();
    description.maximum_timeout = *timeout;
    return description;
}

}  // namespace runner::commands
