#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/task.hpp"
#include "executors/docker/preparation.hpp"
#include "executors/docker/preparation_context.hpp"
#include "executors/docker/warm_pool.hpp"

namespace executors::docker {

/// One job's dealings with the pool.
///
/// Life: that of the executor; try_take() and note_prepared() within one preparation each, ended()
/// when the job's processes have ended. Strand: the I/O thread.
class WarmStart {
  public:
    /// `pool` may be null: then every job starts cold.
    WarmStart(std::shared_ptr<WarmPool> pool, std::shared_ptr<EngineConnection> engine)
        : pool_(std::move(pool)), engine_(std::move(engine)) {}

    /// Begins the preparation, and ends it with an environment that was ready when there is one.
    /// False: run() goes on with it. Failures: those of Preparation::look().
    base::Task<base::Result<bool>> try_take(Preparation& preparation, PreparationContext context);
    /// The environment was prepared, ahead or now.
    void note_prepared(const PreparationContext& context);
    /// The connection that came with the environment; null when it was used, and after a cold
    /// start.
    std::unique_ptr<protocol::http::ByteStream> take_connection() { return std::move(connection_); }
    /// `data`: the volume of the job's engine, "" for none.
    void ended(const std::string& data);
    [[nodiscard]] WarmPool* pool() const { return pool_.get(); }

  private:
    std::shared_ptr<WarmPool> pool_;
    std::shared_ptr<EngineConnection> engine_;
    std::unique_ptr<protocol::http::ByteStream> connection_;
    std::unique_ptr<WarmNeed> need_;  ///< of a job that may learn from the pool
    std::uint64_t job_ = 0;
};

}  // namespace executors::docker
