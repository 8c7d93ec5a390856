#ifndef PERSEID_AFFINITY_H
#define PERSEID_AFFINITY_H

// Processors of a thread (sched_setaffinity(2)): the Glibc module lacks the macros of cpu_set_t.

/// The processor that the calling thread runs on at this moment; -1 with errno set.
int perseid_current_processor(void);

/// Processors that a thread may run on. As many as the kernel may be built for.
#define PERSEID_PROCESSOR_WORDS 128
typedef struct {
    unsigned long words[PERSEID_PROCESSOR_WORDS];
} perseid_processors;

/// Those of the calling thread.
int perseid_get_processors(perseid_processors *set);

/// Has the calling thread run on these alone.
int perseid_set_processors(const perseid_processors *set);

/// Has the calling thread run on one alone; EINVAL where that one is not for it.
int perseid_set_processor(unsigned int processor);

#endif
