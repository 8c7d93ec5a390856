#ifndef PERSEID_NBD_H
#define PERSEID_NBD_H

#include <stdint.h>

/// Makes the device at `path`, whose number is `index`, a read-only one of so many bytes, whose requests come to the
/// other end of the socket `server`: by generic netlink (linux/nbd-netlink.h), because the older ioctl(2) lasts as long
/// as the device does, and a SIGSTOP, which systemd sends everybody at shutdown, ends it. No time-out: a read waits for
/// its answer. A device that was left behind is taken. Returns 0, or -1 and errno.
int perseid_nbd_connect(const char *path, int index, int server, uint64_t size, uint64_t block_size);

#endif
