#ifndef PERSEID_ALLOCATOR_H
#define PERSEID_ALLOCATOR_H

// malloc.h is not among the headers of Swift's Glibc module.
#include <malloc.h>

// Bytes that the program holds, in glibc's arenas and in mappings of their own.
static inline size_t perseid_allocated_bytes(void) {
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

#endif
