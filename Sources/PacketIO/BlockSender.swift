public import BootProtocols
internal import CLinux
internal import Glibc

/// Sends a stretch of memory as datagrams of equal size, each behind a header of its own, without copying it first.
///
/// One call hands the kernel the whole stretch (UDP_SEGMENT); where the way out cannot take it so, one call hands it
/// the datagrams (sendmmsg). Which of them works is found out by trying.
public struct BlockSender: ~Copyable {
    /// Datagrams of one call of either kind (UDP_MAX_SEGMENTS of the kernel).
    public static let mostBlocks = 64

    private let headerSize: Int
    private let headers: UnsafeMutableRawPointer
    private let control: UnsafeMutableRawPointer
    private let parts: UnsafeMutablePointer<iovec>
    private let messages: UnsafeMutablePointer<perseid_mmsghdr>
    private let name: UnsafeMutablePointer<sockaddr_in>
    /// Stretches that go by sendmmsg before the better way is tried again: it may have been one path that refused it.
    private var withoutOffload = 0

    /// - Parameter headerSize: bytes before each block, 1...64.
    public init(headerSize: Int) {
        self.headerSize = min(max(headerSize, 1), 64)
        headers = .allocate(byteCount: Self.mostBlocks * self.headerSize, alignment: 16)
        control = .allocate(byteCount: Int(PERSEID_CONTROL_SIZE), alignment: 16)
        parts = .allocate(capacity: 2 * Self.mostBlocks)
        messages = .allocate(capacity: Self.mostBlocks)
        name = .allocate(capacity: 1)
        parts.initialize(repeating: iovec(), count: 2 * Self.mostBlocks)
        messages.initialize(repeating: perseid_mmsghdr(), count: Self.mostBlocks)
        name.initialize(to: sockaddr_in())
    }

    deinit {
        headers.deallocate()
        control.deallocate()
        parts.deallocate()
        messages.deallocate()
        name.deallocate()
    }

    /// Sends `blocks` datagrams of `blockSize` bytes of `payload` each; the last may have less, or none.
    /// - Parameter header: writes the header of a block, counted from 0, into the room it is handed.
    /// - Returns: how many datagrams the kernel took; less than all if its buffer is full.
    /// - Throws: EFAULT if `payload` is of a mapped file and its bytes are gone.
    public mutating func send(
        _ payload: UnsafeRawBufferPointer, blockSize: Int, blocks: Int, over socket: borrowing UDPSocket,
        to destination: IPv4Endpoint, from source: IPv4Address,
        header: (_ block: Int, _ room: UnsafeMutableRawBufferPointer) -> Void
    ) throws(SystemError) -> Int {
        let size = max(blockSize, 1)
        let atOnce = max(1, min(Self.mostBlocks, UDPSocket.maximumPayload / (size + headerSize)))
        name.pointee = destination.kernelForm
        var done = 0
        while done < blocks {
            let offload = withoutOffload == 0 && atOnce > 1
            let count = min(blocks - done, offload ? atOnce : Self.mostBlocks)
            prepare(payload, size, done..<done + count, header)
            let taken: Int
            if offload, count > 1 {
                taken = try sendSegments(count, UInt16(clamping: size + headerSize), over: socket, from: source)
            } else {
                if withoutOffload > 0 { withoutOffload -= 1 }
                taken = try sendMessages(count, over: socket, from: source)
            }
            done += taken
            if taken < count { break }
        }
        return done
    }

    /// A header and a part of the payload for each block.
    private func prepare(
        _ payload: UnsafeRawBufferPointer, _ blockSize: Int, _ blocks: Range<Int>,
        _ header: (Int, UnsafeMutableRawBufferPointer) -> Void
    ) {
        for (index, block) in blocks.enumerated() {
            let room = UnsafeMutableRawBufferPointer(start: headers + index * headerSize, count: headerSize)
            header(block, room)
            let start = min(block * blockSize, payload.count)
            let base = payload.baseAddress.map { UnsafeMutableRawPointer(mutating: $0 + start) }
            parts[2 * index] = iovec(iov_base: room.baseAddress, iov_len: headerSize)
            parts[2 * index + 1] = iovec(iov_base: base, iov_len: min(blockSize, payload.count - start))
        }
    }

    private func header(parts count: Int, from first: Int, controlSize: Int) -> msghdr {
        msghdr(
            msg_name: name, msg_namelen: socklen_t(MemoryLayout<sockaddr_in>.size), msg_iov: parts + first,
            msg_iovlen: count, msg_control: controlSize == 0 ? nil : control, msg_controllen: controlSize,
            msg_flags: 0)
    }

    private mutating func sendSegments(
        _ count: Int, _ segment: UInt16, over socket: borrowing UDPSocket, from source: IPv4Address
    ) throws(SystemError) -> Int {
        let used = perseid_write_control(control, source.value.bigEndian, 0, segment)
        do throws(SystemError) {
            try Self.send(header(parts: 2 * count, from: 0, controlSize: used), over: socket)
            return count
        } catch {
            if error.isWouldBlock || error.code == ENOBUFS { return 0 }
            guard noOffload.contains(error.code) else { throw error }
            withoutOffload = 1000
            return try sendMessages(count, over: socket, from: source)
        }
    }

    private static func send(_ message: msghdr, over socket: borrowing UDPSocket) throws(SystemError) {
        var message = message
        let raw = socket.descriptor.raw
        try systemCall("sendmsg") { sendmsg(raw, &message, Int32(MSG_DONTWAIT | MSG_NOSIGNAL)) }
    }

    private func sendMessages(
        _ count: Int, over socket: borrowing UDPSocket, from source: IPv4Address
    ) throws(SystemError) -> Int {
        let used = perseid_write_control(control, source.value.bigEndian, 0, 0)
        if count == 1 {
            do throws(SystemError) {
                try Self.send(header(parts: 2, from: 0, controlSize: used), over: socket)
                return 1
            } catch {
                if error.isWouldBlock || error.code == ENOBUFS { return 0 }
                throw error
            }
        }
        for index in 0..<count {
            messages[index] = perseid_mmsghdr(
                header: header(parts: 2, from: 2 * index, controlSize: used), length: 0)
        }
        let raw = socket.descriptor.raw
        var done = 0
        while done < count {
            do throws(SystemError) {
                done += Int(
                    try systemCall("sendmmsg") { perseid_sendmmsg(raw, messages + done, UInt32(count - done)) })
            } catch {
                if error.isWouldBlock || error.code == ENOBUFS { break }
                throw error
            }
        }
        return done
    }
}
