internal import CLinux
internal import Glibc
internal import PacketIO

/// A program that runs beside this one, and the end of the pipe that it writes to.
struct SpawnedProgram: ~Copyable {
    /// Of its process, which leads a session of its own.
    let id: pid_t
    /// What it writes to its standard output and its standard error.
    let output: FileDescriptor

    /// - Parameters:
    ///   - words: its arguments, its own name first.
    ///   - environment: `NAME=VALUE`; nothing else is there.
    ///   - input: what it reads from its standard input; nothing where it is nil.
    init(
        _ path: String, in root: String, words: [String], environment: [String], input: [UInt8]? = nil
    ) throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        try systemCall("pipe") { pipe(&ends) }
        let reader = FileDescriptor(owning: ends[0])
        // Closed at the end of this: the output ends when nobody writes to it any more.
        let writer = FileDescriptor(owning: ends[1])
        for end in [reader.raw, writer.raw] { try systemCall("fcntl") { fcntl(end, F_SETFD, FD_CLOEXEC) } }
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
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
    private static func file(holding bytes: [UInt8]) throws(SystemError) -> StreamFile {
        let file = try Kexec.memoryFile("input")
        try file.descriptor.writeAll(bytes.span.bytes)
        try systemCall("lseek") { lseek(file.descriptor.raw, 0, SEEK_SET) }
        return file
    }
}
