#include "perseid_nbd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/nbd-netlink.h>
#include <linux/nbd.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

// A message under way: netlink(7), with a generic header (linux/genetlink.h).
struct message {
    union {
        struct nlmsghdr head;
        char bytes[4096];
    };
};

static void begin(struct message *message, uint16_t type, uint8_t command, uint16_t flags) {
    memset(message, 0, sizeof *message);
    message->head.nlmsg_type = type;
    message->head.nlmsg_flags = NLM_F_REQUEST | flags;
    message->head.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
    struct genlmsghdr *generic = NLMSG_DATA(&message->head);
    generic->cmd = command;
    generic->version = 1;
}

// All of ours together take less than 512 bytes; an answer may be longer.
static struct nlattr *add(struct message *message, uint16_t type, const void *value, size_t size) {
    struct nlattr *attribute = (struct nlattr *)(message->bytes + NLMSG_ALIGN(message->head.nlmsg_len));
    attribute->nla_type = type;
    attribute->nla_len = (uint16_t)(NLA_HDRLEN + size);
    if (size > 0) memcpy((char *)attribute + NLA_HDRLEN, value, size);
    message->head.nlmsg_len = NLMSG_ALIGN(message->head.nlmsg_len) + NLA_ALIGN(attribute->nla_len);
    return attribute;
}

static void close_nest(struct message *message, struct nlattr *nest) {
    nest->nla_len = (uint16_t)(message->bytes + message->head.nlmsg_len - (char *)nest);
}

// Sends one, and has the answer in its place. Returns its length, or -1 and errno.
static ssize_t ask(int netlink, struct message *message) {
    if (send(netlink, message, message->head.nlmsg_len, 0) < 0) return -1;
    ssize_t got = recv(netlink, message, sizeof *message, 0);
    if (got < 0) return -1;
    if (got < (ssize_t)NLMSG_LENGTH(0) || message->head.nlmsg_len > (size_t)got) {
        errno = EPROTO;
        return -1;
    }
    if (message->head.nlmsg_type == NLMSG_ERROR && got >= (ssize_t)NLMSG_LENGTH(sizeof(int))) {
        int code = *(int *)NLMSG_DATA(&message->head);
        if (code != 0) {
            errno = -code;
            return -1;
        }
    }
    return got;
}

// The number of the family "nbd", or -1 and errno.
static int family(int netlink) {
    struct message message;
    begin(&message, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
    add(&message, CTRL_ATTR_FAMILY_NAME, NBD_GENL_FAMILY_NAME, sizeof NBD_GENL_FAMILY_NAME);
    ssize_t got = ask(netlink, &message);
    if (got < 0) return -1;
    size_t place = NLMSG_LENGTH(GENL_HDRLEN);
    while (place + NLA_HDRLEN <= (size_t)got) {
        struct nlattr *attribute = (struct nlattr *)(message.bytes + place);
        if (attribute->nla_len < NLA_HDRLEN || place + attribute->nla_len > (size_t)got) break;
        if (attribute->nla_type == CTRL_ATTR_FAMILY_ID && attribute->nla_len >= NLA_HDRLEN + sizeof(uint16_t)) {
            return *(uint16_t *)((char *)attribute + NLA_HDRLEN);
        }
        place += NLA_ALIGN(attribute->nla_len);
    }
    errno = ENOENT;
    return -1;
}

static int connect_on(int netlink, int index, int server, uint64_t size, uint64_t block_size) {
    int type = family(netlink);
    if (type < 0) return -1;
    struct message message;
    uint32_t number = (uint32_t)index;
    uint32_t descriptor = (uint32_t)server;
    uint64_t flags = NBD_FLAG_HAS_FLAGS | NBD_FLAG_READ_ONLY;
    uint64_t timeout = 0;
    begin(&message, (uint16_t)type, NBD_CMD_CONNECT, NLM_F_ACK);
    add(&message, NBD_ATTR_INDEX, &number, sizeof number);
    add(&message, NBD_ATTR_SIZE_BYTES, &size, sizeof size);
    add(&message, NBD_ATTR_BLOCK_SIZE_BYTES, &block_size, sizeof block_size);
    add(&message, NBD_ATTR_SERVER_FLAGS, &flags, sizeof flags);
    add(&message, NBD_ATTR_TIMEOUT, &timeout, sizeof timeout);
    struct nlattr *sockets = add(&message, NBD_ATTR_SOCKETS | NLA_F_NESTED, NULL, 0);
    struct nlattr *item = add(&message, NBD_SOCK_ITEM | NLA_F_NESTED, NULL, 0);
    add(&message, NBD_SOCK_FD, &descriptor, sizeof descriptor);
    close_nest(&message, item);
    close_nest(&message, sockets);
    return ask(netlink, &message) < 0 ? -1 : 0;
}

int perseid_nbd_connect(const char *path, int index, int server, uint64_t size, uint64_t block_size) {
    int device = open(path, O_RDWR | O_CLOEXEC);
    if (device < 0) return -1;
    int cleared = ioctl(device, NBD_CLEAR_SOCK);
    close(device);
    if (cleared < 0) return -1;
    int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
    if (netlink < 0) return -1;
    int result = connect_on(netlink, index, server, size, block_size);
    int code = errno;
    close(netlink);
    errno = code;
    return result;
}
