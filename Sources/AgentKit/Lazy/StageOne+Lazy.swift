internal import BootMachine
internal import CLinux
internal import CapsuleFormat
internal import Glibc
internal import PacketIO

extension StageOne {
    /// Starts the process that brings the images; the root can be mounted then, and reads wait for what they read.
    /// Where that cannot be, for want of `nbd` or of a device, all is fetched first as ever.
    /// - Returns: whether it runs.
    mutating func startLazily(_ contents: CapsuleContents, _ plan: Plan) -> Bool {
        if let lazyRoot {
            if lazyRoot.generation == contents.generation { return true }
            lazyRoot.end()
            self.lazyRoot = nil
        }
        modules.load(named: "nbd")
        let text: String
        do throws(SystemError) {
            try LeftImages.leave(contents.head, keys: trusted)
            let next = LazyRootSettings(
                capsule: "\(contents.generation)", servers: settings.servers, sources: sources(plan),
                token: session.api.token, bytesPerSecond: plan.bytesPerSecond, trace: trace(of: contents))
            lazyRoot = try LazyRootProcess(next, of: contents.generation)
            text =
                "\(contents.generation) is fetched while it runs"
                + (next.trace.isEmpty ? "" : ", \(next.trace.count) chunks first that a boot reads first")
        } catch {
            console.line("\(contents.generation) is fetched before it runs: \(error)")
            return false
        }
        console.line(text)
        session.report(AgentReport(kind: .progress, detail: text))
        return true
    }

    /// Without one the boot is slower, and no worse.
    private mutating func trace(of contents: CapsuleContents) -> [Int] {
        do throws(NodeAPIError) {
            return try session.api.trace(of: "\(contents.generation)")
        } catch {
            console.line("\(error)")
            return []
        }
    }
}

/// The process that `LazyRoot` is.
struct LazyRootProcess {
    let generation: CapsuleGeneration
    private let id: pid_t

    /// Starts it, and waits until its devices are there.
    init(_ settings: LazyRootSettings, of generation: CapsuleGeneration) throws(SystemError) {
        let input: [UInt8]
        do throws(JSONError) { input = try JSONBytes.encode(settings) } catch {
            throw SystemError(call: "encode", code: EINVAL, context: "\(error)")
        }
        let (id, line) = try Self.start(input)
        guard line == LazyRootSettings.ready else {
            throw SystemError(call: "start", code: ECHILD, context: line)
        }
        self.generation = generation
        self.id = id
    }

    /// Takes its devices away, and waits until they are free.
    func end() {
        kill(id, SIGKILL)
        let limit = BootClock.milliseconds() + 10_000
        while kill(id, 0) == 0, BootClock.milliseconds() < limit { BootClock.sleep(milliseconds: 20) }
    }

    /// - Returns: the process, and the first line that it says.
    private static func start(_ input: [UInt8]) throws(SystemError) -> (pid_t, String) {
        let file = try Kexec.memoryFile("lazy-root")
        try file.descriptor.writeAll(input.span.bytes)
        try systemCall("lseek") { lseek(file.descriptor.raw, 0, SEEK_SET) }
        var ends: [Int32] = [-1, -1]
        try systemCall("pipe") { pipe(&ends) }
        let reader = FileDescriptor(owning: ends[0])
        var arguments: [UnsafeMutablePointer<CChar>?] =
            [strdup(LazyRootSettings.processName), strdup(LazyRootSettings.command), nil]
        var variables: [UnsafeMutablePointer<CChar>?] = [nil]
        defer { for text in arguments { free(text) } }
        let id: pid_t
        do {
            let writer = FileDescriptor(owning: ends[1])
            for end in [reader.raw, writer.raw] { try systemCall("fcntl") { fcntl(end, F_SETFD, FD_CLOEXEC) } }
            id = try systemCall("execve", LazyRootSettings.processName) {
                perseid_spawn_in("/", "/proc/self/exe", &arguments, &variables, file.descriptor.raw, writer.raw)
            }
        }
        return (id, String(decoding: readLine(reader), as: UTF8.self))
    }

    private static func readLine(_ reader: borrowing FileDescriptor) -> [UInt8] {
        var line: [UInt8] = []
        var byte = [UInt8](repeating: 0, count: 1)
        while line.count < 4096 {
            let count = read(reader.raw, &byte, 1)
            if count < 0 && errno == EINTR { continue }
            guard count == 1, byte[0] != 0x0A else { break }
            line.append(byte[0])
        }
        return line
    }
}
