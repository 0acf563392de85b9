#include "runner/job/cache_archive.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/parse.hpp"
#include "runner/job/file_body.hpp"
#include "runner/job/transfer_meter.hpp"
#include "runner/script/archive_rules.hpp"

namespace runner::job {

using base::Result;
using base::Task;
using executors::session::StageExit;
using FilesExit = CacheSteps::FilesExit;

Task<StageResult> CacheArchive::run(const PlannedStage& stage) {
    const auto& all = context_.payload().cache;
    auto& part = context_.checkpoint().part;
    for (; part < all.size(); ++part) {
        const Cache& cache = all[part];
        if (!script::names_files(cache) || !script::matches_outcome(cache.when, stage.on_success))
            continue;
        steps_.begin(part);
        auto archiving = archive(cache);
        auto done = co_await std::move(archiving);
        if (!done) co_return done.error();
        context_.checkpoints.save();
    }
    co_return StageExit();
}

Task<Result<void>> CacheArchive::archive(const Cache& cache) {
    const auto plan = steps_.writer().plan(cache);
    if (!plan) co_return plan.error();
    if (plan->name.key.empty()) {
        steps_.warn("Skipping cache archiving due to empty cache key");
        co_return Result<void>();
    }
    if (!plan->pushes) {
        context_.log().notice("Not uploading cache " + plan->name.shown + " due to policy");
        co_return Result<void>();
    }
    context_.log().notice("Creating cache " + plan->name.shown + "...");
    const executors::Waiting waiting(context_.log(), "the cache " + plan->name.shown);
    auto saving = save(cache, plan->name);
    auto saved = co_await std::move(saving);
    if (!saved) co_return saved.error();
    if (*saved) {
        context_.log().notice("Created cache");
    } else {
        steps_.warn("Failed to create cache");
    }
    co_return Result<void>();
}

Task<Result<bool>> CacheArchive::save(const Cache& cache, const Name& name) {
    auto packing = steps_.run(steps_.writer().save(cache, name));
    auto packed = co_await std::move(packing);
    if (!packed) co_return packed.error();
    steps_.start_clock();
    switch (*packed) {
        case FilesExit::kFailed: tell("failed"); co_return false;
        case FilesExit::kNothing: tell("empty"); co_return true;
        case FilesExit::kUnchanged: {
            tell("unchanged");
            auto asking = send_if_missing(name);
            auto there = co_await std::move(asking);
            co_return std::move(there);
        }
        case FilesExit::kDone: break;
    }
    bytes_ = 0;
    auto sending = send(name);
    auto sent = co_await std::move(sending);
    tell("saved", bytes_);
    co_return std::move(sent);
}

void CacheArchive::tell(std::string_view result, std::uint64_t bytes) {
    steps_.tell(CacheTransfer::Action::kSave, result, bytes);
}

/// The archive is as it was when the storage had it; the object may have been removed since.
Task<Result<bool>> CacheArchive::send_if_missing(const Name& name) {
    auto looking = steps_.transfer(steps_.storage()->look(steps_.object_of(name)));
    auto found = co_await std::move(looking);
    if (found) co_return true;
    if (!found.error().is(base::ErrorKind::kNotFound)) co_return failed(found.error());
    auto sending = send(name);
    auto sent = co_await std::move(sending);
    co_return std::move(sent);
}

Task<Result<bool>> CacheArchive::send(const Name& name) {
    auto measuring = size_of(name);
    auto bytes = co_await std::move(measuring);
    if (!bytes) co_return failed(bytes.error());
    bytes_ = *bytes;
    const std::int64_t limit = limit_bytes();
    if (limit > 0 && *bytes > static_cast<std::uint64_t>(limit)) {
        context_.log().print(
            fmt::format("Cache archive size ({}) is too big (Limit is set to {}). Cache will be "
                        "stored only locally.",
                        *bytes, limit));
        co_return true;
    }
    auto sending = send_archive(name, *bytes);
    auto sent = co_await std::move(sending);
    co_return std::move(sent);
}

Task<Result<std::uint64_t>> CacheArchive::size_of(const Name& name) {
    auto opening =
        steps_.transfer(steps_.session().open_file(steps_.writer().file(name), steps_.user(), 0));
    auto file = co_await std::move(opening);
    if (!file) co_return file.error();
    co_return (*file)->size();
}

Task<Result<bool>> CacheArchive::send_archive(const Name& name, std::uint64_t bytes) {
    const std::string object = steps_.object_of(name);
    context_.log().print("Uploading cache.zip to " + steps_.address(object));
    cache::Archive archive;
    archive.bytes = bytes;
    archive.key = name.shown;
    auto* const session = &steps_.session();
    const std::string path = steps_.writer().file(name);
    const std::string user = steps_.user();
    // One for all parts of the archive.
    const auto meter = make_meter(context_.log(), "Uploading cache",
                                  context_.behaviour.duration("TRANSFER_METER_FREQUENCY", {}));
    archive.open = [session, path, user, meter](std::uint64_t offset, std::uint64_t count) {
        return counted(file_body(*session, path, user, offset, count), meter);
    };
    auto storing = steps_.transfer(steps_.storage()->store(object, std::move(archive)));
    auto stored = co_await std::move(storing);
    if (meter) meter->finish();
    if (!stored) co_return failed(stored.error());
    auto noting = steps_.run(steps_.writer().note_sent(name, stored->etag));
    auto noted = co_await std::move(noting);
    if (!noted) co_return noted.error();
    co_return true;
}

Result<bool> CacheArchive::failed(const base::Error& error) {
    if (steps_.must_end(error)) return error;
    context_.log().warning(error.message +
                           "; the cache is not in the object storage, but only on this host");
    return false;
}

/// The configuration's limit, or where it has none, the job's.
std::int64_t CacheArchive::limit_bytes() {
    const std::int64_t limit = context_.runner().cache.max_uploaded_archive_size;
    const std::string asked = context_.variables.get("CACHE_MAX_UPLOADED_ARCHIVE_SIZE");
    if (limit > 0 || asked.empty()) return limit;
    const auto bytes = base::parse_number<std::int64_t>(asked);
    if (!bytes) {
        context_.log().warning("CACHE_MAX_UPLOADED_ARCHIVE_SIZE \"" + asked +
                               "\" is no number of bytes, there is no limit");
    }
    return bytes.value_or(0);
}

}  // namespace runner::job
