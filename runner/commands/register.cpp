#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/host_name.hpp"
#include "base/strings.hpp"
#include "runner/commands/commands.hpp"
#include "runner/commands/gitlab_session.hpp"
#include "runner/commands/prompt.hpp"
#include "runner/commands/register_entry.hpp"
#include "runner/commands/register_plan.hpp"
#include "runner/config/edit.hpp"
#include "runner/config/inspect.hpp"
#include "runner/config/system_id.hpp"
#include "runner/daemon/runner_entry.hpp"

namespace runner::commands {

namespace {

using config::Node;
namespace gitlab = protocol::gitlab;

constexpr std::array<std::string_view, 2> kOurExecutors = {"docker", "shell"};
constexpr std::array<std::string_view, 9> kOtherExecutors = {
    "docker-windows", "docker+machine", "docker-autoscaler", "instance", "ssh",
    "kubernetes",     "virtualbox",     "parallels",         "custom"};

template <typename Names>
bool is_in(const Names& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// One run of the command: from flags to a runner that GitLab knows and the file holds. Until the
/// file is written, a failure takes back at GitLab what was made there.
class Registrar {
  public:
    explicit Registrar(const Values& values) : values_(values), path_(config_path(values)) {}

    base::Result<void> run() {
        auto ready = prepare();
        if (ready) ready = ask_address_and_token();
        if (ready) ready = check_early();
        if (ready) ready = connect();
        if (ready) ready = introduce();
        if (!ready) return ready.error();
        auto finished = ask_executor();
        if (finished) finished = save();
        if (!finished) take_back();
        return finished;
    }

  private:
    [[nodiscard]] bool interactive() const { return !values_.flag("non-interactive"); }
    [[nodiscard]] std::string text(std::string_view key) const { return text_of(entry_, key); }
    void put(std::string_view key, const std::string& value) {
        entry_.set_at(key, Node::string(value));
    }

    /// What can be refused is refused before GitLab hears of it.
    base::Result<void> prepare() {
        auto existing = config::read_config_text(path_);
        if (existing) {
            auto root = config::parse_toml(*existing, path_.string());
            if (!root) return root.error();
            existing_ = config::inspect(*root, path_).config;
        } else if (!existing.error().is(base::ErrorKind::kNotFound)) {
            return existing.error();
        }
        auto entry = entry_from(values_);
        if (!entry) return entry.error();
        entry_ = std::move(*entry);
        if (values_.has("template-config")) {
            auto from = load_template(values_.text("template-config"));
            if (!from) return from.error();
            from->set("token", Node::string(""));
            merge_template(entry_, *from);
        }
        auto plan = plan_registration(values_);
        if (!plan) return plan.error();
        plan_ = std::move(*plan);
        return {};
    }

    /// Asks on a terminal; takes what is given otherwise. `flag` is named when nothing is.
    base::Result<void> fill(std::string_view key, std::string_view flag,
                            std::string_view question) {
        if (interactive()) {
            auto answer = ask(question, text(key));
            if (!answer) return answer.error();
            put(key, *answer);
        }
        if (!text(key).empty()) return {};
        return base::invalid_input(
            fmt::format("--{} is missing (or ask for it: leave --non-interactive out)", flag));
    }

    base::Result<void> ask_address_and_token() {
        auto url =
            fill("url", "url", "Enter the GitLab instance URL (for example, https://gitlab.com/)");
        if (!url) return url.error();
        const std::string lower = base::to_lower(text("url"));
        if (!lower.starts_with("http://") && !lower.starts_with("https://")) {
            return base::invalid_input(
                fmt::format("the URL \"{}\" must begin with http:// or https://", text("url")));
        }
        if (!plan_.token.empty()) return {};
        if (!interactive()) {
            return base::invalid_input(
                "a token is missing: give --token (glrt-…), --registration-token or "
                "--access-token");
        }
        auto token = ask("Enter the registration token", "", true);
        if (!token) return token.error();
        if (token->empty()) return base::invalid_input("a token is needed to register a runner");
        take_typed_token(plan_, *token);
        plan_.compatible = false;
        return {};
    }

    base::Result<void> check_early() {
        if (interactive()) return {};
        if (text("executor").empty())
            return base::invalid_input("--executor is missing: docker or shell");
        if (auto known = check_executor(); !known) return known.error();
        return check_image();
    }

    [[nodiscard]] base::Result<void> check_executor() const {
        const std::string executor = text("executor");
        if (is_in(kOurExecutors, executor) || is_in(kOtherExecutors, executor)) return {};
        const std::string near = base::nearest(executor, {"docker", "shell"});
        return base::invalid_input(
            fmt::format("executor \"{}\" does not exist: use docker or shell{}", executor,
                        near.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", near)));
    }

    [[nodiscard]] base::Result<void> check_image() const {
        if (!text("executor").starts_with("docker") || !text("docker.image").empty()) return {};
        return base::invalid_input("--docker-image is missing: the image of jobs that name none");
    }

    base::Result<void> connect() {
        // The directory is there before the system id is kept in it.
        if (auto made =
                base::make_directories(std::filesystem::absolute(path_).parent_path(), 0700);
            !made) {
            return made.error();
        }
        const auto id = config::load_system_id(path_);
        for (const auto& warning : id.warnings) base::log::warning(warning);
        if (id.created)
            base::log::info("Created missing unique system ID", {{"system_id", id.value}});
        system_id_ = id.value;
        config::RunnerConfig server;
        server.url = text("url");
        server.tls_ca_file = text("tls-ca-file");
        server.tls_cert_file = text("tls-cert-file");
        server.tls_key_file = text("tls-key-file");
        config::use_certificates_beside(path_, server);
        auto session = GitlabSession::open(server);
        if (!session) return session.error();
        session_ = std::move(*session);
        return {};
    }

    [[nodiscard]] gitlab::RunnerInfo info() const {
        config::RunnerConfig about;
        about.executor = text("executor");
        about.shell = text("shell");
        about.docker.gpus = text("docker.gpus");
        return daemon::runner_info(existing_, about);
    }

    /// GitLab learns of this machine; the entry gets name, id and token.
    base::Result<void> introduce() {
        if (text("name").empty()) put("name", base::host_name());
        if (plan_.kind == Registration::kAuthenticationToken) {
            if (plan_.compatible) {
                base::log::warning(
                    "The token is an authentication token (glrt-…): tags and other settings of the "
                    "server's side are those of the runner's page in GitLab, the flags are "
                    "ignored");
            }
            auto verified = verify(plan_.token);
            if (verified && is_created_token(plan_.token) && interactive()) return ask_name();
            return verified;
        }
        auto description = ask_description();
        if (!description) return description.error();
        return plan_.kind == Registration::kAccessToken ? create(*description)
                                                        : register_legacy(*description);
    }

    base::Result<void> ask_name() {
        auto named =
            fill("name", "name",
                 "Enter a name for the runner. This is stored only in the local config.toml file");
        if (!named) take_back();
        return named;
    }

    base::Result<gitlab::RunnerDescription> ask_description() {
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
        return description_of(values_, name, tags, note);
    }

    base::Result<void> verify(const base::Secret& token) {
        const std::string short_token = config::short_token(token);
        auto answer = session_->verify(token, system_id_, info());
        if (!answer) {
            const bool refused = answer.error().is(base::ErrorKind::kForbidden);
            base::log::error(
                refused ? "Verifying runner... is not valid" : "Verifying runner... failed",
                {{"runner", short_token}});
            return answer.error().with_context("Failed to verify the runner");
        }
        if (answer->id == 0) {
            return base::make_error(
                base::ErrorKind::kProtocol,
                fmt::format("Failed to verify the runner: {} did not say its number; is this a "
                            "GitLab of release 15.10 or later?",
                            text("url")));
        }
        base::log::info("Verifying runner... is valid", {{"runner", short_token}});
        // The server may leave the token out; the one that was sent is right.
        answer->token = token;
        accept(*answer);
        return {};
    }

    base::Result<void> register_legacy(const gitlab::RunnerDescription& description) {
        base::log::warning(
            "Support for registration tokens and runner parameters in the 'register' command is "
            "deprecated in GitLab: make the runner in GitLab and give its token, or use "
            "--access-token");
        const std::string short_token = config::short_token(plan_.token);
        auto answer = session_->register_runner(plan_.token, description, info());
        if (!answer) {
            const bool refused = answer.error().is(base::ErrorKind::kForbidden);
            base::log::error(refused ? "Registering runner... forbidden (check registration token)"
                                     : "Registering runner... failed",
                             {{"runner", short_token}});
            return answer.error().with_context("Failed to register the runner");
        }
        base::log::info("Registering runner... succeeded", {{"runner", short_token}});
        accept(*answer);
        return {};
    }

    base::Result<void> create(const gitlab::RunnerDescription& description) {
        auto answer = session_->create_runner(plan_.token, plan_.scope, description);
        if (!answer) {
            base::log::error("Creating runner... failed");
            return answer.error().with_context(
                "Failed to create the runner (the access token needs the scope "
                "create_runner)");
        }
        base::log::info("Creating runner... succeeded",
                        {{"runner", config::short_token(answer->token)}});
        accept(*answer);
        auto verified = verify(answer->token);
        if (!verified) take_back();
        return verified;
    }

    void accept(const gitlab::TokenAnswer& answer) {
        entry_.set("id", Node::of_integer(answer.id));
        put("token", answer.token.reveal());
        entry_.set("token_obtained_at",
                   Node::datetime(base::rfc3339_utc(base::unix_micros_now() / 1000000)));
        const std::string expires = toml_date(answer.token_expires_at);
        entry_.set("token_expires_at",
                   Node::datetime(expires.empty() ? "0001-01-01T00:00:00Z" : expires));
    }

    base::Result<void> ask_executor() {
        while (interactive()) {
            auto asked = fill("executor", "executor", "Enter an executor: docker, shell");
            if (!asked) return asked.error();
            auto known = check_executor();
            if (known) break;
            base::log::error(known.error().message);
            put("executor", "");
        }
        if (is_in(kOtherExecutors, text("executor"))) {
            base::log::warning(
                fmt::format("The entry is written, but this program has no executor \"{}\": it "
                            "takes no jobs here",
                            text("executor")));
        }
        if (!text("executor").starts_with("docker")) return {};
        return fill("docker.image", "docker-image",
                    "Enter the default Docker image (for example, ruby:3.3)");
    }

    base::Result<void> save() {
        complete_entry(entry_);
        warn_of_limits();
        auto saved = config::edit_config(path_, true, [this](const std::string& before) {
            return config::append_runner(before, entry_);
        });
        if (!saved) return saved.error();
        base::log::info(
            "Runner registered successfully. Feel free to start it, but if it's running already "
            "the config "
            "should be automatically reloaded!");
        base::log::info(fmt::format(
            "Configuration (with the authentication token) was saved in \"{}\"", path_.string()));
        return {};
    }

    void warn_of_limits() const {
        for (const char* key : {"limit", "request_concurrency"}) {
            const Node* node = entry_.at(key);
            if (node == nullptr || node->integer <= existing_.concurrent) continue;
            base::log::warning(fmt::format(
                "{} ({}) is above concurrent ({}), which is for all runners of the file: "
                "raise concurrent in {}",
                key, node->integer, existing_.concurrent, path_.string()));
        }
        for (const auto& other : existing_.runners) {
            if (other.token.reveal() != text("token") || other.url != text("url")) continue;
            base::log::warning(fmt::format("The entry \"{}\" has the same token", other.name));
        }
    }

    void take_back() {
        const base::Secret token(text("token"));
        // What this run did not make is not its to delete.
        const bool found_here =
            plan_.kind == Registration::kAuthenticationToken && !is_created_token(token);
        if (values_.flag("leave-runner") || token.empty() || found_here) return;
        auto gone = plan_.kind == Registration::kAccessToken
                        ? session_->delete_runner(token)
                        : session_->unregister(token, system_id_);
        const std::string short_token = config::short_token(token);
        if (gone) {
            base::log::warning("The registration was taken back", {{"runner", short_token}});
        } else {
            base::log::error(
                "The registration could not be taken back: remove the runner in GitLab",
                {{"runner", short_token}, {"error", gone.error().message}});
        }
    }

    const Values& values_;
    std::filesystem::path path_;
    config::Config existing_;
    Node entry_ = Node::table();
    RegistrationPlan plan_;
    std::string system_id_;
    std::unique_ptr<GitlabSession> session_;
};

int register_runner(const Values& values) {
    announce_platform();
    Registrar registrar(values);
    if (auto done = registrar.run(); !done) return fail(done.error());
    return 0;
}

}  // namespace

Command register_command() {
    std::vector<Flag> flags = {
        config_flag(),
        {{"non-interactive", "n"},
         Flag::Kind::kBool,
         "REGISTER_NON_INTERACTIVE",
         "",
         "ask nothing"},
        {{"template-config"},
         Flag::Kind::kText,
         "TEMPLATE_CONFIG_FILE",
         "FILE",
         "TOML with one [[runners]] entry; fills in what is not given otherwise"},
        {{"leave-runner"},
         Flag::Kind::kBool,
         "REGISTER_LEAVE_RUNNER",
         "",
         "do not take the runner back when a later step fails"},
    };
    for (auto part : {registration_flags(), entry_flags()})
        flags.insert(flags.end(), part.begin(), part.end());
    return {"register",
            "[flags]",
            "Adds a runner: tells GitLab about this machine and writes the entry into config.toml. "
            "On a terminal it asks "
            "for what\nis not given. The keys of the official program's other executors and caches "
            "are taken, too, but "
            "not listed here.",
            "  runner register --non-interactive --url https://gitlab.example.com --token "
            "\"$TOKEN\" \\\n"
            "      --executor docker --docker-image alpine\n"
            "  runner register -n --url https://gitlab.example.com --access-token-file ~/.pat "
            "--project-id 42 \\\n"
            "      --tag docker-test --executor docker --docker-image docker:dind "
            "--docker-privileged \\\n"
            "      --registry host=registry.company.net,address=10.0.0.5,http=true\n",
            std::move(flags),
            register_runner};
}

}  // namespace runner::commands
