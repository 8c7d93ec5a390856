internal import Glibc
package import PacketIO

/// What is typed at a machine's serial console.
public struct Keyboard: Sendable {
    /// What the machine reads.
    package let reader: KeyboardEnd
    private let writer: KeyboardEnd

    init() throws(LabError) {
        var ends: [Int32] = [-1, -1]
        do {
            try systemCall("pipe") { pipe(&ends) }
            for end in ends { try systemCall("fcntl") { fcntl(end, F_SETFD, FD_CLOEXEC) } }
        } catch {
            throw .system("no keyboard for a machine: \(error)")
        }
        (reader, writer) = (KeyboardEnd(ends[0]), KeyboardEnd(ends[1]))
    }

    /// Types a text; a line ends with `\n`. Nobody may be there to read it.
    public func type(_ text: String) throws(LabError) {
        do {
            try writer.descriptor.writeAll(Array(text.utf8).span.bytes)
        } catch {
            throw .system("cannot type at a machine: \(error)")
        }
    }
}

/// One end of the cable, closed when nobody has it any more.
package final class KeyboardEnd: Sendable {
    package let descriptor: FileDescriptor

    init(_ raw: Int32) { descriptor = FileDescriptor(owning: raw) }
}
