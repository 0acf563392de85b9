#include "executors/helper/docker_wrappers.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "executors/helper/containerd_start.hpp"
#include "executors/helper/engine_seed.hpp"
#include "executors/helper/engine_trial.hpp"
#include "executors/helper/front_program.hpp"
#include "executors/helper/hosts_file.hpp"
#include "executors/helper/posix.hpp"
#include "executors/helper/proxies.hpp"
#include "executors/helper/socket_sharing.hpp"

namespace executors::helper {

namespace {

bool is_open_listener(const std::string& address) {
    return address == "tcp://0.0.0.0:2375" || address == "tcp://[::]:2375" ||
           address == "tcp://:2375";
}

bool asks_for_tls(const std::string& argument) {
    return argument == "--tls" || argument == "--tlsverify" || argument == "--tls=true" ||
           argument == "--tlsverify=true";
}

bool starts_any(const std::vector<std::string>& words, const std::string& start) {
    return std::any_of(words.begin(), words.end(),
                       [&](const std::string& word) { return word.rfind(start, 0) == 0; });
}

void bring_builders_image(const std::vector<std::string>& arguments) {
    if (::geteuid() != 0 || !uses_default_data_root(arguments, read_daemon_json())) return;
    const std::string line = plant_engine_seed({}, mount_directory);
    if (!line.empty()) std::fprintf(stderr, "%s\n", line.c_str());
}

}  // namespace

std::vector<std::string> rewrite_dockerd(const std::vector<std::string>& arguments) {
    if (std::any_of(arguments.begin(), arguments.end(), asks_for_tls)) return arguments;
    std::vector<std::string> kept;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& argument = arguments[i];
        const bool takes_next = argument == "--host" || argument == "-H";
        if (takes_next && i + 1 < arguments.size() && is_open_listener(arguments[i + 1])) {
            ++i;
            continue;
        }
        if (argument.rfind("--host=", 0) == 0 && is_open_listener(argument.substr(7))) continue;
        if (argument.rfind("-H=", 0) == 0 && is_open_listener(argument.substr(3))) continue;
        if (argument.rfind("-H", 0) == 0 && is_open_listener(argument.substr(2))) continue;
        kept.push_back(argument);
    }
    return kept;
}

std::vector<std::string> open_dockerd(const std::vector<std::string>& arguments) {
    if (std::any_of(arguments.begin(), arguments.end(), asks_for_tls)) return arguments;
    std::vector<std::string> opened = rewrite_dockerd(arguments);
    // With one address in its arguments, dockerd does not listen at its default socket.
    if (!starts_any(opened, "--host") && !starts_any(opened, "-H")) {
        opened.emplace_back("--host=unix:///var/run/docker.sock");
    }
    opened.emplace_back("--host=tcp://127.0.0.1:2375");
    if (!starts_any(opened, "--tls=")) opened.emplace_back("--tls=false");
    return opened;
}

std::vector<std::string> listen_as_wanted(const std::vector<std::string>& arguments,
                                          const std::string& wanted) {
    if (wanted == "all") return arguments;
    return wanted == "1" ? open_dockerd(arguments) : rewrite_dockerd(arguments);
}

int run_dockerd_wrapper(const std::vector<std::string>& arguments) {
    const std::string real = find_next_in_path("dockerd");
    if (real.empty()) {
        std::fprintf(stderr, "runner-helper: the image has no dockerd in its PATH\n");
        return 127;
    }
    prepare_resolver(real);
    export_proxy_variables();
    const auto words = listen_as_wanted(arguments, environment_or("RUNNER_DIND_TCP", ""));
    bring_builders_image(words);
    if (environment_or("RUNNER_DIND_SHARED", "") == "1") share_sockets(sockets_of(words));
    if (auto kept = take_kept_data()) return run_on_kept_data(real, words, std::move(*kept));
    return become_program(real, with_containerd(words));
}

}  // namespace executors::helper
