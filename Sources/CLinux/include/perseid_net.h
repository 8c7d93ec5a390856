/// Calls that PacketIO needs and that `import Glibc` does not show: they are GNU extensions, variadic,
/// or built from macros (CMSG_*). All return -1 and set errno on failure unless they say otherwise.
#ifndef PERSEID_NET_H
#define PERSEID_NET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <netinet/in.h>

// MARK: Errors and threads

/// The text of an errno value, never NULL. strerror is not thread-safe, strerror_r has two shapes.
const char *perseid_error_text(int code);

/// Names the calling thread (at most 15 bytes are kept by the kernel).
void perseid_name_thread(const char *name);

// MARK: Batched datagrams

/// Twin of struct mmsghdr, which Swift does not import; the layouts are compared at compile time.
struct perseid_mmsghdr {
    struct msghdr header;
    unsigned int length;
};

int perseid_recvmmsg(int fd, struct perseid_mmsghdr *messages, unsigned int count);
int perseid_sendmmsg(int fd, struct perseid_mmsghdr *messages, unsigned int count);

/// Where and when a datagram arrived, out of its IP_PKTINFO and SCM_TIMESTAMPNS. Addresses in network order.
struct perseid_arrival {
    uint32_t destination;     // of the IP header: may be broadcast
    uint32_t local;           // an address of ours to answer from
    uint32_t interface_index; // 0: no IP_PKTINFO was there
    int64_t milliseconds;     // since 1970; 0: no SCM_TIMESTAMPNS was there
};

void perseid_read_arrival(struct msghdr *message, struct perseid_arrival *arrival);

enum { PERSEID_CONTROL_SIZE = 64 };

/// Has the kernel say when each datagram arrived. A macro of macros, which Swift does not import.
int perseid_ask_timestamps(int fd);

/// Writes IP_PKTINFO (if `source` or `interface_index` is not 0) and UDP_SEGMENT (if `segment` is not 0)
/// into `control`, which holds PERSEID_CONTROL_SIZE bytes. Gives the bytes used.
size_t perseid_write_control(void *control, uint32_t source, uint32_t interface_index, uint16_t segment);

// MARK: Interfaces

/// Reads an AF_PACKET address of getifaddrs: 1 and the six octets for an Ethernet-like link, else 0.
int perseid_link_address(const struct sockaddr *address, uint8_t octets[6]);

/// The interface's MTU in bytes.
int perseid_interface_mtu(int fd, const char *name);

// MARK: Raw frames

/// The MAC of a neighbour (address in host order) out of the kernel's ARP table. Fails with ENXIO if it is not in it.
int perseid_neighbour(int fd, const char *interface, uint32_t address, uint8_t octets[6]);

/// A SOCK_RAW packet socket that receives nothing before it is bound.
int perseid_packet_socket(void);
/// Takes frames of `ether_type` (host order, 3 for all) on one interface.
int perseid_packet_bind(int fd, int interface_index, uint16_t ether_type);
/// Lets only unfragmented IPv4 UDP frames to `port` (host order) through.
int perseid_filter_udp_port(int fd, uint16_t port);
/// Lets only ICMPv6 messages of `type` through that follow the IPv6 header at once.
int perseid_filter_icmpv6_type(int fd, uint8_t type);
/// Has the interface's network card take frames to a multicast MAC for as long as the socket is open.
int perseid_packet_join(int fd, int interface_index, const uint8_t group[6]);
/// Has the card take frames to any MAC for as long as the socket is open.
int perseid_packet_hear_all(int fd, int interface_index);

struct perseid_frame {
    uint8_t outgoing;         // sent by this host
    uint8_t checksum_missing; // left to the hardware by a sender on this machine: do not verify
};

ssize_t perseid_packet_receive(int fd, void *buffer, size_t size, struct perseid_frame *frame);

// MARK: Readiness

struct perseid_event {
    uint64_t token;
    uint32_t events;
};

enum {
    PERSEID_READABLE = 0x001,
    PERSEID_WRITABLE = 0x004,
    PERSEID_FAILED = 0x018, // EPOLLERR | EPOLLHUP
};

int perseid_epoll_create(void);
int perseid_epoll_add(int epoll, int fd, uint32_t events, uint64_t token);
int perseid_epoll_modify(int epoll, int fd, uint32_t events, uint64_t token);
int perseid_epoll_remove(int epoll, int fd);
/// Fills at most `count` (at most 64) events; struct epoll_event is packed, so they are copied.
int perseid_epoll_wait(int epoll, struct perseid_event *events, int count, int timeout_ms);
int perseid_eventfd(void);
/// A timer of CLOCK_MONOTONIC that is readable from its time on.
int perseid_timerfd(void);
/// Sets it to a moment in microseconds; 0: never. It is not readable before, whatever it was.
int perseid_timerfd_set(int fd, int64_t moment);

// MARK: Files

/// Opens `path` for reading without ever leaving `directory`: openat2 with RESOLVE_BENEATH, which follows
/// symbolic links inside the directory and refuses (EXDEV) those that leave it, and no magic links.
int perseid_open_beneath(int directory, const char *path, int flags);

#endif
