/// How the C library keeps memory that was freed. Glibc's module has no malloc.h.
#ifndef PERSEID_MEMORY_H
#define PERSEID_MEMORY_H

#include <malloc.h>

/// Has blocks of 4 MiB and more go back to the kernel as soon as they are freed. By itself the library raises that size,
/// up to 32 MiB, with each that is freed, and lists of all nodes stay in the heap then (mallopt(3)).
static inline void perseid_return_large_blocks(void) {
    mallopt(M_MMAP_THRESHOLD, 4 << 20);
    mallopt(M_TRIM_THRESHOLD, 16 << 20);
}

/// Gives all free pages of the heap back (malloc_trim(3)).
static inline void perseid_return_free_memory(void) { malloc_trim(0); }

#endif
