#include "runner/script/remote_artifact_writer.hpp"

#include <fmt/format.h>

#include "runner/script/archive_rules.hpp"
#include "runner/script/runner_program.hpp"

namespace runner::script {

namespace {

/// The variable from which the program takes the token.
constexpr std::string_view kToken = "CI_JOB_TOKEN";

}  // namespace

std::string RemoteArtifactWriter::download() const {
    ShellWriter writer;
    context_.write_preamble(writer);
    writer.line(enter_directory_command(context_.project()));
    begin_runner_program(writer, "Artifacts downloading");
    for (const auto& dependency : context_.payload().dependencies) {
        if (dependency.artifact_filename.empty()) continue;
        writer.notice(
            fmt::format("Downloading artifacts for {} ({})...", dependency.name, dependency.id));
        RunnerCall call("artifacts-downloader");
        call.variable(kToken, dependency.token.reveal())
            .flag("url", context_.runner().url)
            .flag("id", std::to_string(dependency.id));
        writer.line(call.text());
    }
    end_runner_program(writer);
    return context_.finish(writer);
}

std::string RemoteArtifactWriter::upload(bool success) const {
    ShellWriter writer;
    context_.write_preamble(writer);
    writer.line("cd " + shell_quote(context_.project()));
    begin_runner_program(writer, "Uploading artifacts");
    writer.line("_runner_failed=0");
    for (const auto& artifact : context_.payload().artifacts) {
        if (!names_files(artifact) || !matches_outcome(artifact.when, success)) continue;
        writer.notice("Uploading artifacts...");
        // After a failure the other archives are still sent.
        writer.line(upload_command(artifact) + " || _runner_failed=$?");
    }
    writer.line("if [ $_runner_failed -ne 0 ]; then exit $_runner_failed; fi");
    end_runner_program(writer);
    return context_.finish(writer);
}

std::string RemoteArtifactWriter::upload_command(const protocol::gitlab::Artifact& artifact) const {
    RunnerCall call("artifacts-uploader");
    call.variable(kToken, context_.payload().token.reveal())
        .flag("url", context_.runner().url)
        .flag("id", std::to_string(context_.payload().id))
        .selection(artifact);
    for (const std::string& pattern : artifact.exclude) call.expanded("exclude", pattern);
    if (!artifact.name.empty()) call.expanded("name", artifact.name);
    if (!artifact.expire_in.empty()) call.flag("expire-in", artifact.expire_in);
    if (!artifact.artifact_format.empty()) call.flag("artifact-format", artifact.artifact_format);
    if (!artifact.artifact_type.empty()) call.flag("artifact-type", artifact.artifact_type);
    return call.text();
}

}  // namespace runner::script
