// Runs a command and says what it cost, as one line of JSON:
//
//   measure COMMAND [ARGUMENT...]
//   {"status": 0, "wall_s": 0.1042, "cpu_s": 0.1985, "peak_rss_kb": 17320}
//
// The command's standard output goes to /dev/null, its messages stay. Peak RSS
// is that of the largest of its processes, not their sum.
//
// Why a program of its own: the kernel counts the memory that a process had
// before it executed another program as that program's, so a script that starts
// what it measures finds at least its own size. This one takes less than any.
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstring>

namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) +
         static_cast<double>(time.tv_usec) * 1e-6;
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count < 2) {
    std::fprintf(stderr, "usage: measure COMMAND [ARGUMENT...]\n");
    return 2;
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null",
                                   O_WRONLY, 0);
  const auto begin = std::chrono::steady_clock::now();
  pid_t child = 0;
  const int error = posix_spawnp(&child, arguments[1], &actions, nullptr,
                                 arguments + 1, environ);
  if (error != 0) {
    std::fprintf(stderr, "measure: %s: %s\n", arguments[1],
                 std::strerror(error));
    return 2;
  }
  int status = 0;
  rusage usage{};
  if (wait4(child, &status, 0, &usage) != child) {
    std::perror("measure: wait4");
    return 2;
  }
  const std::chrono::duration<double> wall =
      std::chrono::steady_clock::now() - begin;
  std::printf(
      "{\"status\": %d, \"wall_s\": %.6f, \"cpu_s\": %.6f, "
      "\"peak_rss_kb\": %ld}\n",
      WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), wall.count(),
      seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss);
  return 0;
}
