#include "executors/helper/files_command.hpp"

#include <unistd.h>

#include "base/json.hpp"
#include "executors/helper/archive_writer.hpp"
#include "executors/helper/cache_files.hpp"
#include "executors/helper/files_request.hpp"
#include "executors/helper/protocol.hpp"
#include "executors/helper/provenance.hpp"
#include "executors/helper/staged_files.hpp"
#include "executors/helper/unpack.hpp"

namespace executors::helper {

namespace {

/// The last part of artifacts:name; "default" when it expanded to nothing.
std::string package_name(const std::string& expanded) {
    const std::string name = base_name(expanded);
    return name.empty() || name == "." || name == ".." ? "default" : name;
}

/// The provenance statement of a package. A file of an earlier job that has its name leaves the
/// selection.
std::vector<ExtraFile> extra_files(const FilesRequest& request, Selection& selection) {
    if (request.statement.empty() || selection.empty()) return {};
    const std::string name = package_name(request.name) + "-metadata.json";
    selection.erase(name);
    return {{name, complete_statement(request.statement, selection, now_us())}};
}

int make_package(const FilesRequest& request) {
    const ArchiveFormat format = parse_archive_format(request.format);
    Selection selection = select_requested(request);
    const auto extras = extra_files(request, selection);
    const UniqueFd output = make_new_file(request.output);
    const std::string name =
        selection.empty() ? "" : archive_file_name(package_name(request.name), format);
    const std::string head = base::dump_json(nlohmann::json{{"name", name}});
    if (!write_all(output.get(), make_frame(head))) fail_errno("write " + request.output);
    if (selection.empty()) {
        print_error("No files to upload");
        return 0;
    }
    try {
        write_archive(format, level_of(request), selection, output.get(), job_log_report(), extras);
    } catch (const Failure&) {
        ::unlink(request.output.c_str());
        throw;
    }
    return 0;
}

int extract(const FilesRequest& request) {
    const UniqueFd file = open_archive_file(request.file);
    if (!file) fail_errno("open " + request.file);
    StagedFiles staged(request.file);
    unpack_archive(file.get(), ".", &staged);
    ::unlink(request.file.c_str());
    staged.remove();
    return 0;
}

int carry_out(const FilesRequest& request) {
    if (request.action == "archive") return make_package(request);
    if (request.action == "extract") return extract(request);
    if (request.action == "cache-save") return save_cache(request);
    if (request.action == "cache-restore") return restore_cache(request);
    if (request.action == "cache-note") return note_sent_cache(request);
    throw Failure("unknown files request: do " + request.action);
}

}  // namespace

int run_files_command(const std::string& request) {
    try {
        return carry_out(parse_files_request(request));
    } catch (const Failure& failure) {
        print_error(failure.what());
        return 1;
    }
}

}  // namespace executors::helper
