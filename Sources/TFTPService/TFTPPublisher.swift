internal import BootProtocols
internal import PacketIO
internal import Synchronization

/// A file that came whole and is still to be on the disk under its name.
struct TFTPPublication: Sendable {
    let id: TFTPSessionID
    let name: String
    let temporary: String
    let file: TFTPUploadedFile
    let directory: TFTPWriteDirectory

    /// Waits for the disk: what a client is told to be stored is there after a power cut, with its name.
    func perform() throws(SystemError) {
        try file.descriptor.synchronize()
        try directory.publish(temporary, as: name)
        try directory.descriptor.synchronize()
    }
}

/// Forces files to the disk on a thread of its own: transfers of others do not wait for it.
final class TFTPPublisher: Sendable {
    typealias Outcome = (id: TFTPSessionID, error: SystemError?)

    private struct State {
        var waiting: [TFTPPublication] = []
        var done: [Outcome] = []
        /// The thread is no more.
        var failure: SystemError?
    }

    private let state = Mutex(State())
    /// Wakes the thread here, and the one that waits for the outcome.
    private let waker: Waker
    private let client: Waker

    /// - Parameter client: woken when there is something for `takeOutcomes`.
    init(client: Waker) throws(SystemError) {
        self.client = client
        waker = try Waker()
    }

    /// At most as many wait as there are transfers.
    func add(_ publication: TFTPPublication) {
        let isOver = state.withLock { state in
            guard let failure = state.failure else {
                state.waiting.append(publication)
                return false
            }
            state.done.append((publication.id, failure))
            return true
        }
        (isOver ? client : waker).wake()
    }

    func takeOutcomes() -> [Outcome] {
        state.withLock { state in
            defer { state.done = [] }
            return state.done
        }
    }

    /// Starts the thread. What waits when it is stopped is done before it ends.
    func start() throws(SystemError) -> LoopThread {
        try LoopThread(name: "tftp-disk", waker: waker) { [self] in
            do throws(SystemError) {
                let poller = try Poller(waker: waker)
                repeat {
                    try poller.wait(milliseconds: nil) { _, _ in }
                    work()
                } while !waker.isStopRequested
            } catch {
                fail(error)
            }
        }
    }

    /// Without a descriptor to wait with, nothing is stored any more, and clients hear so.
    private func fail(_ error: SystemError) {
        state.withLock { state in
            state.failure = error
            state.done += state.waiting.map { ($0.id, error) }
            state.waiting = []
        }
        client.wake()
    }

    private func work() {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        for publication in waiting {
            var failure: SystemError?
            do throws(SystemError) {
                try publication.perform()
            } catch {
                failure = error
            }
            state.withLock { $0.done.append((publication.id, failure)) }
            client.wake()
        }
    }
}
