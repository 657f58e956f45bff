// The control for the `tsan` preset: with `same`, two threads count under one mutex, which is no
// race; with `other`, each takes a mutex of its own, which is one that must be reported.

#include <absl/synchronization/mutex.h>

#include <string_view>
#include <thread>

int main(int argc, char** argv) {
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
