#include "runner/status/metric_families.hpp"

namespace runner::status {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Labels;
using prometheus::Registry;

Family<Gauge>& gauge(Registry& registry, const std::string& name, const std::string& help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}

Family<Counter>& counter(Registry& registry, const std::string& name, const std::string& help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

Family<Histogram>& histogram(Registry& registry, const std::string& name, const std::string& help) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

Labels labels_of(const RunnerLabels& runner) {
    return {{"runner", runner.short_token},
            {"runner_name", runner.name},
            {"system_id", runner.system_id}};
}

Labels with(Labels labels, std::initializer_list<Labels::value_type> more) {
    labels.insert(more.begin(), more.end());
    return labels;
}

}  // namespace runner::status
