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
      "\n\nBoth checkpoints are signed by the log (C2SP signed note). Of one size with two roots, "
      "they prove two\n"
      "histories. Otherwise they are what was shown: the log's operator can clear itself with a "
      "consistency proof\n"
      "from the smaller to the larger, and by nothing else.\n\n=== remembered\n" +
      remembered.checkpoint + "\n=== shown later\n" + offered.checkpoint;
  const crypto::Digest digest = crypto::Sha256(text);
  const std::string name = crypto::HexEncode(crypto::ToString(digest).substr(0, 8)) + ".txt";
  return config::WriteFileDurably(directory + "/" + name, text, config::FileMode::kSecret);
}

}  // namespace letterlock::client
