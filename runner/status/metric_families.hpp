#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/labels.h>
#include <prometheus/registry.h>
#include <initializer_list>
#include <string>

#include "runner/status/runner_labels.hpp"

/// Short forms of what metrics.cpp and snapshot_metrics.cpp use of prometheus-cpp.
namespace runner::status {

prometheus::Family<prometheus::Gauge>& gauge(prometheus::Registry& registry,
                                             const std::string& name, const std::string& help);
prometheus::Family<prometheus::Counter>& counter(prometheus::Registry& registry,
                                                 const std::string& name, const std::string& help);
prometheus::Family<prometheus::Histogram>& histogram(prometheus::Registry& registry,
                                                     const std::string& name,
                                                     const std::string& help);

/// runner, runner_name and system_id.
prometheus::Labels labels_of(const RunnerLabels& runner);
prometheus::Labels with(prometheus::Labels labels,
                        std::initializer_list<prometheus::Labels::value_type> more);

}  // namespace runner::status
