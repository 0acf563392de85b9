#include <fmt/format.h>

#include "base/encoding.hpp"
#include "runner/commands/command_list.hpp"
#include "runner/commands/daemon_client.hpp"

namespace runner::commands {

namespace {

std::string target_of(const std::string& job, const Values& values) {
    std::string target = "/jobs/" + job + "/cancel" + runner_query(values.text("runner"));
    if (values.has("reason")) {
        target += target.find('?') == std::string::npos ? '?' : '&';
        target += "reason=" + base::percent_encode(values.text("reason"));
    }
    return target;
}

int cancel(const Values& values) {
    if (values.words().empty()) return fail("which job? `runner jobs` lists their numbers");
    for (const std::string& job : values.words()) {
        if (auto good = check_job_number(job); !good) return fail(good.error());
    }
    auto client = DaemonClient::open(values);
    if (!client) return fail(client.error());
    const std::string more = values.has("runner")
                                 ? " --runner " + base::shell_quote(values.text("runner"))
                                 : std::string();
    int code = 0;
    for (const std::string& job : values.words()) {
        auto answer = (*client)->post(target_of(job, values));
        if (!answer) {
            code = fail(answer.error());
            continue;
        }
        print(fmt::format("job {0} is being stopped; `runner log {0} -f{1}` shows its end\n", job,
                          more));
    }
    return code;
}

}  // namespace

Command cancel_command() {
    auto flags = daemon_flags();
    flags.push_back(text_flag({"reason"}, "TEXT", "a line for the job's log"));
    flags.push_back(runner_of_job_flag());
    return {.name = "cancel",
            .summary = "stop a job",
            .usage = "JOB … [flags]",
            .description =
                "Stops the script of a job as a cancel in GitLab does: after_script, artifacts for "
                "failed jobs and cleanup still have their\n"
                "turn. Only GitLab can make a job \"canceled\": it is reported as failed "
                "(runner_interrupted), and its log names the\n"
                "administrator's cancel and the reason. A job with `retry` may be started again by "
                "GitLab: pause the runner first.",
            .examples =
                "  runner cancel 4711\n"
                "  runner cancel 4711 --reason \"the disk is full\"\n",
            .flags = std::move(flags),
            .run = cancel,
            .takes_words = true};
}

}  // namespace runner::commands
