#include "runner/job/cache_restore.hpp"

#include <fmt/format.h>

#include <utility>

#include "runner/job/transfer_meter.hpp"
#include "runner/script/archive_rules.hpp"

namespace runner::job {

using base::ErrorKind;
using base::Result;
using base::Task;
using executors::session::StageExit;
using Copy = script::CacheWriter::Copy;
using FilesExit = CacheSteps::FilesExit;

namespace {

/// Jobs of other users share the directory.
constexpr unsigned kSharedMode = 0666;

}  // namespace

Task<StageResult> CacheRestore::run() {
    const auto& all = context_.payload().cache;
    auto& part = context_.checkpoint().part;
    for (; part < all.size(); ++part) {
        if (!script::names_files(all[part])) continue;
        steps_.begin(part);
        auto restoring = restore(all[part]);
        auto done = co_await std::move(restoring);
        if (!done) co_return done.error();
        context_.checkpoints.save();
    }
    co_return StageExit();
}

Task<Result<void>> CacheRestore::restore(const Cache& cache) {
    const auto plan = steps_.writer().plan(cache);
    if (!plan) co_return plan.error();
    std::vector<std::string> warnings = plan->warnings;
    std::vector<Name> names;
    if (plan->pulls && !plan->name.key.empty())
        names = steps_.writer().names_to_restore(cache, *plan, warnings);
    for (const std::string& warning : warnings) steps_.warn(warning);
    if (plan->name.key.empty()) {
        steps_.warn("Skipping cache extraction due to empty cache key");
    } else if (!plan->pulls) {
        context_.log().notice("Not downloading cache " + plan->name.shown + " due to policy");
    }
    auto restoring = restore_first(std::move(names));
    auto done = co_await std::move(restoring);
    co_return std::move(done);
}

/// Ends at the first name that gives a cache.
Task<Result<void>> CacheRestore::restore_first(std::vector<Name> names) {
    for (std::size_t i = 0; i < names.size(); ++i) {
        const Name& name = names[i];
        bytes_ = 0;
        context_.log().notice("Checking cache for " + name.shown + "...");
        const executors::Waiting waiting(context_.log(), "the cache " + name.shown);
        auto restoring = restore_name(name);
        auto restored = co_await std::move(restoring);
        if (!restored) co_return restored.error();
        if (*restored) {
            context_.log().notice("Successfully extracted cache");
            steps_.tell(CacheTransfer::Action::kRestore, i == 0 ? "hit" : "fallback", bytes_);
            co_return Result<void>();
        }
        steps_.warn("Failed to extract cache");
    }
    if (!names.empty()) steps_.tell(CacheTransfer::Action::kRestore, "miss", 0);
    co_return Result<void>();
}

Task<Result<bool>> CacheRestore::restore_name(const Name& name) {
    steps_.start_clock();
    auto looking = steps_.transfer(steps_.storage()->look(steps_.object_of(name)));
    auto found = co_await std::move(looking);
    if (found) {
        auto restoring = restore_object(name, std::move(*found));
        auto restored = co_await std::move(restoring);
        co_return std::move(restored);
    }
    auto doing_without = restore_without(name, found.error());
    auto restored = co_await std::move(doing_without);
    co_return std::move(restored);
}

Task<Result<bool>> CacheRestore::restore_object(const Name& name, cache::StoredObject found) {
    const std::string etag = found.etag;
    bytes_ = found.bytes.value_or(0);
    auto trying = steps_.run(steps_.writer().restore_copy(name, Copy::kSame, etag));
    auto same = co_await std::move(trying);
    if (!same) co_return same.error();
    if (*same == FilesExit::kDone) {
        context_.log().print("cache.zip is up to date");
        co_return true;
    }
    context_.log().print(fmt::format("Downloading cache from {}  ETag={}",
                                     steps_.address(steps_.object_of(name)), etag));
    auto fetching = fetch(name, std::move(found));
    auto fetched = co_await std::move(fetching);
    if (!fetched) {
        auto doing_without = restore_without(name, fetched.error());
        auto restored = co_await std::move(doing_without);
        co_return std::move(restored);
    }
    auto unpacking = steps_.run(steps_.writer().restore_copy(name, Copy::kFetched, etag));
    auto unpacked = co_await std::move(unpacking);
    if (!unpacked) co_return unpacked.error();
    co_return *unpacked == FilesExit::kDone;
}

Task<Result<void>> CacheRestore::fetch(const Name& name, cache::StoredObject found) {
    auto opening =
        steps_.transfer(steps_.storage()->fetch(steps_.object_of(name), std::move(found)));
    auto body = co_await std::move(opening);
    if (!body) co_return body.error();
    executors::session::FileTarget target;
    target.path = steps_.writer().fetched_file(name);
    target.mode = kSharedMode;
    target.user = steps_.user();
    auto source = metered(std::move(*body), context_.log(), "Downloading cache",
                          context_.behaviour.duration("TRANSFER_METER_FREQUENCY", {}));
    auto putting = steps_.transfer(steps_.session().put_file(std::move(target), std::move(source)));
    auto put = co_await std::move(putting);
    co_return std::move(put);
}

/// The storage has no object, or cannot give it.
Task<Result<bool>> CacheRestore::restore_without(const Name& name, base::Error why) {
    if (steps_.must_end(why)) co_return why;
    const bool missing = why.is(ErrorKind::kNotFound);
    if (!missing) {
        context_.log().warning(why.message +
                               "; the copy of the cache on this host is used, if there is one");
    }
    const Copy copy = missing ? Copy::kUnsent : Copy::kAny;
    auto trying = steps_.run(steps_.writer().restore_copy(name, copy, ""));
    auto restored = co_await std::move(trying);
    if (!restored) co_return restored.error();
    if (missing && *restored == FilesExit::kNothing) context_.log().warning("file does not exist");
    if (missing && *restored == FilesExit::kDone) {
        context_.log().print(
            "This cache is only on this host, it was not uploaded to the object storage.");
    }
    co_return *restored == FilesExit::kDone;
}

}  // namespace runner::job
