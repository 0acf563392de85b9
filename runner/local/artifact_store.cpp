#include "runner/local/artifact_store.hpp"

#include <fcntl.h>
#include <libdeflate.h>
#include <unistd.h>

#include <memory>

#include "base/files.hpp"
#include "base/subprocess.hpp"
#include "executors/find_helper.hpp"

namespace runner::local {

using base::ErrorKind;
using protocol::http::BodySource;

namespace {

constexpr std::size_t kChunkBytes = 256 * 1024;

base::Task<base::Result<std::string>> read_chunk(std::shared_ptr<base::UniqueFd> file,
                                                 std::string path) {
    std::string bytes(kChunkBytes, '\0');
    const ssize_t count = ::read(file->get(), bytes.data(), bytes.size());
    if (count < 0) co_return base::errno_error("read " + path);
    bytes.resize(static_cast<std::size_t>(count));
    co_return std::move(bytes);
}

base::Task<base::Result<std::uint64_t>> write_all_of(BodySource body, int file) {
    std::uint64_t total = 0;
    while (true) {
        auto asking = body();
        auto bytes = co_await std::move(asking);
        if (!bytes) co_return bytes.error();
        if (bytes->empty()) co_return total;
        auto written = base::write_fully(file, *bytes);
        if (!written) co_return written.error();
        total += bytes->size();
    }
}

struct FreeDecompressor {
    void operator()(libdeflate_decompressor* value) const { ::libdeflate_free_decompressor(value); }
};

/// Unpacks all members of a gzip file, one after another.
base::Result<std::string> gunzip(const std::string& packed, std::size_t limit) {
    const std::unique_ptr<libdeflate_decompressor, FreeDecompressor> reader(
        ::libdeflate_alloc_decompressor());
    std::string text;
    std::string member(limit + 1, '\0');
    std::size_t at = 0;
    while (at < packed.size()) {
        std::size_t used = 0;
        std::size_t made = 0;
        const auto result =
            ::libdeflate_gzip_decompress_ex(reader.get(), packed.data() + at, packed.size() - at,
                                            member.data(), member.size(), &used, &made);
        if (result == LIBDEFLATE_INSUFFICIENT_SPACE || text.size() + made > limit) {
            return base::make_error(ErrorKind::kInvalidInput, "the report is larger than " +
                                                                  std::to_string(limit) + " bytes");
        }
        if (result != LIBDEFLATE_SUCCESS)
            return base::make_error(ErrorKind::kInvalidInput, "the report is damaged");
        text.append(member, 0, made);
        at += used;
    }
    return text;
}

}  // namespace

base::Task<base::Result<void>> ArtifactStore::keep(std::int64_t job_id, job::ArtifactFile file) {
    const std::string type =
        file.about->artifact_type.empty() ? "archive" : file.about->artifact_type;
    const auto directory = directory_ / std::to_string(job_id);
    auto made = base::make_directories(directory, 0700);
    if (!made) co_return made.error();
    Kept kept;
    kept.name = file.name;
    kept.path = directory / type;
    const base::UniqueFd target(
        ::open(kept.path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!target) co_return base::errno_error("make " + kept.path.string());
    auto body = file.open();
    if (!body) co_return body.error();
    auto writing = write_all_of(std::move(*body), target.get());
    auto bytes = co_await std::move(writing);
    if (!bytes) co_return bytes.error();
    kept.bytes = *bytes;
    kept_[job_id][type] = std::move(kept);
    co_return base::Result<void>();
}

void ArtifactStore::drop(std::int64_t job_id, const std::string& type) {
    const auto job = kept_.find(job_id);
    if (job != kept_.end()) job->second.erase(type);
}

const ArtifactStore::Kept* ArtifactStore::find(std::int64_t job_id, const std::string& type) const {
    const auto job = kept_.find(job_id);
    if (job == kept_.end()) return nullptr;
    const auto kept = job->second.find(type);
    return kept == job->second.end() ? nullptr : &kept->second;
}

base::Result<BodySource> ArtifactStore::open_archive(std::int64_t job_id) const {
    const Kept* kept = find(job_id, "archive");
    if (kept == nullptr) return base::make_error(ErrorKind::kNotFound, "the job has no artifacts");
    auto file = std::make_shared<base::UniqueFd>(::open(kept->path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!*file) return base::errno_error("open " + kept->path.string());
    const std::string path = kept->path.string();
    return BodySource([file, path] { return read_chunk(file, path); });
}

/// runner-helper knows the archive formats. It reads its request from standard input; a
/// base::Subprocess has none, so the shell redirects it from a file.
base::Task<base::Result<std::string>> ArtifactStore::read_member(
    boost::asio::any_io_executor executor, std::int64_t job_id, std::string path) {
    const Kept* kept = find(job_id, "archive");
    if (kept == nullptr)
        co_return base::make_error(ErrorKind::kNotFound, "the job has no artifacts");
    const std::string number = std::to_string(++reads_);
    const auto unpacked = kept->path.parent_path() / ("unpacked-" + number);
    if (auto made = base::make_directories(unpacked, 0700); !made) co_return made.error();
    const auto request = kept->path.parent_path() / ("request-" + number);
    const std::string text = "do cache-restore\nfile " + kept->path.string() + "\n";
    if (auto written = base::write_file_atomic(request, text, 0600); !written)
        co_return written.error();
    base::SubprocessOptions options;
    options.arguments = {
        "sh", "-c", "exec \"$1\" files <\"$2\"", "sh", executors::find_helper(), request.string()};
    options.directory = unpacked.string();
    options.errors_with_output = true;
    auto running = base::run_to_end(std::move(executor), std::move(options));
    auto ended = co_await std::move(running);
    if (!ended) co_return ended.error();
    if (ended->status != 0) {
        co_return base::make_error(ErrorKind::kIo,
                                   "the artifacts cannot be unpacked: " + ended->output);
    }
    const auto file = (unpacked / std::filesystem::path(path).relative_path()).lexically_normal();
    const bool inside = file.string().starts_with(unpacked.string() + "/");
    if (!inside || !std::filesystem::is_regular_file(std::filesystem::symlink_status(file))) {
        co_return base::make_error(ErrorKind::kNotFound,
                                   "there is no " + path + " in the artifacts");
    }
    co_return base::read_file(file);
}

base::Result<std::string> ArtifactStore::read_report(std::int64_t job_id, const std::string& type,
                                                     std::size_t limit) const {
    const Kept* kept = find(job_id, type);
    if (kept == nullptr) return std::string();
    auto packed = base::read_file(kept->path);
    if (!packed) return packed.error();
    return gunzip(*packed, limit);
}

}  // namespace runner::local
