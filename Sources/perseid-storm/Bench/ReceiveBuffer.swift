import BootLab
import Foundation

/// The receive buffer of sockets that ask for no size: perfdhcp's is one. The standard holds some 160 answers, which two
/// busy cores do not always take in time; what is lost there is no server's loss. All namespaces share the setting
/// (net.core.rmem_default, socket(7)), and only the host's may change it.
enum ReceiveBuffer {
    private static let path = "/proc/sys/net/core/rmem_default"
    /// Bytes: some 3,000 answers.
    private static let wanted = 4 << 20

    /// Bytes.
    static func size() throws -> Int {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        guard let size = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw LabError.system("\(path) holds no number: \(text)")
        }
        return size
    }

    /// Makes it large enough for the race; gives what it was, to be `set` again, or nil if it was large enough.
    static func raise() throws -> Int? {
        let before = try size()
        guard before < wanted else { return nil }
        try set(wanted)
        return before
    }

    static func set(_ size: Int) throws {
        guard let file = FileHandle(forWritingAtPath: path) else { throw LabError.system("\(path) cannot be written") }
        defer { try? file.close() }
        try file.write(contentsOf: Data("\(size)\n".utf8))
    }
}
