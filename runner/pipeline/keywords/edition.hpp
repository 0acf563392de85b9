#pragma once

namespace runner::pipeline {

/// The edition of GitLab that the configuration is for. The Community Edition reports the keywords
/// of the paid tiers as unknown. The Enterprise Edition, which also runs GitLab.com, accepts them.
enum class Edition { kCommunity, kEnterprise };

}  // namespace runner::pipeline
