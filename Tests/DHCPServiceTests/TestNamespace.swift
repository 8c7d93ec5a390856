import Foundation
import Glibc

/// A network namespace of a test's own. It lives as long as its process, which goes with `close` at the latest
/// after ten minutes, and takes all interfaces with it.
final class TestNamespace: Sendable {
    /// Root on a kernel that lets it make namespaces, and with the programs that the tests run.
    static let isPossible: Bool =
        getuid() == 0 && run(["unshare", "-n", "true"]).status == 0 && run(["busybox", "udhcpc", "--help"]).status == 0

    struct Result: Sendable {
        var status: Int32
        /// Standard output and standard error.
        var output: String
    }

    let processID: Int32
    private let holder: SpawnedProgram

    init() throws {
        // The kernel ends `sleep` with us if we are killed.
        holder = try SpawnedProgram(["unshare", "-n", "--", "setpriv", "--pdeathsig", "KILL", "sleep", "600"])
        processID = holder.processID
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/net")
        while try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(processID)/ns/net") == own {
            usleep(1000)
        }
    }

    func close() {
        holder.kill()
    }

    /// Runs a program in the namespace and waits for its end.
    @discardableResult
    func run(_ arguments: [String]) -> Result {
        Self.run(["nsenter", "-t", "\(processID)", "-n", "--"] + arguments)
    }

    /// Runs `body` on a thread of its own in the namespace; threads that it starts are in it too.
    func enter<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
        let box = Box<Value>()
        let thread = Thread { [processID] in
            box.value = Swift.Result {
                guard let call = dlsym(nil, "setns") else { throw NamespaceError.noCall }
                let setns = unsafeBitCast(call, to: (@convention(c) (Int32, Int32) -> Int32).self)
                let file = open("/proc/\(processID)/ns/net", O_RDONLY | O_CLOEXEC)
                defer { Glibc.close(file) }
                guard setns(file, 0) == 0 else { throw NamespaceError.failed(errno) }
                return try body()
            }
            box.done.signal()
        }
        thread.start()
        box.done.wait()
        guard let value = box.value else { throw NamespaceError.noCall }
        return try value.get()
    }

    private enum NamespaceError: Error {
        case noCall
        case failed(Int32)
    }

    /// Written by the thread before the signal, read after it.
    private final class Box<Value: Sendable>: @unchecked Sendable {
        var value: Swift.Result<Value, any Error>?
        let done = DispatchSemaphore(value: 0)
    }

    private static func run(_ arguments: [String]) -> Result {
        do {
            let ended = try SpawnedProgram(arguments).wait()
            return Result(status: ended.status, output: ended.output)
        } catch {
            return Result(status: -1, output: "\(error)")
        }
    }
}
