#include "runner/script/artifact_writer.hpp"

#include <fmt/format.h>

#include "runner/script/files_request.hpp"
#include "runner/script/provenance.hpp"

namespace runner::script {

std::string ArtifactWriter::package_path(std::size_t index) const {
    return fmt::format("{}/artifacts-{}", context_.tmp(), index);
}

std::string ArtifactWriter::pack(const protocol::gitlab::Artifact& artifact,
                                 std::size_t index) const {
    ShellWriter writer;
    context_.write_preamble(writer);
    if (artifact.untracked) context_.use_git(writer);
    writer.line("cd " + shell_quote(context_.project()));
    writer.notice("Uploading artifacts...");
    FilesRequest request("archive");
    request.add("output", package_path(index))
        .add("format", artifact.artifact_format)
        .add("level", context_.variables().get("ARTIFACT_COMPRESSION_LEVEL"))
        .add_expanded("name", artifact.name.empty() ? "artifacts" : artifact.name)
        .add_selection(artifact);
    for (const std::string& pattern : artifact.exclude) request.add_expanded("exclude", pattern);
    if (has_provenance(context_, artifact)) {
        check_provenance_version(context_, writer);
        request.add("statement", provenance_template(context_));
    }
    writer.line(request.command(context_.settings().helper));
    return context_.finish(writer);
}

std::string ArtifactWriter::dependency_path(std::int64_t job_id) const {
    return fmt::format("{}/dependency-{}", context_.tmp(), job_id);
}

std::string ArtifactWriter::extract_dependency(std::int64_t job_id) const {
    FilesRequest request("extract");
    request.add("file", dependency_path(job_id));
    ShellWriter writer;
    writer.line(enter_directory_command(context_.project()));
    writer.line(request.command(context_.settings().helper));
    return context_.finish(writer);
}

}  // namespace runner::script
