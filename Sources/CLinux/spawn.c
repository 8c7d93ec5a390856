#define _GNU_SOURCE
#include "perseid_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

// Between fork and execve only what is async-signal-safe (signal-safety(7)), and chroot, which is a bare system call.
static void start(const char *root, const char *path, char *const argv[], char *const envp[], int input,
                  int output) {
    sigset_t none;
    if (setsid() < 0 || chroot(root) < 0 || chdir("/") < 0) return;
    if (input < 0) input = open("/dev/null", O_RDONLY);
    if (input < 0) return;
    if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0) return;
    if (input > STDERR_FILENO) close(input);
    // Ignored signals would stay so through execve.
    signal(SIGPIPE, SIG_DFL);
    signal(SIGCHLD, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(path, argv, envp);
}

int perseid_spawn_in(const char *root, const char *path, char *const argv[], char *const envp[], int input,
                     int output) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return -1;
    pid_t child = fork();
    if (child == 0) {
        start(root, path, argv, envp, input, output);
        int code = errno;
        while (write(ends[1], &code, sizeof code) < 0 && errno == EINTR) {}
        _exit(127);
    }
    int failure = child < 0 ? errno : 0;
    close(ends[1]);
    if (child > 0) {
        int code = 0;
        ssize_t got;
        // The end of the file is a successful execve: it closed the child's end.
        do got = read(ends[0], &code, sizeof code);
        while (got < 0 && errno == EINTR);
        if (got == (ssize_t)sizeof code) {
            failure = code;
            while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
        }
    }
    close(ends[0]);
    if (failure == 0) return child;
    errno = failure;
    return -1;
}
