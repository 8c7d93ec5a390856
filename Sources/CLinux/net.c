#define _GNU_SOURCE
#include "perseid_net.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/openat2.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

_Static_assert(sizeof(struct perseid_mmsghdr) == sizeof(struct mmsghdr), "mmsghdr twin");
_Static_assert(offsetof(struct perseid_mmsghdr, length) == offsetof(struct mmsghdr, msg_len), "mmsghdr twin");
_Static_assert(PERSEID_READABLE == (int)EPOLLIN && PERSEID_WRITABLE == (int)EPOLLOUT, "epoll bits");
_Static_assert(PERSEID_FAILED == (int)(EPOLLERR | EPOLLHUP), "epoll bits");
_Static_assert(CMSG_SPACE(sizeof(struct in_pktinfo)) + CMSG_SPACE(sizeof(uint16_t)) <= PERSEID_CONTROL_SIZE,
               "control messages fit");

const char *perseid_error_text(int code) {
    const char *text = strerrordesc_np(code);
    return text ? text : "unknown error";
}

void perseid_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

int perseid_recvmmsg(int fd, struct perseid_mmsghdr *messages, unsigned int count) {
    return recvmmsg(fd, (struct mmsghdr *)messages, count, MSG_DONTWAIT, NULL);
}

int perseid_sendmmsg(int fd, struct perseid_mmsghdr *messages, unsigned int count) {
    return sendmmsg(fd, (struct mmsghdr *)messages, count, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void perseid_read_arrival(struct msghdr *message, struct perseid_arrival *arrival) {
    memset(arrival, 0, sizeof *arrival);
    for (struct cmsghdr *item = CMSG_FIRSTHDR(message); item; item = CMSG_NXTHDR(message, item)) {
        if (item->cmsg_level == SOL_SOCKET && item->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec time;
            memcpy(&time, CMSG_DATA(item), sizeof time);
            arrival->milliseconds = (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
        } else if (item->cmsg_level == IPPROTO_IP && item->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(item), sizeof info);
            arrival->destination = info.ipi_addr.s_addr;
            arrival->local = info.ipi_spec_dst.s_addr;
            arrival->interface_index = (uint32_t)info.ipi_ifindex;
        }
    }
}

_Static_assert(CMSG_SPACE(sizeof(struct in_pktinfo)) + CMSG_SPACE(sizeof(struct timespec)) <= PERSEID_CONTROL_SIZE,
               "room for what is asked of a datagram");

int perseid_ask_timestamps(int fd) {
    int yes = 1;
    return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof yes);
}

size_t perseid_write_control(void *control, uint32_t source, uint32_t interface_index, uint16_t segment) {
    size_t used = 0;
    memset(control, 0, PERSEID_CONTROL_SIZE);
    if (source || interface_index) {
        struct cmsghdr *item = control;
        struct in_pktinfo info = {.ipi_ifindex = (int)interface_index, .ipi_spec_dst.s_addr = source};
        *item = (struct cmsghdr){CMSG_LEN(sizeof info), IPPROTO_IP, IP_PKTINFO};
        memcpy(CMSG_DATA(item), &info, sizeof info);
        used += CMSG_SPACE(sizeof info);
    }
    if (segment) {
        struct cmsghdr *item = (struct cmsghdr *)((char *)control + used);
        *item = (struct cmsghdr){CMSG_LEN(sizeof segment), IPPROTO_UDP, UDP_SEGMENT};
        memcpy(CMSG_DATA(item), &segment, sizeof segment);
        used += CMSG_SPACE(sizeof segment);
    }
    return used;
}

int perseid_link_address(const struct sockaddr *address, uint8_t octets[6]) {
    if (!address || address->sa_family != AF_PACKET) return 0;
    struct sockaddr_ll link;
    memcpy(&link, address, sizeof link);
    if (link.sll_halen != 6) return 0;
    memcpy(octets, link.sll_addr, 6);
    return 1;
}

int perseid_interface_mtu(int fd, const char *name) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    return ioctl(fd, SIOCGIFMTU, &request) < 0 ? -1 : request.ifr_mtu;
}

