import PacketIO
import ServiceLifecycle

/// A server that runs on a thread of its own, as a service of the daemon.
struct LoopService: Service {
    let start: @Sendable (_ ended: @escaping @Sendable (SystemError?) -> Void) throws -> LoopThread
    let stop: @Sendable () -> Void

    func run() async throws {
        // Both: a sibling that fails has the whole group cancelled.
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                do {
                    // The thread goes on by itself; the continuation is what its end is told by.
                    _ = try start { error in
                        if let error { continuation.resume(throwing: error) } else { continuation.resume() }
                    }
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        } onCancelOrGracefulShutdown: {
            stop()
        }
    }
}

/// A part of the daemon that is a loop over time or events and ends when it is cancelled.
struct TaskService: Service {
    let body: @Sendable () async throws -> Void

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            do {
                try await body()
            } catch is CancellationError {
                // The end that was asked for.
            }
        }
    }
}
