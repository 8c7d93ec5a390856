internal import Glibc
internal import PacketIO

/// A program that is waited for: how it ends, and what it writes.
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

    private let program: SpawnedProgram
    private let kept: Int

    /// - Parameters:
    ///   - arguments: behind its own name.
    ///   - input: what it reads from its standard input.
    ///   - kept: how many bytes of its output are kept beside the last lines.
    init(
        _ path: String, in root: String, arguments words: [String] = [], environment: [String], input: String? = nil,
        keeping kept: Int = 0
    ) throws(SystemError) {
        let program = try SpawnedProgram(
            path, in: root, words: [path] + words, environment: environment, input: input.map { Array($0.utf8) })
        // For the script it blocks, as programs expect.
        try systemCall("fcntl") { fcntl(program.output.raw, F_SETFL, O_NONBLOCK) }
        self.program = program
        self.kept = kept
    }

    /// Waits for its end, or kills it.
    /// - Parameter deadline: of `BootClock`.
    consuming func wait(until deadline: Int64) throws(SystemError) -> Ending {
        let id = program.id
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
        var wanted = pollfd(fd: program.output.raw, events: Int16(POLLIN), revents: 0)
        _ = poll(&wanted, 1, 100)
        // Its output closed and itself still there: no reason to turn round and round.
        if wanted.revents & Int16(POLLIN) == 0, wanted.revents != 0 { BootClock.sleep(milliseconds: 20) }
    }

    /// At most 1 MiB at a time, so that the deadline holds for one that never stops writing.
    private borrowing func read(into tail: inout OutputTail, _ first: inout [UInt8]) {
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        for _ in 0..<64 {
            let got = buffer.withUnsafeMutableBytes { Glibc.read(program.output.raw, $0.baseAddress, $0.count) }
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
