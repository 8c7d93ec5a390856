internal import CapsuleFormat
internal import Dispatch
internal import Synchronization

/// The files of one build's bundles: written on a thread of its own, one behind the other, while the next chunks are
/// cut and hashed, and synced on another.
final class BundleFiles: Sendable {
    /// What is written next; used by whoever brings chunks.
    private struct Front {
        var file: StreamedFile?
        var piece: AlignedPiece?
        /// Bytes of the file before `piece`.
        var offset = 0
        var number = 0
    }

    /// Pieces that are filled or on their way: enough for disk and processor not to wait for one another.
    private static let pieces = 4

    private let directory: String
    private let syncing = FileSyncing()
    private let queue = DispatchQueue(label: "perseid.bundles")
    /// From 0, as one that goes below what it began with must not be let go.
    private let room = DispatchSemaphore(value: 0)
    private let spare = Mutex<[AlignedPiece]>([])
    private let failure = Mutex<StoreError?>(nil)
    private let front = Mutex(Front())

    /// - Parameter directory: private to the build, on the file system of the bundle store.
    init(directory: String) {
        self.directory = directory
        for _ in 0..<Self.pieces { room.signal() }
    }

    /// Appends bytes to the bundle that is open.
    /// - Throws: what went wrong with bytes before these, too.
    func append(_ bytes: Span<UInt8>) throws(StoreError) {
        try check()
        try front.withLock { (front) throws(StoreError) in
            if front.file == nil {
                let path = "\(directory)/partial-\(front.number)"
                front.file = try StreamedFile(creating: path, permissions: 0o444)
            }
            var done = 0
            while done < bytes.count {
                let piece = front.piece ?? take()
                front.piece = piece
                done += bytes.extracting(done...).bytes.withUnsafeBytes { piece.append($0) }
                if piece.isFull { flush(&front) }
            }
        }
    }

    /// The bundle that is open has all its chunks.
    func close(as bundle: CapsuleIndex.Bundle) {
        front.withLock { front in
            flush(&front)
            if let file = front.file {
                let path = "\(directory)/\(bundle.id.hex)"
                perform { [syncing] () throws(StoreError) in
                    try file.end(at: Int(bundle.size))
                    try DurableFiles.rename(file.path, to: path)
                    syncing.sync(path)
                }
            }
            front = Front(number: front.number + 1)
        }
    }

    /// Waits until all that was closed is on stable storage.
    func finish() throws(StoreError) {
        queue.sync {}
        try check()
        try syncing.wait()
    }

    // MARK: - The thread that writes

    private func flush(_ front: inout Front) {
        guard let piece = front.piece, let file = front.file else { return }
        let offset = front.offset
        front.offset += piece.count
        front.piece = nil
        piece.pad()
        perform { () throws(StoreError) in try file.write(piece, at: offset) }
        queue.async { [self] in give(piece) }
    }

    /// Nothing more is done once something failed.
    private func perform(_ body: @escaping @Sendable () throws(StoreError) -> Void) {
        queue.async { [self] in
            guard failure.withLock({ $0 == nil }) else { return }
            do throws(StoreError) {
                try body()
            } catch {
                failure.withLock { $0 = error }
            }
        }
    }

    private func check() throws(StoreError) {
        if let failure = failure.withLock({ $0 }) { throw failure }
    }

    /// Waits for a piece that was written, if all are on their way.
    private func take() -> AlignedPiece {
        room.wait()
        return spare.withLock { $0.popLast() } ?? AlignedPiece()
    }

    private func give(_ piece: AlignedPiece) {
        piece.clear()
        spare.withLock { $0.append(piece) }
        room.signal()
    }
}
