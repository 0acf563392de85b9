#pragma once

#include <string>
#include <vector>

#include "executors/docker/engine_usage.hpp"

namespace executors::docker {

/// Keeps which images were pulled, as "id is name".
class RecordedUses final : public UsageLog {
  public:
    void volume_used(const std::string&, const std::string&) override {}
    void image_used(const std::string&, const std::string&) override {}
    void image_pulled(const std::string&, const std::string& id, const std::string& name) override {
        pulled.push_back(id + " is " + name);
    }
    std::vector<std::string> pulled;
};

}  // namespace executors::docker
