#include "executors/helper/shell_start.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <map>

extern char** environ;

namespace executors::helper {

namespace {

bool has_variable(const ShellStart::Wish& wish, const std::string& name) {
    return std::any_of(wish.environment.begin(), wish.environment.end(),
                       [&](const auto& entry) { return entry.first == name; });
}

/// A map, because a job may have a hundred thousand variables.
std::map<std::string, std::string> own_environment() {
    std::map<std::string, std::string> environment;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string text(*entry);
        const auto at = text.find('=');
        if (at != std::string::npos) environment[text.substr(0, at)] = text.substr(at + 1);
    }
    return environment;
}

std::vector<std::string> make_environment(const ShellStart::Wish& wish,
                                          const std::optional<User>& user) {
    auto environment = own_environment();
    if (user && !has_variable(wish, "HOME")) environment["HOME"] = user->home;
    if (user && !user->name.empty() && !has_variable(wish, "USER")) {
        environment["USER"] = user->name;
        environment["LOGNAME"] = user->name;
    }
    for (const auto& [name, value] : wish.environment) {
        if (!name.empty() && name.find('=') == std::string::npos) environment[name] = value;
    }
    std::vector<std::string> entries;
    for (const auto& [name, value] : environment) entries.push_back(name + "=" + value);
    return entries;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (auto& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

}  // namespace

ShellStart::ShellStart(const Wish& wish, std::vector<std::string> more) : wish_(wish) {
    if (wish.shells.empty()) throw Failure("no shell was named");
    if (!wish.user.empty()) user_ = find_user(wish.user);
    environment_ = make_environment(wish, user_);
    for (auto& entry : more) environment_.push_back(std::move(entry));
    for (const auto& shell : wish.shells) {
        texts_.push_back({shell});
        texts_.back().insert(texts_.back().end(), wish.arguments.begin(), wish.arguments.end());
    }
    for (auto& text : texts_) vectors_.push_back(pointers_to(text));
    environment_vector_ = pointers_to(environment_);
}

void ShellStart::become_shell(int failure, int cgroup_procs) const {
    // A failure to join is ignored: shutdown() finds processes through /proc too.
    if (cgroup_procs >= 0) static_cast<void>(!::write(cgroup_procs, "0", 1));
    if (user_ && !become(*user_)) report_and_exit(failure, Step::kUser);
    if (!wish_.cwd.empty() && ::chdir(wish_.cwd.c_str()) != 0)
        report_and_exit(failure, Step::kChdir);
    int worst = ENOENT;
    for (std::size_t i = 0; i < wish_.shells.size(); ++i) {
        ::execve(wish_.shells[i].c_str(), vectors_[i].data(), environment_vector_.data());
        if (errno != ENOENT && errno != ENOTDIR) worst = errno;
        if (errno == E2BIG) break;
    }
    errno = worst;
    report_and_exit(failure, Step::kExec);
}

void ShellStart::report_and_exit(int fd, Step step) {
    const ChildFailure failure{step, errno};
    static_cast<void>(!::write(fd, &failure, sizeof failure));
    ::_exit(127);
}

void ShellStart::check(pid_t child, int failure) const {
    ChildFailure told{};
    const ssize_t got = read_some(failure, reinterpret_cast<char*>(&told), sizeof told);
    if (got != static_cast<ssize_t>(sizeof told)) return;
    ::waitpid(child, nullptr, 0);
    throw Failure(describe(told));
}

std::string ShellStart::describe(const ChildFailure& failure) const {
    switch (failure.step) {
        case Step::kChdir: return errno_text("enter directory " + wish_.cwd, failure.code);
        case Step::kUser: return errno_text("become user " + wish_.user, failure.code);
        case Step::kExec: break;
    }
    if (failure.code == E2BIG) return "the variables are too large to start a shell with";
    std::string tried;
    for (const auto& shell : wish_.shells) tried += (tried.empty() ? "" : ", ") + shell;
    if (failure.code == ENOENT) return "shell not found: the environment has none of " + tried;
    return errno_text("start a shell (" + tried + ")", failure.code);
}

void reset_signals() {
    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; ++number) ::sigaction(number, &standard, nullptr);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace executors::helper
