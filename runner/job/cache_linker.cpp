#include "runner/job/cache_linker.hpp"

#include <utility>

#include "runner/script/archive_rules.hpp"

namespace runner::job {

using base::Task;

Task<script::CacheLinks> CacheLinker::for_stage(const PlannedStage& stage) {
    script::CacheLinks links;
    if (steps_.storage() == nullptr) co_return links;
    steps_.start_clock();
    if (stage.kind == StageKind::kRestoreCache) {
        auto linking = for_restoring();
        links = co_await std::move(linking);
    } else if (stage.kind == StageKind::kArchiveCache) {
        auto linking = for_saving(stage.on_success);
        links = co_await std::move(linking);
    }
    co_return links;
}

Task<script::CacheLinks> CacheLinker::for_restoring() {
    script::CacheLinks links;
    for (const auto& cache : context_.payload().cache) {
        const auto plan = steps_.writer().plan(cache);
        if (!plan || !plan->pulls || plan->name.key.empty() || !script::names_files(cache))
            continue;
        std::vector<std::string> warnings;  // the script has them
        const auto names = steps_.writer().names_to_restore(cache, *plan, warnings);
        for (const Name& name : names) {
            auto adding = add(cache::LinkPurpose::kRead, name, links);
            const bool added = co_await std::move(adding);
            if (!added) co_return links;
        }
    }
    co_return links;
}

Task<script::CacheLinks> CacheLinker::for_saving(bool success) {
    script::CacheLinks links;
    for (const auto& cache : context_.payload().cache) {
        const auto plan = steps_.writer().plan(cache);
        const bool is_saved = plan && plan->pushes && !plan->name.key.empty() &&
                              script::names_files(cache) &&
                              script::matches_outcome(cache.when, success);
        if (!is_saved) continue;
        auto adding = add(cache::LinkPurpose::kWrite, plan->name, links);
        const bool added = co_await std::move(adding);
        if (!added) co_return links;
    }
    co_return links;
}

Task<bool> CacheLinker::add(cache::LinkPurpose purpose, Name name, script::CacheLinks& links) {
    auto making = steps_.storage()->link(steps_.object_of(name), purpose, name.shown);
    auto transfer = steps_.transfer<cache::ObjectLink>(std::move(making));
    auto link = co_await std::move(transfer);
    if (!link) {
        steps_.warn("The object storage of caches is not used: " + link.error().message);
        co_return false;
    }
    links[name.key] = {std::move(link->url), std::move(link->headers)};
    co_return true;
}

}  // namespace runner::job
