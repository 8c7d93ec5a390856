#ifndef PERSEID_TAP_H
#define PERSEID_TAP_H

/// Opens the machine's end of the tap interface `name` (TUNSETIFF, linux/if_tun.h): each read and write is one
/// Ethernet frame. Non-blocking and close-on-exec. A wrapper, because ioctl(2) is variadic. Returns the descriptor,
/// or -1 and errno.
int perseid_tap_open(const char *name);

#endif
