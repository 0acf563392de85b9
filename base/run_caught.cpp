#include "base/run_caught.hpp"

#include <exception>
#include <utility>

#include "base/stop_source.hpp"

namespace base {

Task<Result<void>> run_caught(Task<void> work) {
    std::exception_ptr thrown;
    try {
        co_await std::move(work);
    } catch (...) {
        thrown = std::current_exception();
    }
    if (thrown) co_return error_from_exception(thrown);
    co_return Result<void>();
}

}  // namespace base
