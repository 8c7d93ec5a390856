package import CapsuleFormat
internal import Glibc
package import PacketIO
internal import Synchronization

/// Answers the reads of one image's block device out of the file that it is assembled in: at once where its chunks are
/// there, and else as soon as they are. Those that are waited for are fetched before all others.
package final class ImageServer: Sendable {
    private let stream: ChunkedStream
    /// Of the stream in its transfer.
    private let number: Int
    private let file: StreamFile
    private let device: NBDDevice
    private let state: Mutex<State>

    private struct State {
        var waiting: [NBDRequest] = []
        var trace: ChunkTrace
    }

    /// Longest read that is answered, in bytes; the kernel's are far shorter.
    private static let limit: UInt32 = 32 << 20
    /// Of an answer, as it goes from the file to the socket.
    private static let pieceSize = 256 << 10

    /// - Parameter number: of the stream in its transfer.
    package init(_ stream: ChunkedStream, number: Int, in file: StreamFile, on device: NBDDevice) {
        self.stream = stream
        self.number = number
        self.file = file
        self.device = device
        state = Mutex(State(trace: ChunkTrace(chunks: stream.chunks.count)))
    }

    /// The chunks in the order in which they were first read.
    package var trace: [Int] { state.withLock { $0.trace.order } }

    /// Takes requests until the device goes away.
    package func run(_ transfer: CapsuleTransfer) throws(SystemError) {
        while let request = try next() {
            switch request.command {
            case .disconnect: return
            case .other: try answer(request, error: UInt32(EPERM))
            case .read: try take(request, transfer)
            }
        }
    }

    private func take(_ request: NBDRequest, _ transfer: CapsuleTransfer) throws(SystemError) {
        guard request.length <= Self.limit, let end = Int64(exactly: request.offset).map({ $0 + Int64(request.length) })
        else { return try answer(request, error: UInt32(EINVAL)) }
        let chunks = stream.chunks(Int64(clamping: request.offset)..<end)
        state.withLock {
            $0.trace.touch(chunks)
            // Before it is asked whether they are there: what comes in between is looked at by whoever brings it.
            $0.waiting.append(request)
        }
        try answerWaiting(transfer)
    }

    /// Answers what can be answered by now.
    package func answerWaiting(_ transfer: CapsuleTransfer) throws(SystemError) {
        let ready = state.withLock { state in
            let ready = state.waiting.filter { request in
                let start = Int64(clamping: request.offset)
                return transfer.hasOrPrefers(stream.chunks(start..<(start + Int64(request.length))), of: number)
            }
            state.waiting.removeAll { request in ready.contains { $0.handle == request.handle } }
            return ready
        }
        for request in ready { try answer(request) }
    }

    private func answer(_ request: NBDRequest, error: UInt32) throws(SystemError) {
        try state.withLock { _ throws(SystemError) in try device.socket.writeAll(request.reply(error: error).span.bytes)
        }
    }

    /// The lock keeps answers of several threads apart.
    private func answer(_ request: NBDRequest) throws(SystemError) {
        try state.withLock { _ throws(SystemError) in
            try device.socket.writeAll(request.reply().span.bytes)
            var offset = Int64(clamping: request.offset)
            let end = offset + Int64(request.length)
            while offset < end {
                let wanted = Int(min(Int64(Self.pieceSize), end - offset))
                var bytes = try file.bytes(wanted, at: offset)
                // The device ends on a whole block, the image may end before.
                if bytes.count < wanted { bytes += [UInt8](repeating: 0, count: wanted - bytes.count) }
                try device.socket.writeAll(bytes.span.bytes)
                offset += Int64(wanted)
            }
        }
    }

    private func next() throws(SystemError) -> NBDRequest? {
        var bytes: [UInt8] = []
        while bytes.count < NBDRequest.size {
            var buffer = [UInt8](repeating: 0, count: NBDRequest.size - bytes.count)
            var failure: SystemError?
            let count = buffer.withUnsafeMutableBytes { room in
                do throws(SystemError) { return try device.socket.read(into: room) } catch {
                    failure = error
                    return 0
                }
            }
            if let failure { throw failure }
            guard count > 0 else { return nil }
            bytes += buffer.prefix(count)
        }
        guard let request = NBDRequest(bytes) else {
            throw SystemError(
                call: "read", code: EPROTO, context: "a request of the kernel for \(stream.role.rawValue)")
        }
        return request
    }
}

extension ChunkedStream {
    /// The chunks that some bytes of the stream lie in; none beyond its end.
    package func chunks(_ bytes: Range<Int64>) -> Range<Int> {
        guard bytes.lowerBound < min(bytes.upperBound, size) else { return 0..<0 }
        // The first chunk that begins behind a byte.
        func next(_ byte: Int64) -> Int {
            var range = 0..<offsets.count
            while let middle = range.isEmpty ? nil : range.lowerBound + range.count / 2 {
                if offsets[middle] <= byte {
                    range = (middle + 1)..<range.upperBound
                } else {
                    range = range.lowerBound..<middle
                }
            }
            return range.lowerBound
        }
        return max(0, next(bytes.lowerBound) - 1)..<next(min(bytes.upperBound, size) - 1)
    }
}

/// The chunks of a stream in the order in which they were first read.
package struct ChunkTrace: Sendable {
    package private(set) var order: [Int] = []
    private var seen: ChunkBitmap

    package init(chunks: Int) {
        seen = ChunkBitmap(count: chunks)
    }

    package mutating func touch(_ chunks: Range<Int>) {
        for chunk in chunks where !seen.contains(chunk) && chunk < seen.count {
            seen.insert(chunk)
            order.append(chunk)
        }
    }
}
