#pragma once

#include <vector>

#include "runner/doctor/figures.hpp"
#include "runner/doctor/finding.hpp"

/// Judges how a place reaches GitLab and the registries. Pure.
namespace runner::doctor {

/// Whether all names resolve. No paths: skipped.
Finding judge_names(Place place, const std::vector<PathFigures>& paths);

/// Whether the peer can be connected to. `through_proxy`: the peer is the proxy.
Finding judge_connection(Place place, const PathFigures& path, bool through_proxy = false);

/// Whether packets of the full size arrive.
Finding judge_packets(Place place, const PathFigures& path);

/// Whether the proxies that the place uses can be connected to.
Finding judge_proxies(Place place, const std::vector<PathFigures>& proxies);

}  // namespace runner::doctor
