#ifndef PERSEID_SPAWN_H
#define PERSEID_SPAWN_H

/// Starts a program with `root` as its root directory, as leader of a session of its own, with `input`
/// (-1: nothing) as its standard input and with `output` as its standard output and error. A wrapper, because posix_spawn(3) cannot chroot(2) and Swift has no
/// fork(2). Returns the process, or -1 and the errno of whatever failed, execve(2) in the child included.
int perseid_spawn_in(const char *root, const char *path, char *const argv[], char *const envp[], int input,
                     int output);

#endif
