#include "tests/support/fake_executor.hpp"
#include "tests/unit/executors/contract/subject.hpp"

namespace tests {

namespace {

class FakeSubject final : public ContractSubject {
  public:
    std::unique_ptr<executors::Executor> make(PrepareBehaviour behaviour) override {
        script_.info.description = "a fake environment";
        script_.info.helper = "runner-helper";
        script_.results.clear();
        script_.stalled.clear();
        if (behaviour == PrepareBehaviour::kFails) {
            script_.results["prepare"] = {
                base::make_error(base::ErrorKind::kUnavailable, "the script says so")};
        }
        if (behaviour == PrepareBehaviour::kStalls) script_.stalled.insert("prepare");
        return std::make_unique<FakeExecutor>(script_);
    }
    [[nodiscard]] bool has_leftovers() const override { return script_.exists; }

  private:
    FakeExecutorScript script_;
};

}  // namespace

std::unique_ptr<ContractSubject> make_fake_subject(const boost::asio::any_io_executor&,
                                                   const std::filesystem::path&) {
    return std::make_unique<FakeSubject>();
}

}  // namespace tests
