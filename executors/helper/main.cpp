#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "executors/helper/arguments.hpp"
#include "executors/helper/await_port.hpp"
#include "executors/helper/buildx_wrapper.hpp"
#include "executors/helper/connect.hpp"
#include "executors/helper/data_enter.hpp"
#include "executors/helper/data_tidy.hpp"
#include "executors/helper/docker_front.hpp"
#include "executors/helper/docker_wrappers.hpp"
#include "executors/helper/files_command.hpp"
#include "executors/helper/git_front.hpp"
#include "executors/helper/git_mirror.hpp"
#include "executors/helper/hold.hpp"
#include "executors/helper/platforms.hpp"
#include "executors/helper/posix.hpp"
#include "executors/helper/preload.hpp"
#include "executors/helper/probe.hpp"
#include "executors/helper/reap.hpp"
#include "executors/helper/sources_command.hpp"
#include "executors/helper/supervise.hpp"
#include "executors/helper/untag_images.hpp"

namespace {

using executors::helper::Arguments;
using executors::helper::Failure;

constexpr char kUsage[] =
    "usage: runner-helper supervise --dir DIR [--detach] [--cgroup NAME]\n"
    "       runner-helper connect --dir DIR [--spawn] [--held] [--wait-ms N] [--user USER] "
    "[--hand-over DIR]...\n"
    "       runner-helper hold --dir DIR -- PROGRAM ...   (hold.hpp)\n"
    "       runner-helper reap --dir DIR [--limit-ms N]\n"
    "       runner-helper load --image NAME --id ID [--content TEXT] --mark MARK   (the image's "
    "archive on standard input)\n"
    "       runner-helper files   (a request on standard input; files_command.hpp)\n"
    "       runner-helper sources ACTION --project DIR ...   (sources_command.hpp)\n"
    "       runner-helper boot-builder --config FILE | note-builder | await-builder\n"
    "       runner-helper enter-data --root DIR [--new] [--keep-volume NAME] [--revalidate] "
    "[--own-image NAME]... -- COMMAND...\n"
    "       runner-helper untag-images\n"
    "       runner-helper tidy-data --root DIR [--builder CONTAINER] [--least|--interrupted]\n"
    "       runner-helper platforms [--register]\n"
    "       runner-helper await-port --address ADDRESS [--limit-ms N] PORT...\n"
    "       runner-helper mirror ACTION ...   (git_mirror.hpp)\n"
    "       runner-helper probe NAME --place PLACE ...   (probe.hpp)\n"
    "The part of runner that works inside a job's environment. Under the names docker, dockerd,\n"
    "docker-buildx and git it runs instead of these programs in a job's container, and starts "
    "them.\n";

int run_supervise(Arguments arguments) {
    executors::helper::SuperviseOptions options;
    options.directory = arguments.take_directory();
    options.detach = arguments.take_flag("--detach");
    options.cgroup = arguments.take_value("--cgroup");
    arguments.expect_none();
    return executors::helper::supervise(options);
}

int run_connect(Arguments arguments) {
    executors::helper::ConnectOptions options;
    options.directory = arguments.take_directory();
    options.spawn = arguments.take_flag("--spawn");
    options.held = arguments.take_flag("--held");
    const std::string wait = arguments.take_value("--wait-ms");
    options.wait_ms = std::strtoll(wait.c_str(), nullptr, 10);
    options.user = arguments.take_value("--user");
    for (std::string path; !(path = arguments.take_value("--hand-over")).empty();)
        options.hand_over.push_back(path);
    arguments.expect_none();
    return executors::helper::connect_and_copy(options);
}

int run_hold(Arguments arguments) {
    executors::helper::HoldOptions options;
    options.command = arguments.take_command();
    options.directory = arguments.take_directory();
    arguments.expect_none();
    return executors::helper::hold(options);
}

int run_reap(Arguments arguments) {
    const std::string directory = arguments.take_directory();
    const std::string limit = arguments.take_value("--limit-ms");
    arguments.expect_none();
    return executors::helper::reap(
        directory, limit.empty() ? 10'000 : std::strtoll(limit.c_str(), nullptr, 10));
}

int run_files(const Arguments& arguments) {
    arguments.expect_none();
    return executors::helper::run_files_command(executors::helper::read_all(STDIN_FILENO));
}

int run_sources(const std::vector<std::string>& words) {
    if (words.empty()) throw Failure("sources needs an action");
    Arguments arguments({words.begin() + 1, words.end()});
    executors::helper::SourcesOptions options;
    options.project = arguments.take_value("--project");
    options.tmp = arguments.take_value("--tmp");
    options.builds = arguments.take_value("--builds");
    options.seed = arguments.take_value("--seed");
    options.clone = arguments.take_value("--clone");
    options.rules.keep_config = arguments.take_flag("--keep-config");
    options.rules.sha256 = arguments.take_flag("--sha256");
    arguments.expect_none();
    return executors::helper::run_sources_command(words.front(), options);
}

int run_load(Arguments arguments) {
    executors::helper::LoadOptions options;
    options.image = arguments.take_value("--image");
    options.id = arguments.take_value("--id");
    options.content = arguments.take_value("--content");
    options.mark = arguments.take_value("--mark");
    arguments.expect_none();
    if (options.image.empty() || options.mark.empty())
        throw Failure("--image and --mark are needed");
    return executors::helper::load_image(options);
}

int run_platforms(Arguments arguments) {
    const bool install = arguments.take_flag("--register");
    arguments.expect_none();
    return executors::helper::print_platforms(install);
}

int run_await_port(Arguments arguments) {
    executors::helper::AwaitPortOptions options;
    options.address = arguments.take_value("--address");
    const std::string limit = arguments.take_value("--limit-ms");
    if (!limit.empty()) options.limit_ms = std::strtoll(limit.c_str(), nullptr, 10);
    for (const std::string& word : arguments.take_all()) {
        const auto port = std::strtoul(word.c_str(), nullptr, 10);
        if (port < 1 || port > 65535) throw Failure("'" + word + "' is not a port");
        options.ports.push_back(static_cast<unsigned>(port));
    }
    if (options.address.empty() || options.ports.empty())
        throw Failure("--address and a port are needed");
    return executors::helper::await_port(options);
}

int run_enter_data(Arguments arguments) {
    executors::helper::DataEnterOptions options;
    options.command = arguments.take_command();
    options.root = arguments.take_value("--root");
    options.kept_volume = arguments.take_value("--keep-volume");
    options.is_new = arguments.take_flag("--new");
    options.revalidate = arguments.take_flag("--revalidate");
    for (std::string name; !(name = arguments.take_value("--own-image")).empty();)
        options.own_images.push_back(name);
    arguments.expect_none();
    return executors::helper::enter_data(options);
}

int run_tidy_data(Arguments arguments) {
    executors::helper::DataTidyOptions options;
    options.root = arguments.take_value("--root");
    options.builder = arguments.take_value("--builder");
    options.least = arguments.take_flag("--least");
    options.interrupted = arguments.take_flag("--interrupted");
    arguments.expect_none();
    return executors::helper::tidy_data(options);
}

int run_boot_builder(Arguments arguments) {
    const std::string config = arguments.take_value("--config");
    arguments.expect_none();
    if (config.empty()) throw Failure("--config is missing");
    return executors::helper::boot_prepared_builder(config);
}

int run(const std::vector<std::string>& words) {
    const std::string name = executors::helper::base_name(words.empty() ? "" : words[0]);
    if (name == "dockerd") return executors::helper::run_dockerd_wrapper(words);
    if (name == "docker") return executors::helper::run_docker_front(words);
    if (name == "git") return executors::helper::run_git_front(words);
    if (name == "docker-buildx") return executors::helper::run_buildx_wrapper(words);
    const std::string command = words.size() > 1 ? words[1] : "";
    const std::vector<std::string> rest(words.begin() + (words.size() > 1 ? 2 : 1), words.end());
    if (command == "supervise") return run_supervise(Arguments(rest));
    if (command == "connect") return run_connect(Arguments(rest));
    if (command == "hold") return run_hold(Arguments(rest));
    if (command == "reap") return run_reap(Arguments(rest));
    if (command == "files") return run_files(Arguments(rest));
    if (command == "sources") return run_sources(rest);
    if (command == "load") return run_load(Arguments(rest));
    if (command == "enter-data") return run_enter_data(Arguments(rest));
    if (command == "tidy-data") return run_tidy_data(Arguments(rest));
    if (command == "untag-images") return executors::helper::untag_images({});
    if (command == "platforms") return run_platforms(Arguments(rest));
    if (command == "await-port") return run_await_port(Arguments(rest));
    if (command == "mirror") return executors::helper::run_mirror_command(rest);
    if (command == "probe") return executors::helper::run_probe(rest);
    if (command == "boot-builder") return run_boot_builder(Arguments(rest));
    if (command == "note-builder") return executors::helper::note_prepared_builder();
    if (command == "await-builder") return executors::helper::await_builder();
    const bool asked = command == "help" || command == "--help";
    std::fputs(kUsage, asked ? stdout : stderr);
    return asked ? 0 : 2;
}

}  // namespace

int main(int count, char** arguments) {
    try {
        return run(std::vector<std::string>(arguments, arguments + count));
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "runner-helper: %s\n", failure.what());
        return 1;
    }
}
