// The demonstration's helper for stores that no server has open.
//
//   plaintext-control plant DIRECTORY   makes a store there with one row: standard input, unsealed.
//                                       What the search for plaintext must find, or it proves
//                                       nothing.
//   plaintext-control row DIRECTORY     prints one message row of a store (of a copy: opening
//   writes):
//                                       tag, table, key and value in hex, one a line.
#include <future>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "crypto/base/bytes.h"
#include "crypto/base/encoding.h"
#include "engine/rocksdb/rocksdb_engine.h"

namespace letterlock {
namespace {

constexpr engine::Table kMessages{4};  // docs/formats.md, "Rows of a mailbox"

int Fail(const absl::Status& status) {
  std::cerr << "plaintext-control: " << status.ToString() << '\n';
  return 1;
}

absl::Status Plant(engine::RocksDbEngine& engine, std::string text) {
  std::string key;
  crypto::AppendU64(&key, 1);
  engine::Batch batch;
  batch.puts.push_back({{kMessages, std::move(key)}, std::move(text)});
  std::promise<absl::Status> written;
  engine.Apply(engine::MailboxTag(), engine::kNoPartition, std::move(batch),
               [&](absl::StatusOr<engine::Generation> generation) {
                 written.set_value(generation.status());
               });
  return written.get_future().get();
}

absl::Status PrintRow(engine::RocksDbEngine& engine) {
  const auto page = engine.maintenance().RowsOf(kMessages, "", 1);
  if (!page.ok()) return page.status();
  if (page->rows.empty()) return absl::NotFoundError("the store holds no message row");
  const engine::SealedRow& row = page->rows.front();
  std::cout << "tag " << crypto::HexEncode(row.tag.bytes()) << "\ntable 4\nkey "
            << crypto::HexEncode(row.row.key.key) << "\nvalue " << crypto::HexEncode(row.row.value)
            << '\n';
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  const std::string_view command = argc == 3 ? argv[1] : "";
  if (command != "plant" && command != "row") {
    std::cerr << "usage: plaintext-control plant|row DIRECTORY\n";
    return 2;
  }
  const auto engine = engine::RocksDbEngine::Open({.directory = argv[2]});
  if (!engine.ok()) return Fail(engine.status());
  absl::Status status;
  if (command == "plant") {
    const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
    status = Plant(**engine, text);
  } else {
    status = PrintRow(**engine);
  }
  return status.ok() ? 0 : Fail(status);
}

}  // namespace
}  // namespace letterlock

int main(int argc, char** argv) { return letterlock::Main(argc, argv); }
