#include "executors/helper/git_front.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string_view>
#include <utility>

#include "executors/helper/front_program.hpp"

namespace executors::helper {

namespace {

std::string in_home(const std::string& name) { return kGitHome + name; }

void remove_loader_variables() {
    std::vector<std::string> names;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        if (text.starts_with("LD_")) names.emplace_back(text.substr(0, text.find('=')));
    }
    for (const auto& name : names) ::unsetenv(name.c_str());
}

}  // namespace

std::vector<std::pair<std::string, std::string>> git_variables(
    const std::function<bool(const std::string&)>& is_set,
    const std::function<bool(const std::string&)>& exists) {
    std::vector<std::pair<std::string, std::string>> variables{{"GIT_EXEC_PATH", in_home("/core")}};
    if (!is_set("GIT_TEMPLATE_DIR")) {
        variables.emplace_back("GIT_TEMPLATE_DIR", in_home("/templates"));
    }
    if (is_set("GIT_CONFIG_SYSTEM")) return variables;
    std::string settings = "/etc/gitconfig-own";
    if (exists("/etc/pki/tls/certs/ca-bundle.crt")) settings = "/etc/gitconfig-pki";
    if (exists("/etc/ssl/certs/ca-certificates.crt")) settings = "/etc/gitconfig";
    variables.emplace_back("GIT_CONFIG_SYSTEM", in_home(settings));
    return variables;
}

int run_git_front(std::vector<std::string> arguments) {
    const auto is_set = [](const std::string& name) {
        return std::getenv(name.c_str()) != nullptr;
    };
    const auto exists = [](const std::string& path) { return ::access(path.c_str(), R_OK) == 0; };
    for (const auto& [name, value] : git_variables(is_set, exists)) {
        ::setenv(name.c_str(), value.c_str(), 1);
    }
    remove_loader_variables();
    return become_program(in_home("/core/git"), std::move(arguments));
}

}  // namespace executors::helper
