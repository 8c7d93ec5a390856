internal import Glibc

/// Where the agent says what it does: one line a step, with the time since the kernel's start.
package struct Console: Sendable {
    private let descriptor: Int32

    /// Writes to standard error: /dev/console for PID 1, the journal for a service.
    package init() {
        descriptor = STDERR_FILENO
    }

    /// Writes `[    3.214] perseid: text`. A console that takes nothing is no reason to stop.
    package func line(_ text: String) {
        let now = BootClock.milliseconds()
        let seconds = String(now / 1000)
        let fraction = String(1000 + now % 1000).dropFirst()
        let padding = String(repeating: " ", count: max(0, 5 - seconds.utf8.count))
        let bytes = Array("[\(padding)\(seconds).\(fraction)] perseid: \(Self.oneLine(text))\n".utf8)
        var done = 0
        while done < bytes.count {
            let written = bytes[done...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 && errno == EINTR { continue }
            if written <= 0 { return }
            done += written
        }
    }

    /// Text of a server or a device cannot send control sequences to somebody's terminal.
    static func oneLine(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : $0 }))
    }
}
