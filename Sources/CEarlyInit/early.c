#include "CEarlyInit.h"

#include <errno.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static int mounted_proc = 0;

/// Priority 101 is the first that programs may use (0-100 are the C library's), so this runs before the
/// Swift runtime's constructors, which have none.
__attribute__((constructor(101))) static void mount_proc_for_pid_1(void) {
    if (getpid() != 1) return;
    int before = errno;
    mkdir("/proc", 0555);
    mounted_proc = mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "") == 0;
    errno = before;
}

int perseid_early_init_mounted_proc(void) { return mounted_proc; }
