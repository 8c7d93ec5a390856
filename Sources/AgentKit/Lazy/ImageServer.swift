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
        var waiting: [ImageRead] = []
        var trace: ChunkTrace
    }

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
        guard let read = ImageRead(request, of: stream) else {
            return try answer(request, error: UInt32(EINVAL))
        }
        state.withLock {
            $0.trace.touch(read.chunks)
            // Before it is asked whether they are there: what comes in between is looked at by whoever brings it.
            $0.waiting.append(read)
        }
        try answerWaiting(transfer)
    }

    /// Answers what can be answered by now.
    package func answerWaiting(_ transfer: CapsuleTransfer) throws(SystemError) {
        let ready = state.withLock { state in
            var (ready, waiting): ([ImageRead], [ImageRead]) = ([], [])
            for read in state.waiting {
                if transfer.hasOrPrefers(read.chunks, of: number) { ready.append(read) } else { waiting.append(read) }
            }
            state.waiting = waiting
            return ready
        }
        for read in ready { try answer(read) }
    }

    private func answer(_ request: NBDRequest, error: UInt32) throws(SystemError) {
        try state.withLock { _ throws(SystemError) in
            try device.socket.writeAll(request.reply(error: error).span.bytes)
        }
    }

    /// The lock keeps answers of several threads apart.
    private func answer(_ read: ImageRead) throws(SystemError) {
        try state.withLock { _ throws(SystemError) in
            try device.socket.writeAll(read.request.reply().span.bytes)
            var offset = read.bytes.lowerBound
            while offset < read.bytes.upperBound {
                let wanted = Int(min(Int64(Self.pieceSize), read.bytes.upperBound - offset))
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
