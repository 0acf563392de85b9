#include "runner/script/step_writer.hpp"

#include "runner/script/former_files.hpp"

namespace runner::script {

using protocol::gitlab::Step;

namespace {

/// The answer of a shell to a program that is not there.
constexpr int kNoProgram = 127;

void write_check_of_step_runner(ShellWriter& writer) {
    writer.line("if ! command -v step-runner > /dev/null 2>&1; then");
    writer.error(
        "The job has CI steps (run:), and there is no program step-runner here. Use an image that "
        "has it, install it in pre_build_script, or write script: in the place of run:.");
    writer.line("exit " + std::to_string(kNoProgram));
    writer.line("fi");
}

}  // namespace

std::string StepWriter::prepare() const {
    ShellWriter writer;
    if (context_.settings().by_driver) {
        const std::string& host = context_.settings().description;
        writer.line("printf 'Running on %s%s...\\n' \"$(hostname)\" " +
                    shell_quote(host.empty() ? host : " via " + host));
    } else {
        writer.print("Running on " + context_.settings().description + "...");
    }
    writer.line(begin_job_command(context_));
    return context_.finish(writer);
}

std::string StepWriter::step(const Step& step) const {
    const auto& runner = context_.runner();
    ShellWriter writer;
    context_.write_preamble(writer);
    writer.line("cd " + shell_quote(context_.project()));
    if (!runner.pre_build_script.empty()) {
        context_.write_commands(writer, {runner.pre_build_script}, "pre_build_script");
    }
    if (context_.payload().by_step_runner) write_check_of_step_runner(writer);
    context_.write_commands(writer, step.script, "script_step");
    if (!runner.post_build_script.empty()) {
        context_.write_commands(writer, {runner.post_build_script}, "post_build_script");
    }
    return context_.finish(writer);
}

std::string StepWriter::after_script(const Step& step) const {
    ShellWriter writer;
    context_.write_preamble(writer);
    writer.line("cd " + shell_quote(context_.project()));
    writer.notice("Running after script...");
    context_.write_commands(writer, step.script, "after_script_step");
    return context_.finish(writer);
}

}  // namespace runner::script
