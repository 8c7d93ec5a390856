/// Linux calls that Swift's Glibc module lacks, each behind a C function of fixed arity.
/// Umbrella of the target: one header per user, so that nobody pulls in more than it needs.
#ifndef PERSEID_CLINUX_H
#define PERSEID_CLINUX_H

#include "perseid_affinity.h"
#include "perseid_files.h"
#include "perseid_memory.h"
#include "perseid_nbd.h"
#include "perseid_net.h"
#include "perseid_page_cache.h"
#include "perseid_privileges.h"
#include "perseid_ring.h"
#include "perseid_segments.h"
#include "perseid_spawn.h"
#include "perseid_system.h"
#include "perseid_tap.h"

#endif
