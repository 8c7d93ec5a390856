internal import CLinux
internal import Glibc
internal import Synchronization

/// A thread of its own for one event loop, so that no loop waits for a pool of shared threads.
public final class LoopThread: Sendable {
    /// Asks the loop to end.
    public let waker: Waker
    private let thread: Mutex<pthread_t?>

    /// Starts `body` on a new thread called `name` (the kernel keeps 15 bytes). `body` is to return soon after
    /// `waker.isStopRequested`.
    public init(name: String, waker: Waker, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        self.waker = waker
        let start = Unmanaged.passRetained(ThreadStart(name: name, body: body))
        var thread = pthread_t()
        let code = pthread_create(&thread, nil, { runThread($0) }, start.toOpaque())
        guard code == 0 else {
            start.release()
            throw SystemError(call: "pthread_create", code: code, context: "thread \(name)")
        }
        self.thread = Mutex(thread)
    }

    /// Waits until the thread has ended. Later calls return at once.
    public func join() {
        let waiting = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        if let waiting { pthread_join(waiting, nil) }
    }

    /// Asks the loop to end and waits until it has.
    public func stop() {
        waker.requestStop()
        join()
    }

    deinit {
        // The thread goes on; nobody will ask how it ended.
        thread.withLock { thread in
            if let thread { pthread_detach(thread) }
        }
    }
}

private final class ThreadStart: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }
}

private func runThread(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    let start = Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue()
    perseid_name_thread(start.name)
    start.body()
    return nil
}
