#include "runner/daemon/kept_tokens.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/file_replacement.hpp"
#include "base/files.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "runner/config/inspect.hpp"
#include "runner/journal/state_dir.hpp"

namespace runner::daemon {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

/// The text with the new token in every entry that has the old one; the same text without such an
/// entry.
base::Result<std::string> with_token(const std::string& text, const fs::path& path,
                                     const NewToken& token) {
    auto root = config::parse_toml(text, path.string());
    if (!root) return root.error();
    const auto now = config::inspect(*root, path);
    base::Result<std::string> changed = text;
    for (std::size_t i = 0; i < now.config.runners.size() && changed; ++i) {
        const auto& runner = now.config.runners[i];
        if (runner.url != token.url || runner.token != token.old_token) continue;
        if (!runner.token_file.empty()) {
            return base::make_error(
                base::ErrorKind::kConflict,
                fmt::format("the token is in {}, which only its administrator changes: put the new "
                            "token there, and reload",
                            runner.token_file));
        }
        changed = config::replace_token(*changed, i, token.token, token.dates);
    }
    return changed;
}

json to_json(const NewToken& token) {
    return {{"url", token.url},
            {"old_token", token.old_token.reveal()},
            {"token", token.token.reveal()},
            {"obtained_at", token.dates.obtained_at},
            {"expires_at", token.dates.expires_at}};
}

NewToken token_from(const json& value) {
    return {.url = value.at("url").get<std::string>(),
            .old_token = base::Secret(value.at("old_token").get<std::string>()),
            .token = base::Secret(value.at("token").get<std::string>()),
            .dates = {.obtained_at = value.at("obtained_at").get<std::string>(),
                      .expires_at = value.at("expires_at").get<std::string>()}};
}

base::Result<std::vector<NewToken>> read_tokens(const fs::path& file) {
    std::vector<NewToken> tokens;
    auto text = base::read_file(file);
    if (!text && text.error().is(base::ErrorKind::kNotFound)) return tokens;
    if (!text) return text.error();
    try {
        for (const auto& value : json::parse(*text)) tokens.push_back(token_from(value));
    } catch (const json::exception&) {
        // The exception's text may quote a token.
        return base::invalid_input(file.string() + " is not a list of tokens");
    }
    return tokens;
}

}  // namespace

base::Result<bool> write_token(const fs::path& config_path, const NewToken& token) {
    bool found = false;
    auto saved = config::edit_config(config_path, false, [&](const std::string& text) {
        auto changed = with_token(text, config_path, token);
        found = changed && *changed != text;
        return changed;
    });
    if (!saved) return saved.error();
    return found;
}

base::Result<void> check_token_edit(const fs::path& config_path,
                                    const config::RunnerConfig& runner) {
    const NewToken trial{.url = runner.url,
                         .old_token = runner.token,
                         .token = base::Secret(runner.token.reveal() + "-new"),
                         .dates = {"2000-01-01T00:00:00Z", ""}};
    return config::check_edit(config_path, false, [&](const std::string& text) {
        auto changed = with_token(text, config_path, trial);
        if (!changed || *changed != text) return changed;
        return base::Result<std::string>(
            base::make_error(base::ErrorKind::kConflict,
                             "no entry has this token any more: somebody else changed the file"));
    });
}

KeptTokens::KeptTokens(const fs::path& state_directory)
    : file_(state_directory / "new-tokens.json") {
    read();
}

KeptTokens KeptTokens::beside(const fs::path& config_path) {
    return KeptTokens(journal::state_directory_for(config_path));
}

void KeptTokens::read() {
    auto kept = read_tokens(file_);
    if (!kept) {
        base::log::error("The new tokens of runners cannot be read",
                         {{"error", kept.error().message}});
        return;
    }
    for (auto& token : *kept) {
        const bool known = std::any_of(tokens_.begin(), tokens_.end(), [&](const NewToken& other) {
            return other.token == token.token;
        });
        if (!known) tokens_.push_back(std::move(token));
    }
}

base::Result<void> KeptTokens::keep(NewToken token) {
    tokens_.push_back(std::move(token));
    if (auto made = base::make_directories(file_.parent_path(), 0700); !made) return made.error();
    return save();
}

void KeptTokens::use_in(config::Config& config) const {
    for (const auto& token : tokens_) {
        for (auto& runner : config.runners) {
            if (runner.url != token.url || runner.token != token.old_token) continue;
            runner.token = token.token;
            runner.token_obtained_at = token.dates.obtained_at;
            runner.token_expires_at = token.dates.expires_at;
        }
    }
}

base::Result<void> KeptTokens::write_into(const fs::path& config_path) {
    while (!tokens_.empty()) {
        const auto& token = tokens_.front();
        const auto written = write_token(config_path, token);
        if (!written) return written.error();
        if (!*written) {
            base::log::warning(
                "No entry of the configuration has a token that was replaced any more",
                {{"path", config_path.string()}, {"runner", config::short_token(token.old_token)}});
        }
        tokens_.erase(tokens_.begin());
    }
    return save();
}

base::Result<void> KeptTokens::save() const {
    if (!tokens_.empty()) {
        json list = json::array();
        for (const auto& token : tokens_) list.push_back(to_json(token));
        return base::replace_file(file_, base::dump_json(list), 0600);
    }
    std::error_code failure;
    fs::remove(file_, failure);
    if (failure) return base::make_error(failure, "remove " + file_.string());
    return {};
}

}  // namespace runner::daemon
