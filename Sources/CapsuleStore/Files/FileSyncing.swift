internal import Dispatch
internal import Synchronization

/// Brings files to stable storage, one after the other, while their writer goes on.
final class FileSyncing: Sendable {
    private let queue = DispatchQueue(label: "perseid.sync")
    private let failure = Mutex<StoreError?>(nil)

    /// Begins to sync a file that nobody writes to any more.
    func sync(_ path: String) {
        queue.async { [self] in
            do throws(StoreError) {
                try OpenFile.reading(path).sync()
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
        }
    }

    /// Waits until all are on stable storage.
    /// - Throws: what went wrong first.
    func wait() throws(StoreError) {
        queue.sync {}
        if let failure = failure.withLock({ $0 }) { throw failure }
    }
}
