#ifndef PERSEID_PAGE_CACHE_H
#define PERSEID_PAGE_CACHE_H

#include <stddef.h>
#include <stdint.h>

// What the page cache holds of a file.

/// Whether `length` bytes of an open file from `offset` can be read without waiting for the disk, as one byte in each
/// 256 KiB tells (preadv2 with RWF_NOWAIT): 1 or 0. 1 also where the file system cannot tell, and beyond the end.
int perseid_is_resident(int fd, int64_t offset, size_t length);

/// Brings `length` bytes of an open file from `offset`, a multiple of the page size, into the page cache, in pages as
/// large as the file system and the memory allow: as those of a mapping for which large pages are advised (madvise(2),
/// MADV_HUGEPAGE and MADV_POPULATE_READ). Waits for the disk. 1: something had to be read; 0: all was there; -1 with
/// errno set: EINVAL before Linux 5.14, EFAULT where the file ends before.
int perseid_bring_in(int fd, int64_t offset, size_t length);

#endif
