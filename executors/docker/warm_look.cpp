#include "executors/docker/warm_look.hpp"

#include <optional>
#include <utility>
#include <vector>

#include "base/run_together.hpp"

namespace executors::docker {

using base::Result;
using base::Task;

namespace {

Task<Result<void>> ask(WarmLook& look) {
    EngineApi& api = look.engine->api();
    auto inspecting = api.inspect_container(look.container);
    auto state = co_await base::with_deadline<ContainerState>(std::move(inspecting), kWarmAskLimit);
    look.ended = state ? !state->running : state.error().is(base::ErrorKind::kNotFound);
    if (!state || look.ended) co_return Result<void>();
    auto measuring = api.container_memory(look.container);
    auto memory = co_await base::with_deadline<std::int64_t>(std::move(measuring), kWarmAskLimit);
    if (memory) look.memory_bytes = *memory;
    co_return Result<void>();
}

}  // namespace

Task<void> look_at(std::list<WarmLook>& looks, base::StopSource& stop) {
    std::vector<Task<Result<void>>> questions;
    for (WarmLook& look : looks) questions.push_back(ask(look));
    auto asking = base::run_every(std::move(questions));
    auto asked = co_await base::run_stoppable<void>(&stop, std::move(asking), std::nullopt);
    static_cast<void>(asked);  // the answers are in `looks`
}

}  // namespace executors::docker
