#include "evidence.h"

#include "crypto/base/encoding.h"
#include "crypto/base/hash.h"
#include "server/config/files.h"

namespace letterlock::client {

absl::Status KeepEvidence(const std::string& directory, const RememberedLog& remembered,
                          const RememberedLog& offered, const std::string& finding) {
  const absl::Status made = config::MakePrivateDirectory(directory);
  if (!made.ok()) return made;
  const std::string text =
      finding +
      "\n\nBoth checkpoints are signed by the log (C2SP signed note). If no consistency proof "
      "leads "
      "from one to\nthe other, the log's operator has shown two histories.\n\n=== remembered\n" +
      remembered.checkpoint + "\n=== shown later\n" + offered.checkpoint;
  const crypto::Digest digest = crypto::Sha256(text);
  const std::string name = crypto::HexEncode(crypto::ToString(digest).substr(0, 8)) + ".txt";
  return config::WriteFileDurably(directory + "/" + name, text, config::FileMode::kSecret);
}

}  // namespace letterlock::client
