import PacketIO
import ServiceLifecycle

/// A server that runs on a thread of its own, as a service of the daemon.
struct LoopService: Service {
    let start: @Sendable (_ ended: @escaping @Sendable (SystemError?) -> Void) throws -> LoopThread
    let stop: @Sendable () -> Void

    func run() async throws {
        try await withGracefulShutdownHandler {
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
        } onGracefulShutdown: {
            stop()
        }
    }
}

/// A part of the daemon that is a loop over time or events and ends when it is cancelled.
struct TaskService: Service {
    let body: @Sendable () async throws -> Void

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            try await body()
        }
    }
}
