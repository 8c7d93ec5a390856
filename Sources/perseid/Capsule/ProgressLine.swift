import CapsuleFormat
import CapsuleStore
import Foundation
import Synchronization

/// The progress of something long on one line of a terminal; a line a phase where there is no terminal.
final class ProgressLine: Sendable {
    private struct State {
        var phase: String?
        var began = ContinuousClock.now
        var shown = ContinuousClock.now
    }

    private let state = Mutex(State())
    let isTerminal = isatty(STDERR_FILENO) == 1

    func show(_ progress: CapsuleBuildProgress) {
        show(Self.name(of: progress.phase), done: progress.done, total: progress.total)
    }

    /// - Parameters:
    ///   - phase: what is being done, `reading x.capsule`.
    ///   - done: bytes; 0 where nobody tells.
    ///   - total: nil where nobody knows.
    func show(_ phase: String, done: Int64, total: Int64?) {
        let now = ContinuousClock.now
        let text: String? = state.withLock { state in
            let isNew = state.phase != phase
            if isNew {
                state.phase = phase
                state.began = now
            }
            guard isNew || (isTerminal && now - state.shown > .milliseconds(200)) else { return nil }
            state.shown = now
            // A log gets the phase alone: how far it was at its first byte says nothing.
            return isTerminal ? Self.text(phase, done, total, elapsed: now - state.began) : phase
        }
        guard let text else { return }
        write(isTerminal ? "\r\u{1b}[K\(text)" : text + "\n")
    }

    /// Leaves the line for what is printed next.
    func end() {
        let isShown = state.withLock { state in
            defer { state.phase = nil }
            return state.phase != nil
        }
        if isShown, isTerminal { write("\r\u{1b}[K") }
    }

    private func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }

    private static func text(_ name: String, _ done: Int64, _ total: Int64?, elapsed: Duration) -> String {
        guard done > 0 else { return name }
        guard let total, total > 0 else { return "\(name): \(ByteCount.text(done))" }
        var text = "\(name): \(done * 100 / total) % of \(ByteCount.text(total))"
        let seconds = elapsed / .seconds(1)
        if seconds > 0.5 {
            let rate = Double(done) / seconds
            let left = Double(total - done) / rate
            text += ", \(ByteCount.text(Int64(rate)))/s, \(Int(left.rounded(.up))) s left"
        }
        return text
    }

    private static func name(of phase: CapsuleBuildProgress.Phase) -> String {
        switch phase {
        case .kernel: "getting the kernel"
        case .root: "making the root file system"
        case .packing(let role): "packing \(role.rawValue)"
        case .chunking(let role): "storing \(role.rawValue)"
        case .publishing: "publishing"
        }
    }
}

/// Sizes for people.
enum ByteCount {
    /// `512 B`, `3.4 MB`: decimal units, as disks and networks are sold.
    static func text(_ bytes: Int64) -> String {
        guard bytes >= 1000 else { return "\(bytes) B" }
        var value = Double(bytes)
        var unit = "B"
        for next in ["kB", "MB", "GB", "TB"] where value >= 1000 {
            value /= 1000
            unit = next
        }
        return String(format: "%.1f %@", value, unit)
    }
}
