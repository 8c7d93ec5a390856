#define _GNU_SOURCE
#include "include/perseid_page_cache.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

int perseid_is_resident(int fd, int64_t offset, size_t length) {
    enum { STEP = 256 << 10 };
    for (size_t done = 0; done < length; done += STEP) {
        char byte;
        struct iovec room = {.iov_base = &byte, .iov_len = 1};
        if (preadv2(fd, &room, 1, offset + (int64_t)done, RWF_NOWAIT) < 0 && errno == EAGAIN) return 0;
    }
    return 1;
}

static long major_faults(void) {
    struct rusage usage;
    return getrusage(RUSAGE_THREAD, &usage) < 0 ? 0 : usage.ru_majflt;
}

int perseid_bring_in(int fd, int64_t offset, size_t length) {
    void *place = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, offset);
    if (place == MAP_FAILED) return -1;
    // Refused by kernels that are built without it: then the pages are small.
    (void)madvise(place, length, MADV_HUGEPAGE);
    long before = major_faults();
    int result = madvise(place, length, MADV_POPULATE_READ);
    int reason = errno;
    munmap(place, length);
    errno = reason;
    return result < 0 ? -1 : major_faults() > before;
}
