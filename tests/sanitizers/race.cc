// The control for the `tsan` preset: with `same`, two threads count under one mutex, which is no
// race; with `other`, each takes a mutex of its own, which is one that must be reported. With
// `waiting`, one thread waits for a condition which the other's Unlock evaluates for it: no race.

#include <absl/synchronization/mutex.h>

#include <string_view>
#include <thread>

namespace {

// Each lets the other go on, over and over.
int TakeTurns() {
  absl::Mutex mutex;
  bool turn = false;
  const auto play = [&](bool mine) {
    const auto my_turn = [&turn, mine] { return turn == mine; };
    for (int i = 0; i < 1000; ++i) {
      const absl::MutexLock lock(&mutex, absl::Condition(&my_turn));
      turn = !turn;
    }
  };
  std::thread one([&] { play(false); });
  std::thread two([&] { play(true); });
  one.join();
  two.join();
  return turn ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "waiting") return TakeTurns();
  absl::Mutex first;
  absl::Mutex second;
  const bool same = argc > 1 && std::string_view(argv[1]) == "same";
  int count = 0;
  const auto add = [&count](absl::Mutex& mutex) {
    const absl::MutexLock lock(&mutex);
    ++count;
  };
  std::thread one([&] { add(first); });
  std::thread two([&] { add(same ? first : second); });
  one.join();
  two.join();
  return count == 2 ? 0 : 1;
}
