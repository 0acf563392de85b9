#include "executors/helper/buildx_arguments.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace executors::helper {

namespace {

using Words = std::vector<std::string>;

constexpr std::array<std::string_view, 9> kValueOptions{"--builder",         "--buildkitd-config",
                                                        "--buildkitd-flags", "--config",
                                                        "--driver",          "--name",
                                                        "--driver-opt",      "--node",
                                                        "--platform"};

bool takes_value(std::string_view option) {
    return std::find(kValueOptions.begin(), kValueOptions.end(), option) != kValueOptions.end();
}

/// One word of a command line, with the value that belongs to it.
struct Word {
    std::string option;  ///< "" for a word that is no option
    std::string value;
    std::size_t next = 0;
};

Word word_at(const Words& words, std::size_t at) {
    const std::string& text = words[at];
    if (text.size() < 2 || text[0] != '-') return {"", text, at + 1};
    const auto equals = text.find('=');
    if (equals != std::string::npos) {
        return {text.substr(0, equals), text.substr(equals + 1), at + 1};
    }
    if (!takes_value(text) || at + 1 == words.size()) return {text, "", at + 1};
    return {text, words[at + 1], at + 2};
}

/// The docker client puts its own options in front of "buildx".
std::size_t behind_buildx(const Words& arguments) {
    const auto begin = std::find(arguments.begin(), arguments.end(), "buildx");
    return begin == arguments.end() ? 1 : static_cast<std::size_t>(begin - arguments.begin()) + 1;
}

void note(BuildxCreate& create, const Word& word) {
    if (word.option.empty()) create.endpoint = true;
    if (word.option == "--append") create.append = word.value != "false";
    if (word.option == "--name") create.name = word.value;
    if (word.option == "--node") create.node = word.value;
    if (word.option == "--driver") create.driver = word.value;
    if (word.option == "--driver-opt") create.driver_options.push_back(word.value);
}

/// An option may be one of several in an element, as CSV.
bool names_option(const BuildxCreate& create, const std::string& name) {
    const auto has = [&](const std::string& element) {
        const std::string text = "," + element;
        return text.find("," + name + "=") != std::string::npos ||
               text.find(",\"" + name + "=") != std::string::npos;
    };
    return std::any_of(create.driver_options.begin(), create.driver_options.end(), has);
}

bool runs_in_container(const BuildxCreate& create) {
    return create.driver.empty() || create.driver == "docker-container";
}

}  // namespace

std::optional<BuildxCreate> parse_buildx_create(const Words& arguments) {
    std::size_t at = behind_buildx(arguments);
    bool found = false;
    while (at < arguments.size() && !found) {
        const Word word = word_at(arguments, at);
        at = word.next;
        if (!word.option.empty()) continue;
        if (word.value != "create") return std::nullopt;
        found = true;
    }
    if (!found) return std::nullopt;
    BuildxCreate create;
    create.first = at;
    while (at < arguments.size()) {
        const Word word = word_at(arguments, at);
        note(create, word);
        at = word.next;
    }
    return create;
}

std::string named_builder(const Words& arguments) {
    std::string name;
    std::string command;
    for (std::size_t at = behind_buildx(arguments); at < arguments.size();) {
        const Word word = word_at(arguments, at);
        at = word.next;
        if (word.option == "--builder") name = word.value;
        if (!word.option.empty()) continue;
        if (command == "inspect" && name.empty()) name = word.value;
        if (command.empty()) command = word.value;
    }
    return name;
}

Words rewrite_buildx(const Words& arguments, const BuilderDefaults& defaults) {
    const auto create = parse_buildx_create(arguments);
    if (!create) return arguments;
    Words more;
    if (create->append && create->name.empty()) {
        more.insert(more.end(), {"--name", defaults.name});
        if (create->node.empty()) more.insert(more.end(), {"--node", defaults.name + "0"});
        if (!defaults.image.empty() && !names_option(*create, "image")) {
            more.insert(more.end(), {"--driver-opt", "image=" + defaults.image});
        }
    }
    if (defaults.host_network && runs_in_container(*create) && !create->endpoint &&
        !names_option(*create, "network")) {
        more.insert(more.end(), {"--driver-opt", "network=host"});
    }
    Words out = arguments;
    out.insert(out.begin() + static_cast<std::ptrdiff_t>(create->first), more.begin(), more.end());
    return out;
}

}  // namespace executors::helper