int perseid_neighbour(int fd, const char *interface, uint32_t address, uint8_t octets[6]) {
    struct arpreq request;
    memset(&request, 0, sizeof request);
    struct sockaddr_in protocol = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    memcpy(&request.arp_pa, &protocol, sizeof protocol);
    strncpy(request.arp_dev, interface, sizeof request.arp_dev - 1);
    if (ioctl(fd, SIOCGARP, &request) < 0) return -1;
    if (!(request.arp_flags & ATF_COM) || request.arp_ha.sa_family != ARPHRD_ETHER) {
        errno = ENXIO;
        return -1;
    }
    memcpy(octets, request.arp_ha.sa_data, 6);
    return 0;
}

int perseid_packet_socket(void) {
    // Protocol 0: no frame is queued until bind, so none slips past a filter that comes later.
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    int on = 1;
    if (setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on) == 0) return fd;
    int code = errno;
    close(fd);
    errno = code;
    return -1;
}

int perseid_packet_bind(int fd, int interface_index, uint16_t ether_type) {
    struct sockaddr_ll link = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ether_type), .sll_ifindex = interface_index};
    return bind(fd, (struct sockaddr *)&link, sizeof link);
}

int perseid_filter_udp_port(int fd, uint16_t port) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12), // EtherType
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_IP, 0, 8),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23), // protocol
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 6),
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 20), // fragment: more to come, or not the first
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x3fff, 4, 0),
        BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 14), // length of the IP header
        BPF_STMT(BPF_LD | BPF_H | BPF_IND, 16),  // destination port
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0x40000),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

int perseid_filter_icmpv6_type(int fd, uint8_t type) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12), // EtherType
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_IPV6, 0, 5),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20), // next header
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMPV6, 0, 3),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 54), // type
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, type, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0x40000),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

int perseid_packet_join(int fd, int interface_index, const uint8_t group[6]) {
    struct packet_mreq request = {
        .mr_ifindex = interface_index, .mr_type = PACKET_MR_MULTICAST, .mr_alen = 6};
    memcpy(request.mr_address, group, 6);
    return setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof request);
}

int perseid_packet_hear_all(int fd, int interface_index) {
    struct packet_mreq request = {.mr_ifindex = interface_index, .mr_type = PACKET_MR_PROMISC};
    return setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof request);
}

ssize_t perseid_packet_receive(int fd, void *buffer, size_t size, struct perseid_frame *frame) {
    struct sockaddr_ll link;
    struct iovec part = {buffer, size};
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
    } control;
    struct msghdr message = {
        .msg_name = &link, .msg_namelen = sizeof link, .msg_iov = &part, .msg_iovlen = 1,
        .msg_control = &control, .msg_controllen = sizeof control};
    memset(&link, 0, sizeof link);
    memset(frame, 0, sizeof *frame);
    ssize_t length = recvmsg(fd, &message, MSG_DONTWAIT);
    if (length < 0) return -1;
    frame->outgoing = link.sll_pkttype == PACKET_OUTGOING;
    for (struct cmsghdr *item = CMSG_FIRSTHDR(&message); item; item = CMSG_NXTHDR(&message, item)) {
        if (item->cmsg_level != SOL_PACKET || item->cmsg_type != PACKET_AUXDATA) continue;
        struct tpacket_auxdata aux;
        memcpy(&aux, CMSG_DATA(item), sizeof aux);
        frame->checksum_missing = (aux.tp_status & TP_STATUS_CSUMNOTREADY) != 0;
    }
    return length;
}

int perseid_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int perseid_epoll_add(int epoll, int fd, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data.u64 = token};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

int perseid_epoll_modify(int epoll, int fd, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data.u64 = token};
    return epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
}

int perseid_epoll_remove(int epoll, int fd) { return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL); }

int perseid_epoll_wait(int epoll, struct perseid_event *events, int count, int timeout_ms) {
    struct epoll_event ready[64];
    int found = epoll_wait(epoll, ready, count < 64 ? count : 64, timeout_ms);
    for (int i = 0; i < found; i++) {
        events[i] = (struct perseid_event){.token = ready[i].data.u64, .events = ready[i].events};
    }
    return found;
}

int perseid_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int perseid_timerfd(void) { return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK); }

int perseid_timerfd_set(int fd, int64_t moment) {
    struct itimerspec time = {.it_value = {.tv_sec = moment / 1000000, .tv_nsec = moment % 1000000 * 1000}};
    return timerfd_settime(fd, TFD_TIMER_ABSTIME, &time, NULL);
}

int perseid_open_beneath(int directory, const char *path, int flags) {
    struct open_how how = {
        .flags = (uint64_t)(flags | O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}
