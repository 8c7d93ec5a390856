import Foundation
import Glibc
import PacketIO

/// A file that is being fetched: it gets its name when it is whole.
final class DownloadFile {
    private let target: String
    private let temporary: String?
    private let file: FileDescriptor
    /// Small blocks are gathered, so that each does not cost a call.
    private var pending: [UInt8] = []
    private static let gathered = 256 << 10

    /// - Parameter target: a path, or `-` for standard output. What is no regular file, `/dev/null`, is written to as
    ///   it is.
    init(_ target: String) throws(SystemError) {
        self.target = target
        if target == "-" {
            temporary = nil
            file = FileDescriptor(owning: try systemCall("dup") { dup(STDOUT_FILENO) })
        } else if let status = FileStatus(of: target), !status.isRegular {
            temporary = nil
            file = try FileDescriptor.open(target, O_WRONLY)
        } else {
            let name = "\(target).part-\(getpid())"
            file = try FileDescriptor.open(name, O_WRONLY | O_CREAT | O_EXCL)
            temporary = name
        }
        pending.reserveCapacity(Self.gathered + 65536)
    }

    deinit {
        if let temporary { unlink(temporary) }
    }

    func write(_ bytes: RawSpan) throws(SystemError) {
        bytes.withUnsafeBytes { pending.append(contentsOf: $0) }
        if pending.count >= Self.gathered { try flush() }
    }

    private func flush() throws(SystemError) {
        let bytes = pending
        pending = []
        try file.writeAll(bytes.span.bytes)
    }

    /// Writes what is left and gives the file its name, in place of an older one.
    func publish() throws(SystemError) {
        try flush()
        guard let temporary else { return }
        try systemCall("rename", target) { rename(temporary, target) }
    }
}
