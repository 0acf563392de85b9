#include "runner/job/package_body.hpp"

#include "base/json.hpp"

namespace runner::job {

base::Task<base::Result<std::string>> PackageBody::open() {
    auto opening = session_.open_file(path_, user_, 0);
    auto file = co_await std::move(opening);
    if (!file) co_return file.error();
    file_ = std::move(*file);
    auto head = co_await file_->next_frame();
    if (!head) co_return head.error();
    const auto json = base::parse_foreign_json(*head);
    if (!json.is_object()) {
        co_return base::make_error(base::ErrorKind::kProtocol, "a package has no head: " + path_);
    }
    co_return json.value("name", std::string());
}

base::Task<base::Result<std::string>> PackageBody::next() {
    if (!file_) {
        auto opened = co_await open();
        if (!opened) co_return opened.error();
    }
    auto bytes = co_await file_->next();
    co_return std::move(bytes);
}

protocol::http::BodySource body_of(std::shared_ptr<PackageBody> package) {
    return [package = std::move(package)] { return package->next(); };
}

}  // namespace runner::job
