#include <fmt/format.h>

#include <chrono>
#include <cstdio>

#include "base/encoding.hpp"
#include "base/parse.hpp"
#include "runner/commands/command_list.hpp"
#include "runner/commands/daemon_client.hpp"
#include "runner/commands/log_reader.hpp"

namespace runner::commands {

namespace {

using Clock = std::chrono::steady_clock;

/// How long `-f` waits for a daemon that is being restarted.
constexpr std::chrono::seconds kRestartLimit{60};
constexpr std::chrono::milliseconds kRetryPause{300};

/// One connection: prints what comes, until the stream or the job ends.
base::Result<void> print_stream(DaemonClient& client, const std::string& job, LogReader& reader,
                                bool follow) {
    reader.restart();
    const std::string target = fmt::format("/jobs/{}/log?from={}{}", base::percent_encode(job),
                                           reader.offset(), follow ? "" : "&follow=false");
    return client.follow(target, [&](std::string_view bytes) -> base::Result<bool> {
        auto text = reader.feed(bytes);
        if (!text) return text.error();
        std::fwrite(text->data(), 1, text->size(), stdout);
        const bool written = std::fflush(stdout) == 0;
        return written && !reader.end();
    });
}

/// Follows the log over restarts of the daemon, in which jobs go on.
int follow_log(DaemonClient& client, const std::string& job, LogReader& reader) {
    auto last_byte = Clock::now();
    bool began = false;
    while (true) {
        const auto before = reader.offset();
        auto read = print_stream(client, job, reader, true);
        if (reader.end()) return reader.end()->success ? 0 : 1;
        if (!read && read.error().is(base::ErrorKind::kCancelled)) return kInterrupted;
        if (std::ferror(stdout) != 0) return 1;
        began = began || read || reader.offset() > 0;
        const bool gone = read || read.error().is(base::ErrorKind::kUnavailable);
        if (!gone || !began) return fail(read.error());
        if (read || reader.offset() != before) last_byte = Clock::now();
        if (Clock::now() - last_byte > kRestartLimit) return fail(read.error());
        if (!client.pause(kRetryPause)) return kInterrupted;
    }
}

int log(const Values& values) {
    if (values.words().size() != 1) return fail("of which job? `runner jobs` lists their numbers");
    const std::string from = values.has("from") ? values.text("from") : "0";
    const auto offset = base::parse_number<std::uint64_t>(from);
    if (!offset) return fail("--from is a number of bytes");
    auto client = DaemonClient::open(values);
    if (!client) return fail(client.error());
    const std::string& job = values.words().front();
    LogReader reader(*offset);
    if (values.flag("follow")) return follow_log(**client, job, reader);
    auto read = print_stream(**client, job, reader, false);
    if (read) return 0;
    return read.error().is(base::ErrorKind::kCancelled) ? kInterrupted : fail(read.error());
}

}  // namespace

Command log_command() {
    auto flags = daemon_flags();
    flags.push_back(bool_flag({"follow", "f"}, "go on until the job ends"));
    flags.push_back(text_flag({"from"}, "BYTE", "leave out what is before this byte"));
    return {
        .name = "log",
        .summary = "what a job prints",
        .usage = "JOB [flags]",
        .description =
            "Prints the log of a job that runs here, as GitLab gets it: with its masks. With -f "
            "it goes on until the job ends, also\n"
            "over a restart of the daemon, and the exit code is 0 only for a job that succeeded.",
        .examples =
            "  runner log 4711\n"
            "  runner log 4711 -f\n",
        .flags = std::move(flags),
        .run = log,
        .takes_words = true};
}

}  // namespace runner::commands
