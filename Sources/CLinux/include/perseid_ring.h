/// A packet socket's receive ring in shared memory (packet_mmap in the kernel's documentation, TPACKET_V3): the kernel
/// writes frames into blocks, the reader takes whole blocks, and no system call is made for a frame.
#ifndef PERSEID_RING_H
#define PERSEID_RING_H

#include <stddef.h>
#include <stdint.h>

struct perseid_ring {
    uint8_t *base;
    uint32_t block_size;
    uint32_t block_count;
    uint32_t next; // the block that is read next
};

/// A place in a block.
struct perseid_ring_cursor {
    const uint8_t *at;
    uint32_t left; // frames
};

struct perseid_ring_frame {
    const uint8_t *bytes; // from the destination MAC on; valid until the block is released
    uint32_t captured;
    uint32_t length;      // on the wire
    int64_t nanoseconds;  // since 1970
    uint8_t outgoing;     // sent by this host
};

/// Gives a packet socket that is not bound yet its ring. A block is handed over when it is full or `timeout_ms` old.
int perseid_ring_open(
    int fd, uint32_t block_size, uint32_t block_count, uint32_t timeout_ms, struct perseid_ring *ring);
void perseid_ring_close(struct perseid_ring *ring);
/// 1 and a cursor if the next block is full of frames for the reader, else 0.
int perseid_ring_begin(const struct perseid_ring *ring, struct perseid_ring_cursor *cursor);
/// 1 and the next frame of the block, else 0.
int perseid_ring_next(struct perseid_ring_cursor *cursor, struct perseid_ring_frame *frame);
/// Gives the block back to the kernel.
void perseid_ring_release(struct perseid_ring *ring);
/// Frames that found the ring full since the last call.
uint32_t perseid_ring_drops(int fd);

/// What a watch of the link is for: ARP; DHCP, PXE and TFTP requests; of a TFTP transfer the answer to its options,
/// its first block (128 bytes of it) and errors. Frames to and from machines whose MAC has other bits than zero under
/// `skip_mask` in its last octet are left out, except answers of other DHCP servers: 0 takes all.
/// May be called again while frames come.
int perseid_filter_link_watch(int fd, uint8_t skip_mask);

#endif
