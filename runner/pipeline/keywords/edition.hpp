#pragma once

namespace runner::pipeline {

/// Community refuses the keywords of the paid tiers as unknown; Enterprise, which also runs
/// GitLab.com, reads them.
enum class Edition { kCommunity, kEnterprise };

}  // namespace runner::pipeline
