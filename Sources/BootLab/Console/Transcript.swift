internal import Glibc
internal import PacketIO
internal import Synchronization

/// All that a machine's console or a program printed: bytes to a file as they come, lines with their arrival for
/// those who wait for one.
public final class Transcript: Sendable {
    /// A line and when its last byte arrived.
    public struct Line: Hashable, Sendable {
        public var text: String
        public var arrival: ContinuousClock.Instant
    }

    /// Whose words these are, as it stands in errors: `console of n001`.
    public let source: String
    /// The file with all bytes as they came.
    public let logPath: String

    private let log: FileDescriptor
    private let state = Mutex(State())

    private struct State {
        var text = TerminalText()
        var lines: [Line] = []
        var isFinished = false
        var listeners: [Int: AsyncStream<Line>.Continuation] = [:]
        var nextListener = 0

        mutating func add(_ line: Line) {
            lines.append(line)
            for listener in listeners.values { listener.yield(line) }
        }
    }

    /// Creates the log file, emptied if it was there.
    public init(of source: String, log path: String) throws(LabError) {
        self.source = source
        logPath = path
        do {
            log = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC)
        } catch {
            throw .system("cannot write the log of \(source): \(error)")
        }
    }

    /// The lines so far.
    public var lines: [Line] { state.withLock { $0.lines } }

    /// The last `count` lines, the unfinished one among them.
    public func lastLines(_ count: Int) -> [String] {
        state.withLock { state in
            let unfinished = state.text.unfinished
            return (state.lines.suffix(count).map(\.text) + (unfinished.isEmpty ? [] : [unfinished])).suffix(count)
        }
    }

    /// Takes what was just printed.
    public func append(_ bytes: UnsafeRawBufferPointer) {
        let arrival = ContinuousClock.now
        // A full disk must not end the boot that the log is about: the lines stay in memory.
        try? log.writeAll(bytes.bytes)
        state.withLock { state in
            for text in state.text.receive(bytes) { state.add(Line(text: text, arrival: arrival)) }
        }
    }

    /// No more will come: an unfinished line counts as one, and those who wait are told.
    public func finish() {
        let listeners = state.withLock { state -> [AsyncStream<Line>.Continuation] in
            guard !state.isFinished else { return [] }
            if let text = state.text.finish() { state.add(Line(text: text, arrival: .now)) }
            state.isFinished = true
            defer { state.listeners.removeAll() }
            return Array(state.listeners.values)
        }
        // Outside the lock: onTermination runs in here and takes it.
        for listener in listeners { listener.finish() }
    }

    /// All lines from the first one on, those to come as they come; ends when there will be no more.
    public func allLines() -> AsyncStream<Line> {
        AsyncStream { continuation in
            let number = state.withLock { state -> Int? in
                for line in state.lines { continuation.yield(line) }
                guard !state.isFinished else { return nil }
                state.nextListener += 1
                state.listeners[state.nextListener] = continuation
                return state.nextListener
            }
            guard let number else { return continuation.finish() }
            continuation.onTermination = { [weak self] _ in
                self?.state.withLock { _ = $0.listeners.removeValue(forKey: number) }
            }
        }
    }

    /// The first line that contains `text`, also one that came before the call. The timeout is waited out even when no
    /// more can come: `Program.running`, which knows why, cancels the wait.
    public func line(containing text: String, within timeout: Duration) async throws(LabError) -> Line {
        let found = await withTaskGroup(of: Outcome.self) { group in
            group.addTask {
                for await line in self.allLines() where line.text.contains(text) { return .found(line) }
                return .ended
            }
            group.addTask {
                try? await Task.sleep(for: timeout)
                return .late
            }
            defer { group.cancelAll() }
            for await outcome in group {
                switch outcome {
                case .found(let line): return line as Line?
                case .ended: continue
                case .late: return nil
                }
            }
            return nil
        }
        if let found { return found }
        throw .lineMissed(
            expected: text, within: timeout, source: source, log: logPath, lastLines: lastLines(12))
    }

    private enum Outcome: Sendable {
        case found(Line)
        case ended
        case late
    }
}
