#define _GNU_SOURCE
#include "include/perseid_affinity.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int perseid_current_processor(void) {
    return sched_getcpu();
}

// The calls themselves, not glibc's wrappers: those take a cpu_set_t, which ends at 1,024 processors.

int perseid_get_processors(perseid_processors *set) {
    memset(set, 0, sizeof *set);
    return (int)syscall(SYS_sched_getaffinity, 0, sizeof *set, set) < 0 ? -1 : 0;
}

int perseid_set_processors(const perseid_processors *set) {
    return (int)syscall(SYS_sched_setaffinity, 0, sizeof *set, set);
}

int perseid_set_processor(unsigned int processor) {
    const unsigned int width = sizeof(unsigned long) * CHAR_BIT;
    perseid_processors set;
    memset(&set, 0, sizeof set);
    if (processor / width >= PERSEID_PROCESSOR_WORDS) {
        errno = EINVAL;
        return -1;
    }
    set.words[processor / width] = 1ul << (processor % width);
    return perseid_set_processors(&set);
}
