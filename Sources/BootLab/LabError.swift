/// What went wrong in the lab, where, and what to do about it.
public enum LabError: Error, Hashable, Sendable {
    /// Namespaces, taps and mounts need root.
    case notRoot
    /// A program that the lab runs is not on PATH.
    case programMissing(program: String, package: String?)
    /// A program ended with another status than 0.
    case programFailed(command: String, status: String, output: String)
    /// A program that had to stay, a server or a machine, ended before the work with it was done.
    case programEnded(program: String, status: String, log: String, lastLines: [String])
    /// A line that had to come did not come in time.
    case lineMissed(expected: String, within: Duration, source: String, log: String, lastLines: [String])
    /// A file that the lab needs is not there.
    case fileMissing(path: String, package: String?)
    /// A system call failed.
    case system(String)
}

extension LabError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notRoot:
            "the lab makes network, mount and process namespaces and needs root: run it with sudo"
        case .programMissing(let program, let package):
            "no program \(program) on PATH" + Self.advice(package)
        case .programFailed(let command, let status, let output):
            "\(command) failed (\(status))" + (output.isEmpty ? "" : ": " + output)
        case .programEnded(let program, let status, let log, let lastLines):
            "\(program) ended before its time (\(status)); \(Self.tail(log, lastLines))"
        case .lineMissed(let expected, let within, let source, let log, let lastLines):
            "no \"\(expected)\" from \(source) within \(within.components.seconds) s; \(Self.tail(log, lastLines))"
        case .fileMissing(let path, let package):
            "no file \(path)" + Self.advice(package)
        case .system(let text):
            text
        }
    }

    private static func advice(_ package: String?) -> String {
        package.map { ": install the Debian package \($0) (make deps does)" } ?? ""
    }

    private static func tail(_ log: String, _ lines: [String]) -> String {
        guard !lines.isEmpty else { return "it printed nothing; its log is \(log)" }
        return "all of it is in \(log), its last lines are:\n" + lines.map { "  | \($0)" }.joined(separator: "\n")
    }
}
