#ifndef PERSEID_SYSTEM_H
#define PERSEID_SYSTEM_H

// System calls of stage 1 that Swift's Glibc module lacks, or that take variadic arguments or unions.
// Each wrapper has fixed arguments, returns what the call returns (-1 with errno set), and does nothing else.

#include <errno.h>
#include <linux/ipmi.h>
#include <linux/loop.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/// finit_module(2); glibc has no wrapper. Flag 4 is MODULE_INIT_COMPRESSED_FILE (Linux 5.17).
static inline int perseid_finit_module(int fd, const char *parameters, int flags) {
    return (int)syscall(SYS_finit_module, fd, parameters, flags);
}

/// kexec_file_load(2); glibc has no wrapper. `length` counts the command line's terminating NUL.
static inline int perseid_kexec_file_load(
    int kernel, int initramfs, const char *command_line, size_t length, unsigned long flags) {
    return (int)syscall(SYS_kexec_file_load, kernel, initramfs, length, command_line, flags);
}

/// reboot(2) with its magic numbers; the Glibc module lacks it.
static inline int perseid_reboot(unsigned int command) {
    return (int)syscall(SYS_reboot, 0xfee1deadu, 672274793u, command, NULL);
}

/// memfd_create(2), close-on-exec; the Glibc module lacks it.
static inline int perseid_memfd_create(const char *name) {
    return (int)syscall(SYS_memfd_create, name, 1u);
}

/// LOOP_CTL_GET_FREE on /dev/loop-control: the number of a free loop device. ioctl(2) is variadic.
static inline int perseid_loop_get_free(int control) {
    return ioctl(control, LOOP_CTL_GET_FREE);
}

/// LOOP_CONFIGURE (Linux 5.8): binds `backing` read-only to `device`, freed with its last user.
static inline int perseid_loop_configure(int device, int backing, const char *name) {
    struct loop_config config;
    memset(&config, 0, sizeof config);
    config.fd = (uint32_t)backing;
    config.info.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR;
    strncpy((char *)config.info.lo_file_name, name, LO_NAME_SIZE - 1);
    return ioctl(device, LOOP_CONFIGURE, &config);
}

/// LOOP_CLR_FD: lets the backing file go when nothing uses the device any more.
static inline int perseid_loop_clear(int device) {
    return ioctl(device, LOOP_CLR_FD, 0);
}

static inline struct ifreq perseid_named_ifreq(const char *interface) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
    return request;
}

/// SIOCGIFFLAGS and SIOCSIFFLAGS (netdevice(7)): sets or clears IFF_UP. `fd` is any IPv4 socket.
static inline int perseid_interface_set_up(int fd, const char *interface, int up) {
    struct ifreq request = perseid_named_ifreq(interface);
    if (ioctl(fd, SIOCGIFFLAGS, &request) < 0) return -1;
    if (up) request.ifr_flags |= IFF_UP;
    else request.ifr_flags &= ~IFF_UP;
    return ioctl(fd, SIOCSIFFLAGS, &request);
}

static inline int perseid_interface_set_ipv4(int fd, const char *interface, unsigned long call, uint32_t address) {
    struct ifreq request = perseid_named_ifreq(interface);
    struct sockaddr_in *slot = (struct sockaddr_in *)&request.ifr_addr;
    slot->sin_family = AF_INET;
    slot->sin_addr.s_addr = htonl(address);
    return ioctl(fd, call, &request);
}

/// SIOCSIFADDR: the interface's IPv4 address, in host order. The kernel sets the class's netmask with it.
static inline int perseid_interface_set_address(int fd, const char *interface, uint32_t address) {
    return perseid_interface_set_ipv4(fd, interface, SIOCSIFADDR, address);
}

/// SIOCSIFNETMASK: the netmask, in host order. The route to the subnet follows it.
static inline int perseid_interface_set_netmask(int fd, const char *interface, uint32_t netmask) {
    return perseid_interface_set_ipv4(fd, interface, SIOCSIFNETMASK, netmask);
}

/// SIOCSIFBRDADDR: the subnet's broadcast address, in host order.
static inline int perseid_interface_set_broadcast(int fd, const char *interface, uint32_t broadcast) {
    return perseid_interface_set_ipv4(fd, interface, SIOCSIFBRDADDR, broadcast);
}

/// SIOCADDRT (route(7)): the default route through `gateway` (host order). EEXIST if it is there already.
static inline int perseid_route_add_default(int fd, const char *interface, uint32_t gateway) {
    struct rtentry route;
    memset(&route, 0, sizeof route);
    ((struct sockaddr_in *)&route.rt_dst)->sin_family = AF_INET;
    ((struct sockaddr_in *)&route.rt_genmask)->sin_family = AF_INET;
    struct sockaddr_in *next = (struct sockaddr_in *)&route.rt_gateway;
    next->sin_family = AF_INET;
    next->sin_addr.s_addr = htonl(gateway);
    route.rt_flags = RTF_UP | RTF_GATEWAY;
    char device[IFNAMSIZ];
    strncpy(device, interface, IFNAMSIZ - 1);
    device[IFNAMSIZ - 1] = 0;
    route.rt_dev = device;
    return ioctl(fd, SIOCADDRT, &route);
}

/// IPMICTL_SEND_COMMAND on /dev/ipmi0: one request to this machine's own BMC. It answers to the file when it can.
static inline int perseid_ipmi_send(
    int fd, unsigned char function, unsigned char command, const unsigned char *data, unsigned short count, long id) {
    struct ipmi_system_interface_addr address;
    memset(&address, 0, sizeof address);
    address.addr_type = IPMI_SYSTEM_INTERFACE_ADDR_TYPE;
    address.channel = IPMI_BMC_CHANNEL;
    struct ipmi_req request;
    memset(&request, 0, sizeof request);
    request.addr = (unsigned char *)&address;
    request.addr_len = sizeof address;
    request.msgid = id;
    request.msg.netfn = function;
    request.msg.cmd = command;
    request.msg.data = (unsigned char *)data;
    request.msg.data_len = count;
    return ioctl(fd, IPMICTL_SEND_COMMAND, &request);
}

/// IPMICTL_RECEIVE_MSG_TRUNC: the next answer's bytes, from its completion code on, cut off at `size`; -1 with EAGAIN
/// where none waits. `id` becomes the request's.
static inline ssize_t perseid_ipmi_receive(int fd, unsigned char *data, unsigned short size, long *id) {
    struct ipmi_addr address;
    struct ipmi_recv answer;
    memset(&answer, 0, sizeof answer);
    answer.addr = (unsigned char *)&address;
    answer.addr_len = sizeof address;
    answer.msg.data = data;
    answer.msg.data_len = size;
    if (ioctl(fd, IPMICTL_RECEIVE_MSG_TRUNC, &answer) < 0 && errno != EMSGSIZE) return -1;
    *id = answer.msgid;
    return answer.msg.data_len;
}

#endif
