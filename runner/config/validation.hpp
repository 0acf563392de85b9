#pragma once

#include "runner/config/inspect.hpp"

/// The rules for a configuration beyond the types of its keys. Only inspect.cpp calls these.
namespace runner::config::validation {

/// Adds findings to a list.
class Reporter {
  public:
    explicit Reporter(std::vector<Finding>& findings) : findings_(findings) {}
    /// The findings that follow are about this [[runners]] entry; nullopt: about none.
    void enter(std::optional<std::size_t> entry) { entry_ = entry; }

    void error(Position position, std::string text) {
        add(Finding::Severity::kError, position, std::move(text));
    }
    void note(Position position, std::string text) {
        add(Finding::Severity::kNote, position, std::move(text));
    }
    void warning(Position position, std::string text) {
        add(Finding::Severity::kWarning, position, std::move(text));
    }
    void no_effect(Position position, std::string text) {
        add(Finding::Severity::kNote, position, std::move(text), Finding::Kind::kNoEffect);
    }
    void unknown_key(Position position, std::string text) {
        add(Finding::Severity::kWarning, position, std::move(text), Finding::Kind::kUnknownKey);
    }

  private:
    void add(Finding::Severity severity, Position position, std::string text,
             Finding::Kind kind = Finding::Kind::kOther) {
        findings_.push_back({severity, position, std::move(text), kind, entry_});
    }

    std::vector<Finding>& findings_;
    std::optional<std::size_t> entry_;
};

/// Gives zero and missing values the official defaults.
void apply_defaults(Config& config);

/// Checks one [[runners]] entry, which was read from `node`; also expands its variables and finds
/// its certificates.
void check_runner(Config& config, RunnerConfig& runner, const Node& node, Reporter& report);

/// Checks the rules that concern more than one entry.
void check_whole(const Config& config, const Node& root, Reporter& report);

/// [runners.docker]; also sets what follows from other keys.
void check_docker(RunnerConfig& runner, const Node& node, Reporter& report);
/// [runners.custom].
void check_custom(const RunnerConfig& runner, const Node& node, Reporter& report);
/// [runners.dind].
void check_dind(RunnerConfig& runner, const Node& node, Reporter& report);
/// [[runners.registry]].
void check_registries(RunnerConfig& runner, const Node& node, Reporter& report);
/// [runners.cache]; sets CacheSettings::problem.
void check_cache(RunnerConfig& runner, const Node& node, Reporter& report);
/// [runners.monitoring].
void check_monitoring(const RunnerConfig& runner, const Node& node, Reporter& report);

/// Replaces $NAME and ${NAME} in the value of `key`; a name that the environment does not have is a
/// warning.
void expand(std::string& text, std::string_view key, const Node& node, Reporter& report);
/// Expands `path`, the value of `key`, and warns when it is not the path of a file. "" is fine.
void check_file(std::string& path, std::string_view key, const Node& node, Reporter& report);
/// The position of a key of an entry; that of the entry's header when the key is missing.
Position position_of(const Node& node, std::string_view path);

}  // namespace runner::config::validation
