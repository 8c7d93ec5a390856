import ArgumentParser
import Foundation
import Glibc
import PacketIO

/// A list as it is given to a command.
enum ListText {
    /// Bytes that a list may have.
    private static let largest = 32 << 20

    /// The text of a file, or of standard input where the path is `-`.
    static func read(_ path: String) throws -> String {
        let bytes =
            if path == "-" {
                try FileHandle.standardInput.read(upToCount: largest + 1).map(Array.init) ?? []
            } else {
                try FileDescriptor.open(path, O_RDONLY).readAll(limit: largest + 1)
            }
        guard bytes.count <= largest else { throw ValidationError("\(path) has more than \(largest >> 20) MiB") }
        guard let text = String(bytes: bytes, encoding: .utf8) else {
            throw ValidationError("\(path) is not UTF-8 text")
        }
        return text
    }
}
