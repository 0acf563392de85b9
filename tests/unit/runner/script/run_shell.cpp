#include "tests/unit/runner/script/run_shell.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace tests {

const std::vector<Shell>& shells() {
    static const std::vector<Shell> all{
        {"bash", {"/bin/bash"}}, {"dash", {"/bin/dash"}}, {"busybox", {"/bin/busybox", "sh"}}};
    return all;
}

bool is_installed(const Shell& shell) { return ::access(shell.words.front().c_str(), X_OK) == 0; }

namespace {

std::vector<char*> pointers(std::vector<std::string>& words) {
    std::vector<char*> list;
    for (auto& word : words) list.push_back(word.data());
    list.push_back(nullptr);
    return list;
}

}  // namespace

ShellEnd run_shell(const Shell& shell, const std::string& script,
                   const std::filesystem::path& directory,
                   const std::map<std::string, std::string>& environment, unsigned user) {
    const auto input = directory / ".script";
    const auto output = directory / ".output";
    std::ofstream(input) << script;
    std::vector<std::string> words = shell.words;
    std::vector<std::string> variables{"HOME=" + directory.string()};
    if (!environment.contains("PATH")) variables.emplace_back("PATH=/usr/local/bin:/usr/bin:/bin");
    for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
    auto arguments = pointers(words);
    auto entries = pointers(variables);
    const pid_t pid = ::fork();
    if (pid < 0) throw std::runtime_error("fork");
    if (pid == 0) {
        const int in = ::open(input.c_str(), O_RDONLY);
        const int out = ::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        const bool ready = ::setpgid(0, 0) == 0 && in >= 0 && out >= 0 && ::dup2(in, 0) == 0 &&
                           ::dup2(out, 1) == 1 && ::dup2(out, 2) == 2 &&
                           ::chdir(directory.c_str()) == 0 &&
                           (user == 0 || (::setgid(user) == 0 && ::setuid(user) == 0));
        if (ready) ::execve(arguments[0], arguments.data(), entries.data());
        ::_exit(126);
    }
    int status = 0;
    if (::waitpid(pid, &status, 0) != pid) throw std::runtime_error("waitpid");
    std::ifstream text(output, std::ios::binary);
    ShellEnd end;
    end.output.assign(std::istreambuf_iterator<char>(text), {});
    end.code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    if (end.code == 126 && end.output.empty()) throw std::runtime_error("cannot run " + shell.name);
    return end;
}

}  // namespace tests
