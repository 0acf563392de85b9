#include <fmt/format.h>

#include <algorithm>

#include "base/strings.hpp"
#include "base/version.hpp"
#include "protocol/gitlab/runner_info.hpp"
#include "runner/script/stages.hpp"

namespace runner::script {

namespace {

constexpr std::size_t kShortSha = 8;

/// Flags come as one text and are split on white space, without quoting (job-runtime.md §2.4).
std::string quoted_flags(const std::string& flags) {
    std::string out;
    std::string word;
    for (const char c : flags + " ") {
        if (c != ' ' && c != '\t' && c != '\n') {
            word += c;
            continue;
        }
        if (!word.empty()) out += " " + shell_quote(word);
        word.clear();
    }
    return out;
}

/// A value inside double quotes of a git configuration file.
std::string scheme_and_host(std::string_view url) {
    const auto start = url.find("://");
    if (start == std::string_view::npos) return std::string(url);
    return std::string(url.substr(0, url.find('/', start + 3)));
}

}  // namespace

std::string git_config_value(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + "\"";
}

std::string git_config_file(const std::string& tmp) { return tmp + "/.gitlab-runner.ext.conf"; }

std::string StageWriter::ext_config() const { return git_config_file(tmp()); }
std::string StageWriter::credentials_file() const { return tmp() + "/.gitlab-runner.login"; }

GitStrategy StageWriter::strategy() {
    const std::string asked = variables_.get("GIT_STRATEGY");
    if (asked == "clone") return GitStrategy::kClone;
    if (asked == "fetch") return GitStrategy::kFetch;
    if (asked == "none") return GitStrategy::kNone;
    if (asked == "empty") return GitStrategy::kEmpty;
    return payload_.allow_git_fetch ? GitStrategy::kFetch : GitStrategy::kClone;
}

bool StageWriter::brings_sources() {
    const GitStrategy chosen = strategy();
    return chosen == GitStrategy::kClone || chosen == GitStrategy::kFetch;
}

bool StageWriter::sends_correlation_id() const {
    return !facts_.correlation_id.empty() && variables_.feature("FF_USE_GITALY_CORRELATION_ID");
}

void StageWriter::hook(ShellWriter& writer, std::string_view name) {
    const bool before = name == "pre_get_sources_script";
    const std::string& configured =
        before ? runner_.pre_get_sources_script : runner_.post_get_sources_script;
    std::vector<std::vector<std::string>> scripts;
    if (!configured.empty()) scripts.push_back({configured});
    for (const auto& hook : payload_.hooks) {
        if (hook.name != name) continue;
        // The administrator's script is the outer one: first before, last behind.
        scripts.insert(before ? scripts.end() : scripts.begin(), hook.script);
    }
    const bool sections =
        variables_.feature("FF_SCRIPT_SECTIONS") && payload_.features.trace_sections;
    for (const auto& script : scripts) {
        writer.commands(script, variables_.feature("FF_ENABLE_BASH_EXIT_CODE_CHECK"), sections,
                        before ? "pre_clone_script" : "post_clone_script");
    }
}

/// How git logs in at the project's server. An address with a token in it would stand in the
/// arguments of git's own programs, so git asks: for a file, or for the job's variable.
std::string StageWriter::login_rule() const {
    const std::string answer =
        token_is_variable() ? "echo username=gitlab-ci-token; echo \"password=$CI_JOB_TOKEN\""
                            : "cat " + shell_quote(credentials_file());
    return "[credential " + git_config_value(scheme_and_host(remote_url())) +
           "]\n\thelper = \n\thelper = " +
           git_config_value("!f() { if test \"$1\" = get; then " + answer + "; fi; }; f") + "\n";
}

/// On the host git has no variable of the job.
bool StageWriter::token_is_variable() const {
    return !facts_.host && variables_.feature("FF_GIT_URLS_WITHOUT_TOKENS");
}

/// Which addresses git replaces by others.
std::string StageWriter::url_rules() const {
    if (!variables_.flag("GIT_SUBMODULE_FORCE_HTTPS", false)) return {};
    const std::string clean = remote_url();
    // Below a relative root the addresses of SSH do not have it.
    const std::string own = "/" + payload_.job_info.project_full_path + ".git";
    const bool has_root = own.size() > 5 && clean.ends_with(own);
    const std::string root =
        has_root ? clean.substr(0, clean.size() - own.size()) : scheme_and_host(clean);
    std::string ssh = variables_.get("CI_SERVER_SHELL_SSH_HOST");
    if (ssh.empty()) ssh = variables_.get("CI_SERVER_HOST");
    if (ssh.empty()) return {};
    const std::string port = variables_.get("CI_SERVER_SHELL_SSH_PORT");
    std::string text = "[url " + git_config_value(root + "/") +
                       "]\n\tinsteadOf = " + git_config_value("git@" + ssh + ":") +
                       "\n\tinsteadOf = " + git_config_value("ssh://git@" + ssh + "/") + "\n";
    if (!port.empty())
        text += "\tinsteadOf = " + git_config_value("ssh://git@" + ssh + ":" + port + "/") + "\n";
    return text;
}

void StageWriter::write_git_config(ShellWriter& writer) {
    const std::string server = scheme_and_host(remote_url());
    std::string text = url_rules();
    if (const std::string credentials = remote_credentials(); !credentials.empty()) {
        text += login_rule();
        if (!token_is_variable()) writer.write_file(credentials_file(), credentials);
    }
    if (variables_.feature("FF_USE_GIT_BUNDLE_URIS")) text += "[transfer]\n\tbundleURI = true\n";
    if (sends_correlation_id()) {
        text += "[http " + git_config_value(server) + "]\n\textraHeader = " +
                git_config_value("X-Gitaly-Correlation-ID: " + facts_.correlation_id) + "\n";
    }
    const auto tls_file = [&](std::string_view key, std::string_view name) {
        if (!variables_.has(key)) return;
        std::string path = variables_.get(key);
        if (facts_.host) {
            // The variable names a file of the environment.
            path = tmp() + "/" + std::string(key);
            writer.write_file(path, variables_.content(key));
        }
        text += "[http " + git_config_value(server) + "]\n\t" + std::string(name) + " = " +
                git_config_value(path) + "\n";
    };
    tls_file("CI_SERVER_TLS_CA_FILE", "sslCAInfo");
    tls_file("CI_SERVER_TLS_CERT_FILE", "sslCert");
    tls_file("CI_SERVER_TLS_KEY_FILE", "sslKey");
    writer.write_file(ext_config(), text);
}

void StageWriter::remove_stale_locks(ShellWriter& writer) const {
    const std::string git = project() + "/.git";
    std::string files;
    for (const char* name : {"index.lock", "shallow.lock", "HEAD.lock", "config.lock"}) {
        files += " " + shell_quote(git + "/" + name);
    }
    writer.line("rm -f" + files + " " + shell_quote(git + "/hooks/post-checkout"));
    writer.line(
        fmt::format("if [ -d {0} ]; then find {0} -type f -name '*.lock' -exec rm -f {{}} +; fi",
                    shell_quote(git + "/refs")));
    if (runner_.clean_git_config.value_or(!facts_.shell_executor)) {
        writer.line("rm -f " + shell_quote(git + "/config"));
        writer.line("rm -rf " + shell_quote(git + "/hooks"));
    }
}

void StageWriter::initialise_repository(ShellWriter& writer) {
    const std::string directory = shell_quote(project());
    const std::string remote = shell_quote(remote_url());
    const std::string format =
        payload_.git_info.repo_object_format == "sha256" ? " --object-format sha256" : "";
    if (!facts_.host && runner_.safe_directory_checkout.value_or(!facts_.shell_executor)) {
        // A home that cannot be written is no reason to fail: git only asks when owners differ.
        writer.line("git config --global --add safe.directory " + directory + " 2> /dev/null || :");
    }
    writer.line("git -c init.defaultBranch=none init --template=" +
                shell_quote(tmp() + "/git-template") + format + " " + directory);
    writer.line("cd " + directory);
    // The host's git has it in a configuration of its own.
    if (!facts_.host) writer.line("git config include.path " + shell_quote(ext_config()));
    writer.line("git config fetch.recurseSubmodules false");
    writer.line("git config credential.interactive never");
    writer.line("git config gc.autoDetach false");
    writer.line("if git remote add origin " + remote + " > /dev/null 2>&1; then");
    writer.notice("Created fresh repository.");
    writer.line("else git remote set-url origin " + remote + "; fi");
}

void StageWriter::fetch(ShellWriter& writer) {
    const auto& git = payload_.git_info;
    std::string extra = variables_.get("GIT_FETCH_EXTRA_FLAGS");
    if (extra.empty()) extra = "--prune --quiet";
    if (extra == "none") extra.clear();
    std::string refspecs;
    for (const std::string& refspec : git.refspecs) refspecs += " " + shell_quote(refspec);
    const std::string agent =
        shell_quote(fmt::format("http.userAgent=gitlab-runner {} linux/{}",
                                base::compatible_version(), protocol::gitlab::architecture()));
    const std::string command =
        "git -c " + agent + " fetch origin --no-recurse-submodules" + refspecs;
    const std::string flags = quoted_flags(extra);
    if (git.depth > 0) {
        writer.line(fmt::format("{} --depth {}{}", command, git.depth, flags));
        return;
    }
    writer.line("if [ -e .git/shallow ]; then " + command + " --unshallow" + flags + "; else " +
                command + flags + "; fi");
}

/// "git clean …", or nothing.
std::string StageWriter::clean_command() const {
    std::string flags = variables_.get("GIT_CLEAN_FLAGS");
    if (flags == "none") return {};
    if (flags.empty()) flags = "-ffdx";
    return "git clean" + quoted_flags(flags);
}

void StageWriter::checkout(ShellWriter& writer) {
    const auto& git = payload_.git_info;
    writer.notice(fmt::format("Checking out {} as detached HEAD (ref is {})...",
                              git.sha.substr(0, kShortSha), git.ref));
    if (facts_.host) {
        // The files are handed out from the object store; submodules ask the index.
        writer.line("git update-ref --no-deref HEAD " + shell_quote(git.sha));
        writer.line("git read-tree HEAD");
        large_files(writer);
        return;
    }
    writer.line("git -c submodule.recurse=false checkout -f -q " + shell_quote(git.sha));
    if (const std::string clean = clean_command(); !clean.empty()) writer.line(clean);
    large_files(writer);
}

/// Who meets a pointer where a picture should be is told why.
void StageWriter::large_files(ShellWriter& writer) const {
    if (variables_.flag("GIT_LFS_SKIP_SMUDGE", false)) return;
    const std::string some = "[ -n \"$(git ls-files -- ':(attr:filter=lfs)' 2> /dev/null)\" ]";
    if (facts_.host) {
        writer.line("if " + some + "; then");
    } else {
        writer.line("if git lfs version > /dev/null 2>&1; then git lfs pull; elif " + some +
                    "; then");
    }
    writer.warning(
        "Files of Git LFS stay pointers: they need git-lfs in the image (GIT_LFS_SKIP_SMUDGE=true "
        "if "
        "they are not wanted)");
    writer.line("fi");
}

void StageWriter::skip_sources(ShellWriter& writer, GitStrategy strategy) const {
    const std::string directory = shell_quote(project());
    if (strategy == GitStrategy::kEmpty) {
        writer.notice("Skipping Git repository setup and creating an empty build directory");
        writer.line("rm -rf " + directory);
    } else {
        writer.notice("Skipping Git repository setup");
    }
    writer.line("mkdir -p " + directory);
    writer.notice("Skipping Git checkout");
    writer.notice("Skipping Git submodules setup");
}

base::Result<std::string> StageWriter::get_sources() {
    ShellWriter writer;
    preamble(writer);
    if (opens_files()) writer.line("umask 0000");
    const GitStrategy chosen = strategy();
    if (!brings_sources()) {
        skip_sources(writer, chosen);
        return finish(writer);
    }
    if (auto known = check_sources(); !known) return known.error();
    writer.line("export GIT_TERMINAL_PROMPT=0 GCM_INTERACTIVE=Never");
    hook(writer, "pre_get_sources_script");
    run_git(writer, chosen);
    hook(writer, "post_get_sources_script");
    return finish(writer);
}

base::Result<void> StageWriter::check_sources() const {
    if (payload_.git_info.sha.empty() || payload_.git_info.repo_url.empty()) {
        return base::make_error(base::ErrorKind::kProtocol,
                                "the server named no repository or commit to check out "
                                "(git_info.repo_url, git_info.sha)");
    }
    const std::string mode = variables_.get("GIT_SUBMODULE_STRATEGY");
    if (!mode.empty() && mode != "none" && mode != "normal" && mode != "recursive") {
        return base::make_error(
            base::ErrorKind::kConfiguration,
            "unknown GIT_SUBMODULE_STRATEGY \"" + mode + "\": use none, normal or recursive");
    }
    const auto paths = base::split(variables_.get("GIT_SUBMODULE_PATHS"), ' ');
    if (std::find(paths.begin(), paths.end(), ":(exclude)") != paths.end()) {
        return base::make_error(base::ErrorKind::kConfiguration,
                                "GIT_SUBMODULE_PATHS: no space may stand behind \":(exclude)\"");
    }
    return {};
}

void StageWriter::run_git(ShellWriter& writer, GitStrategy chosen) {
    if (sends_correlation_id()) writer.print("Gitaly correlation ID: " + facts_.correlation_id);
    const auto depth = payload_.git_info.depth;
    writer.notice(depth > 0 ? fmt::format("Fetching changes with git depth set to {}...", depth)
                            : std::string("Fetching changes..."));
    if (!variables_.has("GIT_LFS_SKIP_SMUDGE")) writer.line("export GIT_LFS_SKIP_SMUDGE=1");
    if (chosen == GitStrategy::kClone) writer.line("rm -rf " + shell_quote(project()));
    remove_stale_locks(writer);
    write_git_config(writer);
    writer.line("mkdir -p " + shell_quote(tmp() + "/git-template"));
    initialise_repository(writer);
    fetch(writer);
    if (variables_.flag("GIT_CHECKOUT", true)) {
        checkout(writer);
    } else {
        writer.notice("Skipping Git checkout");
    }
    submodules(writer);
}

void StageWriter::submodules(ShellWriter& writer) {
    const std::string mode = variables_.get("GIT_SUBMODULE_STRATEGY");
    if (mode.empty() || mode == "none") {
        writer.notice("Skipping Git submodules setup");
        return;
    }
    update_submodules(writer, mode);
}

void StageWriter::update_submodules(ShellWriter& writer, const std::string& mode) {
    const std::string recursive = mode == "recursive" ? " --recursive" : "";
    int depth = variables_.number("GIT_SUBMODULE_DEPTH", 0);
    if (depth == 0) depth = static_cast<int>(payload_.git_info.depth);
    const std::string depth_flag = depth > 0 ? fmt::format(" --depth {}", depth) : "";
    const std::string paths = variables_.get("GIT_SUBMODULE_PATHS");
    const std::string pathspec = paths.empty() ? std::string() : " --" + quoted_flags(paths);
    const std::string flags = quoted_flags(variables_.get("GIT_SUBMODULE_UPDATE_FLAGS"));
    const std::string update =
        "git submodule update --init" + recursive + depth_flag + flags + pathspec;
    const std::string sync = "git submodule sync" + recursive + pathspec;
    // What an earlier job left there would be in the way of the update.
    const std::string clean = clean_command();
    const std::string tidy =
        "git submodule foreach" + recursive + " " +
        shell_quote((clean.empty() ? clean : clean + " && ") + "git reset --hard") + " > /dev/null";
    writer.notice("Updating/initializing submodules" +
                  std::string(mode == "recursive" ? " recursively" : "") +
                  (depth > 0 ? fmt::format(" with git depth set to {}", depth) : "") + "...");
    if (!facts_.host) {
        // Submodules read the same credentials: their own configuration does not include ours yet.
        writer.line("export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=include.path GIT_CONFIG_VALUE_0=" +
                    shell_quote(ext_config()));
    }
    writer.line("git submodule init" + pathspec);
    writer.line(sync);
    writer.line(tidy);
    writer.line("if ! " + update + "; then");
    writer.warning("Updating submodules failed. Retrying...");
    if (flags.find("'--remote'") != std::string::npos) {
        // With a depth the wanted branch need not be there.
        writer.line("git submodule foreach" + recursive +
                    " 'git fetch origin +refs/heads/*:refs/remotes/origin/*'");
    }
    writer.line(sync);
    writer.line(update);
    writer.line("fi");
    writer.line(tidy);
    if (!facts_.host) {
        // The script may go on where we were: `cd sub && git fetch`.
        writer.notice("Configuring submodules to use parent git credentials...");
        writer.line(
            "git submodule foreach --recursive " +
            shell_quote("git config --replace-all include.path " + shell_quote(ext_config())) +
            " > /dev/null");
    }
    if (!facts_.host && !variables_.flag("GIT_LFS_SKIP_SMUDGE", false)) {
        writer.line("if git lfs version > /dev/null 2>&1; then git submodule foreach" + recursive +
                    " 'git lfs pull'; fi");
    }
    writer.notice("Updated submodules");
}

}  // namespace runner::script
