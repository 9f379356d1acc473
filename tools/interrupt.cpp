#include "interrupt.hpp"

#include <csignal>

namespace headroom::tools {
namespace {

// What a signal handler may touch: lock-free atomics with static storage.
std::atomic<bool> g_interrupted{false};
std::atomic<int> g_signal{0};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

extern "C" void note_signal(int signal) {
  g_signal = signal;
  g_interrupted = true;
}

}  // namespace

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = note_signal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

const std::atomic<bool>& interrupted() { return g_interrupted; }

int interrupt_exit_code() { return g_signal == 0 ? 0 : 128 + g_signal; }

}  // namespace headroom::tools
