public import BootProtocols
internal import CLinux
internal import Glibc

extension UDPSocket {
    /// The largest payload of one UDP datagram over IPv4, in bytes.
    public static let maximumPayload = 65507

    /// Sends one datagram. `source` and `interfaceIndex` choose the address and the interface it leaves by; without
    /// them the kernel does. False if the kernel's buffer is full: the datagram is not sent.
    @discardableResult
    public func send(
        _ bytes: RawSpan, to destination: IPv4Endpoint, from source: IPv4Address = .any, interfaceIndex: UInt32 = 0
    ) throws(SystemError) -> Bool {
        try send(bytes, to: destination, from: source, interfaceIndex: interfaceIndex, segment: 0)
    }

    /// Sends `bytes` as datagrams of `segmentSize` bytes each, the last may be shorter, with one call if the kernel
    /// and the path can (UDP_SEGMENT), else one by one. Gives the count of bytes the kernel took; less than all if
    /// its buffer is full.
    @discardableResult
    public func send(
        _ bytes: RawSpan, segmentSize: Int, to destination: IPv4Endpoint, from source: IPv4Address = .any,
        interfaceIndex: UInt32 = 0
    ) throws(SystemError) -> Int {
        let step = min(max(segmentSize, 1), Self.maximumPayload)
        // The kernel's bounds for one call: 64 segments (UDP_MAX_SEGMENTS) and one IP datagram's length.
        let most = max(1, min(64, Self.maximumPayload / step)) * step
        var done = 0
        var gso = true
        while done < bytes.byteCount {
            let size = min(gso ? most : step, bytes.byteCount - done)
            let piece = bytes.extracting(done..<done + size)
            do throws(SystemError) {
                let segment = size > step ? UInt16(clamping: step) : 0
                guard try send(piece, to: destination, from: source, interfaceIndex: interfaceIndex, segment: segment)
                else { return done }
                done += size
            } catch {
                guard gso, size > step, noOffload.contains(error.code) else { throw error }
                gso = false
            }
        }
        return done
    }

    private func send(
        _ bytes: RawSpan, to destination: IPv4Endpoint, from source: IPv4Address, interfaceIndex: UInt32,
        segment: UInt16
    ) throws(SystemError) -> Bool {
        var name = destination.kernelForm
        do throws(SystemError) {
            try systemCall("sendmsg", "UDP \(local) to \(destination)") {
                withUnsafeMutablePointer(to: &name) { name in
                    withUnsafeTemporaryAllocation(byteCount: Int(PERSEID_CONTROL_SIZE), alignment: 16) { control in
                        let used = perseid_write_control(
                            control.baseAddress, source.value.bigEndian, interfaceIndex, segment)
                        return bytes.withUnsafeBytes { payload in
                            sendMessage(descriptor.raw, name, payload, control.baseAddress, used)
                        }
                    }
                }
            }
            return true
        } catch {
            guard error.isWouldBlock || error.code == ENOBUFS else { throw error }
            return false
        }
    }
}

/// Errors that say "not in one call": a segment over the path's MTU (EMSGSIZE, in older kernels EINVAL), or no
/// offload on the way.
let noOffload = [EINVAL, EMSGSIZE, EIO, ENOPROTOOPT, EOPNOTSUPP]

private func sendMessage(
    _ socket: Int32, _ name: UnsafeMutablePointer<sockaddr_in>, _ payload: UnsafeRawBufferPointer,
    _ control: UnsafeMutableRawPointer?, _ controlSize: Int
) -> Int {
    var part = iovec(iov_base: UnsafeMutableRawPointer(mutating: payload.baseAddress), iov_len: payload.count)
    return withUnsafeMutablePointer(to: &part) { part in
        var message = msghdr(
            msg_name: name, msg_namelen: socklen_t(MemoryLayout<sockaddr_in>.size), msg_iov: part, msg_iovlen: 1,
            msg_control: controlSize == 0 ? nil : control, msg_controllen: controlSize, msg_flags: 0)
        return sendmsg(socket, &message, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
    }
}
