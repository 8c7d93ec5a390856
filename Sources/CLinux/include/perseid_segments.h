/// Datagrams that the kernel hands over joined (UDP_GRO): the mirror image of UDP_SEGMENT. Swift's Glibc module has
/// neither the option nor the macros that read the control message.
#ifndef PERSEID_SEGMENTS_H
#define PERSEID_SEGMENTS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/// Has the kernel join datagrams of one sender that come one behind the other. Returns 0, or -1 and errno where the
/// kernel does not know how.
int perseid_join_segments(int fd);

/// Bytes of each datagram of those that were received joined; 0: it is one alone.
uint16_t perseid_read_segment(struct msghdr *message);

#endif
