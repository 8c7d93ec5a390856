import CapsuleFormat
import Foundation
import Testing

@Suite struct CpioWriterTests {
    private func archive() throws -> [UInt8] {
        var writer = CpioWriter()
        try writer.addFile("init", permissions: 0o755, contents: Array("#!/bin/sh\n".utf8))
        try writer.addFile("etc/perseid/trusted/0123456789abcdef.pub", contents: Array("key".utf8))
        try writer.addDirectory("etc/perseid")
        try writer.addSymbolicLink("lib", to: "usr/lib")
        try writer.addCharacterDevice("dev/console", permissions: 0o600, major: 5, minor: 1)
        try writer.addFile("empty", contents: [])
        return writer.finish()
    }

    @Test func otherProgramsReadIt() throws {
        let listing = try run("/usr/bin/cpio", ["-itv", "--quiet", "--numeric-uid-gid"], input: archive())
        let lines = listing.split(separator: "\n").map { $0.split(separator: " ", omittingEmptySubsequences: true) }
        #expect(
            lines.compactMap(\.first) == [
                "-rwxr-xr-x", "drwxr-xr-x", "drwxr-xr-x", "drwxr-xr-x", "-rw-r--r--", "lrwxrwxrwx", "drwxr-xr-x",
                "crw-------", "-rw-r--r--",
            ])
        #expect(listing.contains("etc/perseid/trusted/0123456789abcdef.pub"))
        #expect(listing.contains("lib -> usr/lib"))
        #expect(listing.contains("5,   1"))
    }

    @Test func contentsComeBack() throws {
        let text = try run("/usr/bin/cpio", ["-i", "--quiet", "--to-stdout", "init"], input: archive())
        #expect(text == "#!/bin/sh\n")
    }

    @Test func contentsThatStayOutOfMemoryGiveTheSameBytes() throws {
        let contents = Array("#!/bin/sh\n".utf8)
        var whole = CpioWriter()
        var pieces = CpioWriter()
        var bytes: [UInt8] = []
        for name in ["init", "usr/lib/a", "usr/lib/b"] {
            try whole.addFile(name, permissions: 0o755, contents: contents)
            bytes += try pieces.addFile(name, permissions: 0o755, size: contents.count) + contents
        }
        #expect(pieces.size == whole.size)
        #expect(bytes + pieces.finish() == whole.finish())
    }

    @Test func sameEntriesGiveTheSameBytesPaddedTo512() throws {
        let bytes = try archive()
        #expect(try archive() == bytes)
        #expect(bytes.count.isMultiple(of: 512))
    }

    @Test(arguments: ["", "/init", "a//b", "a/", "../x", "a/./b", "a\0b", "TRAILER!!!"])
    func badPathsAreRefused(path: String) {
        var writer = CpioWriter()
        #expect(throws: CpioError.badPath(path)) { try writer.addFile(path, contents: []) }
        #expect(writer.size == 0)
    }

    private func run(_ program: String, _ arguments: [String], input: [UInt8]) throws -> String {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try Data(input).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardInput = try FileHandle(forReadingFrom: file)
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return String(decoding: data, as: UTF8.self)
    }
}
