#include "runner/commands/registrar.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "base/clock.hpp"
#include "base/host_name.hpp"
#include "base/strings.hpp"
#include "runner/commands/command.hpp"
#include "runner/commands/prompt.hpp"
#include "runner/commands/register_entry.hpp"
#include "runner/commands/register_summary.hpp"
#include "runner/config/edit.hpp"
#include "runner/config/inspect.hpp"
#include "runner/config/system_id.hpp"
#include "runner/daemon/runner_entry.hpp"

namespace runner::commands {

using config::Node;
namespace gitlab = protocol::gitlab;

namespace {

/// What the configuration file has already; nothing when there is no file yet.
base::Result<config::Config> existing_config(const std::filesystem::path& path) {
    config::undo_interrupted_edit(path);
    auto text = config::read_config_text(path);
    if (!text) {
        if (text.error().is(base::ErrorKind::kNotFound)) return config::Config();
        return text.error();
    }
    auto root = config::parse_toml(*text, path.string());
    if (!root) return root.error();
    return config::inspect(*root, path).config;
}

std::string missing(std::string_view flag) {
    return fmt::format("--{} is missing (or ask for it: leave --non-interactive out)", flag);
}

base::Result<void> check_url(const std::string& url) {
    const std::string lower = base::to_lower(url);
    if (lower.starts_with("http://") || lower.starts_with("https://")) return {};
    return base::invalid_input("the URL must begin with http:// or https://");
}

/// Warns of values that do not work as an admin may expect.
void warn_of_limits(const Node& entry, const config::Config& existing,
                    const std::filesystem::path& path) {
    for (const char* key : {"limit", "request_concurrency"}) {
        const Node* node = entry.at(key);
        if (node == nullptr || node->integer <= existing.concurrent) continue;
        base::log::warning(
            fmt::format("{} ({}) is above concurrent ({}), which is for all runners of the file: "
                        "raise concurrent in {}",
                        key, node->integer, existing.concurrent, path.string()));
    }
    for (const auto& other : existing.runners) {
        if (other.token.reveal() != text_of(entry, "token") || other.url != text_of(entry, "url"))
            continue;
        base::log::warning(fmt::format("The entry \"{}\" has the same token", other.name));
    }
}

/// The custom executor does nothing by itself: what it needs is said where it is registered.
void warn_of_custom(const Node& entry) {
    if (text_of(entry, "executor") != "custom") return;
    std::vector<std::string> missing;
    if (text_of(entry, "custom.run_exec").empty()) missing.emplace_back("--custom-run-exec");
    if (text_of(entry, "custom.config_exec").empty()) {
        for (const char* key : {"builds_dir", "cache_dir"}) {
            if (text_of(entry, key).empty())
                missing.push_back("--" + base::replace_all(key, "_", "-"));
        }
    }
    if (missing.empty()) return;
    base::log::warning(
        fmt::format("The entry is written without {}: its jobs fail until its file has {}",
                    base::join(missing, ", "), missing.size() == 1 ? "it" : "them"));
}

}  // namespace

Registrar::Registrar(const Values& values) : values_(values), path_(config_path(values)) {}

base::Result<void> Registrar::run() {
    auto ready = prepare();
    if (ready) ready = meet_server();
    if (!ready) return ready.error();
    auto finished = ask_executor();
    if (finished) finished = save();
    if (!finished) take_back();
    if (finished && interactive()) say_what_is_next();
    return finished;
}

/// On a terminal, an address or a token that does not work is asked for again.
base::Result<void> Registrar::meet_server() {
    while (true) {
        auto met = ask_address_and_token();
        if (met) met = connect();
        if (met) met = introduce();
        if (met || !may_ask_again(met.error())) return met;
        fail(met.error());
        if (met.error().is(base::ErrorKind::kForbidden)) plan_.token = base::Secret();
        print("\nOnce more, or Ctrl-C to give up.\n");
    }
}

bool Registrar::may_ask_again(const base::Error& why) const {
    using base::ErrorKind;
    const bool by_input = why.is(ErrorKind::kInvalidInput) || why.is(ErrorKind::kForbidden) ||
                          why.is(ErrorKind::kUnauthorized) || why.is(ErrorKind::kUnavailable) ||
                          why.is(ErrorKind::kTimeout) || why.is(ErrorKind::kNotFound) ||
                          why.is(ErrorKind::kProtocol);
    return by_input && interactive() && ::isatty(STDIN_FILENO) != 0;
}

void Registrar::say_what_is_next() const {
    const Node* id = entry_.at("id");
    const Node* expires = entry_.at("token_expires_at");
    RegisteredRunner runner{.name = text("name"),
                            .url = text("url"),
                            .id = id == nullptr ? 0 : id->integer,
                            .expires = expires == nullptr ? "" : expires->text,
                            .executor = text("executor"),
                            .image = text("docker.image"),
                            .token = base::Secret(text("token")),
                            .told = told_};
    if (runner.expires.starts_with("0001")) runner.expires.clear();
    print(registration_summary(runner) + next_step(daemon_state(values_), values_.text("config")));
}

std::string Registrar::text(std::string_view key) const { return text_of(entry_, key); }

void Registrar::put(std::string_view key, const std::string& value) {
    entry_.set_at(key, Node::string(value));
}

/// Asks on a terminal; takes what is given otherwise. `flag` is named when nothing is.
base::Result<void> Registrar::fill(std::string_view key, std::string_view flag,
                                   std::string_view question) {
    if (interactive()) {
        auto answer = ask(question, text(key));
        if (!answer) return answer.error();
        put(key, *answer);
    }
    if (!text(key).empty()) return {};
    return base::invalid_input(missing(flag));
}

/// Reads file, flags and template, so that what can be refused is refused before GitLab is asked.
base::Result<void> Registrar::prepare() {
    auto existing = existing_config(path_);
    if (!existing) return existing.error();
    existing_ = std::move(*existing);
    Refusals refused;
    auto entry = entry_from(values_);
    refused.take(entry);
    auto plan = plan_registration(values_);
    refused.take(plan);
    refused.take(description_of(values_, "", tags_of(values_), ""));
    if (plan) plan_ = std::move(*plan);
    if (entry) {
        entry_ = std::move(*entry);
        auto filled = use_template();
        refused.take(filled);
        if (filled) check_values(refused, plan.has_value());
    }
    return refused.outcome();
}

base::Result<void> Registrar::use_template() {
    if (!values_.has("template-config")) return {};
    auto from = load_template(values_.text("template-config"));
    if (!from) return from.error();
    from->set("token", Node::string(""));
    merge_template(entry_, *from);
    return {};
}

/// Without a terminal nothing is asked later, so what is missing is known now.
void Registrar::check_values(Refusals& refused, bool plan_known) const {
    if (!text("url").empty()) refused.take(check_url(text("url")));
    if (interactive()) return;
    if (text("url").empty()) refused.add(missing("url"));
    if (plan_known && plan_.token.empty()) {
        refused.add(
            "a token is missing: give --token (glrt-…), --registration-token or "
            "--access-token");
    }
    if (text("executor").empty())
        refused.add("--executor is missing: docker, shell or custom");
    else
        refused.take(check_executor(text("executor")));
    refused.take(check_image(entry_));
}

base::Result<void> Registrar::ask_address_and_token() {
    auto url =
        fill("url", "url", "Enter the GitLab instance URL (for example, https://gitlab.com/)");
    if (!url) return url.error();
    if (auto possible = check_url(text("url")); !possible) return possible.error();
    if (!plan_.token.empty()) return {};
    auto token = ask("Enter the registration token", "", true);
    if (!token) return token.error();
    if (token->empty()) return base::invalid_input("a token is needed to register a runner");
    take_typed_token(plan_, *token);
    plan_.compatible = false;
    return {};
}

base::Result<void> Registrar::connect() {
    const auto possible = config::check_edit(path_, true, [this](const std::string& before) {
        return config::append_runner(before, entry_);
    });
    if (!possible) return possible.error();
    const auto id = config::load_system_id(path_);
    for (const auto& warning : id.warnings) base::log::warning(warning);
    if (id.created) base::log::info("Created missing unique system ID", {{"system_id", id.value}});
    config::RunnerConfig server;
    server.url = text("url");
    server.tls_ca_file = text("tls-ca-file");
    server.tls_cert_file = text("tls-cert-file");
    server.tls_key_file = text("tls-key-file");
    config::use_certificates_beside(path_, server);
    config::RunnerConfig about;
    about.executor = text("executor");
    about.shell = text("shell");
    about.docker.gpus = text("docker.gpus");
    auto opened =
        ServerRegistration::open(server, {id.value, daemon::runner_info(existing_, about)});
    if (!opened) return opened.error();
    server_ = std::move(*opened);
    return {};
}

/// Tells GitLab about this machine; the entry gets name, id and token.
base::Result<void> Registrar::introduce() {
    if (text("name").empty()) put("name", base::host_name());
    if (plan_.kind == Registration::kAuthenticationToken) return verify_given_token();
    auto description = ask_description();
    if (!description) return description.error();
    if (plan_.kind == Registration::kRegistrationToken)
        return accept(server_->register_legacy(plan_.token, *description));
    auto created = accept(server_->create(plan_.token, plan_.scope, *description));
    if (!created) return created;
    auto verified = accept(server_->verify(base::Secret(text("token"))));
    if (!verified) take_back();
    return verified;
}

base::Result<void> Registrar::verify_given_token() {
    if (plan_.compatible) {
        base::log::warning(
            "The token is an authentication token (glrt-…): tags and other settings of the "
            "server's side are those of the runner's page in GitLab, the flags are ignored");
    }
    auto verified = accept(server_->verify(plan_.token));
    if (!verified || !is_created_token(plan_.token) || !interactive()) return verified;
    auto named =
        fill("name", "name",
             "Enter a name for the runner. This is stored only in the local config.toml file");
    if (!named) take_back();
    return named;
}

base::Result<gitlab::RunnerDescription> Registrar::ask_description() {
    std::string name = text("name");
    std::string tags = tags_of(values_);
    std::string note = values_.text("maintenance-note");
    if (interactive()) {
        for (auto& [question, answer] :
             {std::pair<const char*, std::string*>{"Enter a description for the runner", &name},
              {"Enter tags for the runner (comma-separated)", &tags},
              {"Enter optional maintenance note for the runner", &note}}) {
            auto given = ask(question, *answer);
            if (!given) return given.error();
            *answer = *given;
        }
    }
    put("name", name);
    auto description = description_of(values_, name, tags, note);
    if (description) told_ = *description;
    return description;
}

/// Writes GitLab's answer into the entry.
base::Result<void> Registrar::accept(ServerRegistration::Answer answer) {
    if (!answer) return answer.error();
    entry_.set("id", Node::of_integer(answer->id));
    put("token", answer->token.reveal());
    entry_.set("token_obtained_at",
               Node::datetime(base::rfc3339_utc(base::unix_micros_now() / 1000000)));
    const std::string expires = toml_date(answer->token_expires_at);
    entry_.set("token_expires_at",
               Node::datetime(expires.empty() ? "0001-01-01T00:00:00Z" : expires));
    return {};
}

base::Result<void> Registrar::ask_executor() {
    while (interactive()) {
        auto asked = fill("executor", "executor", "Enter an executor: docker, shell, custom");
        if (!asked) return asked.error();
        auto known = check_executor(text("executor"));
        if (known) break;
        base::log::error(known.error().message);
        put("executor", "");
    }
    if (is_other_executor(text("executor"))) {
        base::log::warning(
            fmt::format("The entry is written, but this program has no executor \"{}\": it "
                        "takes no jobs here",
                        text("executor")));
    }
    if (!text("executor").starts_with("docker")) return {};
    return fill("docker.image", "docker-image",
                "Enter the default Docker image (for example, ruby:3.3)");
}

base::Result<void> Registrar::save() {
    complete_entry(entry_);
    warn_of_limits(entry_, existing_, path_);
    warn_of_custom(entry_);
    auto saved = config::edit_config(path_, true, [this](const std::string& before) {
        return config::append_runner(before, entry_);
    });
    if (!saved) return saved.error();
    base::log::info(
        "Runner registered successfully. Feel free to start it, but if it's running already the "
        "config should be automatically reloaded!");
    base::log::info(fmt::format("Configuration (with the authentication token) was saved in \"{}\"",
                                path_.string()));
    return {};
}

void Registrar::take_back() {
    if (values_.flag("leave-runner")) return;
    server_->take_back(plan_.kind, base::Secret(text("token")));
}

}  // namespace runner::commands
