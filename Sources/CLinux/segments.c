#define _GNU_SOURCE
#include "perseid_segments.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

int perseid_join_segments(int fd) {
    int on = 1;
    return setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on);
}

uint16_t perseid_read_segment(struct msghdr *message) {
    for (struct cmsghdr *item = CMSG_FIRSTHDR(message); item; item = CMSG_NXTHDR(message, item)) {
        if (item->cmsg_level != IPPROTO_UDP || item->cmsg_type != UDP_GRO) continue;
        int size;
        memcpy(&size, CMSG_DATA(item), sizeof size);
        return size > 0 && size <= UINT16_MAX ? (uint16_t)size : 0;
    }
    return 0;
}
