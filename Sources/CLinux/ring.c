#define _GNU_SOURCE
#include "perseid_ring.h"

#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

int perseid_ring_open(
    int fd, uint32_t block_size, uint32_t block_count, uint32_t timeout_ms, struct perseid_ring *ring) {
    int version = TPACKET_V3;
    if (setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version) < 0) return -1;
    struct tpacket_req3 request = {
        .tp_block_size = block_size, .tp_block_nr = block_count, .tp_frame_size = 2048,
        .tp_frame_nr = block_size / 2048 * block_count, .tp_retire_blk_tov = timeout_ms};
    if (setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof request) < 0) return -1;
    size_t size = (size_t)block_size * block_count;
    void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (base == MAP_FAILED) return -1;
    *ring = (struct perseid_ring){.base = base, .block_size = block_size, .block_count = block_count};
    return 0;
}

void perseid_ring_close(struct perseid_ring *ring) {
    if (ring->base) munmap(ring->base, (size_t)ring->block_size * ring->block_count);
    ring->base = NULL;
}

static struct tpacket_block_desc *block(const struct perseid_ring *ring) {
    return (struct tpacket_block_desc *)(ring->base + (size_t)ring->next * ring->block_size);
}

int perseid_ring_begin(const struct perseid_ring *ring, struct perseid_ring_cursor *cursor) {
    struct tpacket_block_desc *current = block(ring);
    if (!(__atomic_load_n(&current->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER)) return 0;
    cursor->at = (const uint8_t *)current + current->hdr.bh1.offset_to_first_pkt;
    cursor->left = current->hdr.bh1.num_pkts;
    return 1;
}

int perseid_ring_next(struct perseid_ring_cursor *cursor, struct perseid_ring_frame *frame) {
    if (!cursor->left) return 0;
    const struct tpacket3_hdr *header = (const struct tpacket3_hdr *)cursor->at;
    const struct sockaddr_ll *link =
        (const struct sockaddr_ll *)(cursor->at + TPACKET_ALIGN(sizeof(struct tpacket3_hdr)));
    frame->bytes = cursor->at + header->tp_mac;
    frame->captured = header->tp_snaplen;
    frame->length = header->tp_len;
    frame->nanoseconds = (int64_t)header->tp_sec * 1000000000 + header->tp_nsec;
    frame->outgoing = link->sll_pkttype == PACKET_OUTGOING;
    cursor->left--;
    cursor->at += header->tp_next_offset;
    return 1;
}

void perseid_ring_release(struct perseid_ring *ring) {
    __atomic_store_n(&block(ring)->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    ring->next = (ring->next + 1) % ring->block_count;
}

uint32_t perseid_ring_drops(int fd) {
    struct tpacket_stats_v3 statistics;
    socklen_t size = sizeof statistics;
    memset(&statistics, 0, sizeof statistics);
    if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &statistics, &size) < 0) return 0;
    return statistics.tp_drops;
}

// Jumps of classic BPF count instructions that are passed over; these say where to go instead.
enum { BOOTP = 21, PARTLY = 28, TAKE = 29, DROP = 30 };
#define EQUAL(line, value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, (yes) - (line) - 1, (no) - (line) - 1)

int perseid_filter_link_watch(int fd, uint8_t skip_mask) {
    struct sock_filter code[] = {
        /* 0 */ BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12), // EtherType
        /* 1 */ EQUAL(1, ETHERTYPE_ARP, TAKE, 2),
        /* 2 */ EQUAL(2, ETHERTYPE_IP, 3, DROP),
        /* 3 */ BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23), // protocol
        /* 4 */ EQUAL(4, IPPROTO_UDP, 5, DROP),
        /* 5 */ BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 20), // not the first fragment
        /* 6 */ BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1fff, DROP - 7, 0),
        /* 7 */ BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 14), // length of the IP header
        /* 8 */ BPF_STMT(BPF_LD | BPF_H | BPF_IND, 16),  // destination port
        /* 9 */ EQUAL(9, 67, BOOTP, 10),
        /* 10 */ EQUAL(10, 68, BOOTP, 11),
        /* 11 */ EQUAL(11, 4011, BOOTP, 12),
        /* 12 */ EQUAL(12, 69, TAKE, 13),
        /* 13 */ BPF_STMT(BPF_LD | BPF_H | BPF_IND, 14), // source port
        /* 14 */ EQUAL(14, 67, BOOTP, 15),
        /* 15 */ EQUAL(15, 4011, BOOTP, 16),
        /* 16 */ BPF_STMT(BPF_LD | BPF_W | BPF_IND, 22), // TFTP's opcode and block
        /* 17 */ EQUAL(17, 0x00030001, PARTLY, 18),
        /* 18 */ BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 16),
        /* 19 */ EQUAL(19, 5, TAKE, 20), // ERROR
        /* 20 */ EQUAL(20, 6, TAKE, DROP), // OACK
        /* 21: BOOTP */ BPF_STMT(BPF_LD | BPF_B | BPF_IND, 55), // the last octet of chaddr
        /* 22 */ BPF_STMT(BPF_ALU | BPF_AND | BPF_K, skip_mask),
        /* 23 */ EQUAL(23, 0, TAKE, 24),
        /* 24 */ BPF_STMT(BPF_LD | BPF_H | BPF_IND, 14),
        /* 25 */ EQUAL(25, 67, 26, DROP),
        /* 26 */ BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_PKTTYPE),
        /* 27 */ EQUAL(27, PACKET_OUTGOING, DROP, TAKE),
        /* 28: PARTLY */ BPF_STMT(BPF_RET | BPF_K, 128),
        /* 29: TAKE */ BPF_STMT(BPF_RET | BPF_K, 2048),
        /* 30: DROP */ BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}
