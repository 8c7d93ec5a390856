internal import CLinux
internal import Glibc
internal import PacketIO

/// A program that was started, and what it writes.
struct ScriptProcess: ~Copyable {
    enum Status: Hashable {
        case exited(Int32)
        case killed(Int32)
        /// Killed here, as it took too long.
        case late

        var text: String {
            switch self {
            case .exited(let status): "status \(status)"
            case .killed(let signal): "killed by signal \(signal)"
            case .late: "stopped, as it took too long"
            }
        }
    }

    struct Ending: Hashable {
        var status: Status
        var lastLines: String
        /// The first bytes of what it wrote, if they are kept.
        var output: [UInt8] = []
    }

    private let id: pid_t
    private let output: FileDescriptor
    private let kept: Int

    /// - Parameters:
    ///   - arguments: behind its own name.
    ///   - input: what it reads from its standard input.
    ///   - kept: how many bytes of its output are kept beside the last lines.
    init(
        _ path: String, in root: String, arguments words: [String] = [], environment: [String], input: String? = nil,
        keeping kept: Int = 0
    ) throws(SystemError) {
        self.kept = kept
        var ends: [Int32] = [-1, -1]
        try systemCall("pipe") { pipe(&ends) }
        let reader = FileDescriptor(owning: ends[0])
        let writer = FileDescriptor(owning: ends[1])
        for end in [reader.raw, writer.raw] { try systemCall("fcntl") { fcntl(end, F_SETFD, FD_CLOEXEC) } }
        // For the script it blocks, as programs expect.
        try systemCall("fcntl") { fcntl(reader.raw, F_SETFL, O_NONBLOCK) }
        var arguments: [UnsafeMutablePointer<CChar>?] = ([path] + words).map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var source: StreamFile?
        if let input { source = try Self.file(holding: input) }
        id = try systemCall("execve", path) {
            perseid_spawn_in(root, path, &arguments, &variables, source?.descriptor.raw ?? -1, writer.raw)
        }
        output = reader
    }

    /// A file in memory, open at its beginning.
    private static func file(holding text: String) throws(SystemError) -> StreamFile {
        let file = try Kexec.memoryFile("input")
        try file.descriptor.writeAll(Array(text.utf8).span.bytes)
        try systemCall("lseek") { lseek(file.descriptor.raw, 0, SEEK_SET) }
        return file
    }

    /// Waits for its end, or kills it.
    /// - Parameter deadline: of `BootClock`.
    consuming func wait(until deadline: Int64) throws(SystemError) -> Ending {
        var tail = OutputTail()
        var first: [UInt8] = []
        var late = false
        while true {
            var status: Int32 = 0
            let ended = try systemCall("waitpid") { waitpid(id, &status, late ? 0 : WNOHANG) } == id
            read(into: &tail, &first)
            if ended {
                // What it started in the background and did not detach from it.
                _ = kill(-id, SIGKILL)
                return Ending(status: late ? .late : Self.status(status), lastLines: tail.text, output: first)
            }
            if BootClock.milliseconds() >= deadline {
                late = true
                _ = kill(-id, SIGKILL)
            } else {
                waitForOutput()
            }
        }
    }

    private borrowing func waitForOutput() {
        var wanted = pollfd(fd: output.raw, events: Int16(POLLIN), revents: 0)
        _ = poll(&wanted, 1, 100)
        // Its output closed and itself still there: no reason to turn round and round.
        if wanted.revents & Int16(POLLIN) == 0, wanted.revents != 0 { BootClock.sleep(milliseconds: 20) }
    }

    /// At most 1 MiB at a time, so that the deadline holds for one that never stops writing.
    private borrowing func read(into tail: inout OutputTail, _ first: inout [UInt8]) {
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        for _ in 0..<64 {
            let got = buffer.withUnsafeMutableBytes { Glibc.read(output.raw, $0.baseAddress, $0.count) }
            guard got > 0 else { return }
            tail.add(buffer.prefix(got))
            if first.count < kept { first += buffer.prefix(min(got, kept - first.count)) }
        }
    }

    /// wait(2)'s macros, which Swift does not import.
    private static func status(_ word: Int32) -> Status {
        let signal = word & 0x7f
        return signal == 0 ? .exited((word >> 8) & 0xff) : .killed(signal)
    }
}

/// The last lines of what a program writes: at most 8, and 700 bytes.
struct OutputTail {
    private static let lines = 8
    private static let size = 700
    private var bytes: [UInt8] = []

    mutating func add(_ more: ArraySlice<UInt8>) {
        bytes += more
        if bytes.count > Self.size { bytes.removeFirst(bytes.count - Self.size) }
    }

    /// One line of text, ` | ` between those that were written.
    var text: String {
        let ends: [UInt8] = [0x0A, 0x0D]
        let parts = bytes.split { ends.contains($0) }.suffix(Self.lines)
        return Console.oneLine(parts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " | "))
    }
}
