#include "runner/script/git_config.hpp"

#include <array>
#include <utility>

#include "runner/script/repository_url.hpp"

namespace runner::script {

std::string git_config_file(const std::string& tmp) { return tmp + "/.gitlab-runner.ext.conf"; }
std::string git_credentials_file(const std::string& tmp) { return tmp + "/.gitlab-runner.login"; }

std::string git_config_value(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + "\"";
}

bool sends_correlation_id(const ScriptContext& context) {
    return !context.settings().correlation_id.empty() &&
           context.variables().feature("FF_USE_GITALY_CORRELATION_ID");
}

GitConfigWriter::GitConfigWriter(const ScriptContext& context)
    : context_(context), remote_(remote_url(context.payload(), context.runner())) {}

bool GitConfigWriter::token_is_variable() const {
    return context_.variables().feature("FF_GIT_URLS_WITHOUT_TOKENS");
}

std::string GitConfigWriter::credentials_file() const {
    return git_credentials_file(context_.tmp());
}

/// Git gets the credentials from a helper that reads a file or the job's variable.
std::string GitConfigWriter::login_rule(const std::string& server) const {
    const std::string answer =
        token_is_variable() ? "echo username=gitlab-ci-token; echo \"password=$CI_JOB_TOKEN\""
                            : "cat " + shell_quote(credentials_file());
    return "[credential " + git_config_value(server) + "]\n\thelper = \n\thelper = " +
           git_config_value("!f() { if test \"$1\" = get; then " + answer + "; fi; }; f") + "\n";
}

/// GIT_SUBMODULE_FORCE_HTTPS: the SSH addresses of the server become HTTP addresses.
std::string GitConfigWriter::url_rules() const {
    const auto& variables = context_.variables();
    if (!context_.behaviour().flag("GIT_SUBMODULE_FORCE_HTTPS", false)) return {};
    if (!remote_.starts_with("http")) return {};  // clone_url asks for ssh
    // A server below a relative URL root has that root in its HTTP addresses only.
    const std::string own = "/" + context_.payload().job_info.project_full_path + ".git";
    const bool has_root = own.size() > 5 && remote_.ends_with(own);
    const std::string root =
        has_root ? remote_.substr(0, remote_.size() - own.size()) : scheme_and_host(remote_);
    std::string ssh = variables.get("CI_SERVER_SHELL_SSH_HOST");
    if (ssh.empty()) ssh = variables.get("CI_SERVER_HOST");
    if (ssh.empty()) return {};
    const std::string port = variables.get("CI_SERVER_SHELL_SSH_PORT");
    std::string text = "[url " + git_config_value(root + "/") +
                       "]\n\tinsteadOf = " + git_config_value("git@" + ssh + ":") +
                       "\n\tinsteadOf = " + git_config_value("ssh://git@" + ssh + "/") + "\n";
    if (!port.empty())
        text += "\tinsteadOf = " + git_config_value("ssh://git@" + ssh + ":" + port + "/") + "\n";
    return text;
}

/// A setting for requests to the project's server.
std::string GitConfigWriter::server_rule(std::string_view key, std::string_view value) const {
    return "[http " + git_config_value(scheme_and_host(remote_)) + "]\n\t" + std::string(key) +
           " = " + git_config_value(value) + "\n";
}

std::string GitConfigWriter::certificate_rules() const {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kFiles{{
        {"CI_SERVER_TLS_CA_FILE", "sslCAInfo"},
        {"CI_SERVER_TLS_CERT_FILE", "sslCert"},
        {"CI_SERVER_TLS_KEY_FILE", "sslKey"},
    }};
    std::string text;
    for (const auto& [variable, key] : kFiles) {
        if (!context_.variables().has(variable)) continue;
        text += server_rule(key, context_.variables().get(variable));
    }
    return text;
}

void GitConfigWriter::write(ShellWriter& writer) const {
    std::string text = url_rules();
    const std::string credentials = remote_credentials(context_.payload().git_info.repo_url);
    if (!credentials.empty()) {
        const std::string server = scheme_and_host(remote_);
        const std::string own =
            scheme_and_host(without_credentials(context_.payload().git_info.repo_url));
        text += login_rule(server);
        // Submodules may name the server's own address where clone_url has another one.
        if (own != server) text += login_rule(own);
        if (!token_is_variable()) writer.write_file(credentials_file(), credentials);
    }
    if (context_.variables().feature("FF_USE_GIT_BUNDLE_URIS")) {
        text += "[transfer]\n\tbundleURI = true\n";
    }
    // The first request of git to the server has the login; git before 2.46 ignores this.
    if (context_.variables().feature("FF_USE_GIT_PROACTIVE_AUTH")) {
        text += server_rule("proactiveAuth", "basic");
    }
    if (sends_correlation_id(context_)) {
        text += server_rule("extraHeader",
                            "X-Gitaly-Correlation-ID: " + context_.settings().correlation_id);
    }
    text += certificate_rules();
    writer.write_file(git_config_file(context_.tmp()), text);
}

}  // namespace runner::script
