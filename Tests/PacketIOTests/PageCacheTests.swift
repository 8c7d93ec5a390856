import Foundation
import Glibc
import PacketIO
import Testing

/// Whether temporary files are on a disk: in memory, as in a tmpfs, there is no page cache for them.
private let hasDisk: Bool = {
    let directory = FileManager.default.temporaryDirectory.path + "/"
    let mounts = (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? ""
    var longest = ""
    var type: Substring = ""
    for line in mounts.split(separator: "\n") {
        let words = line.split(separator: " ")
        guard words.count > 2 else { continue }
        let place = words[1] == "/" ? "/" : words[1] + "/"
        if directory.hasPrefix(place), place.count >= longest.count { (longest, type) = (String(place), words[2]) }
    }
    return type != "tmpfs"
}()

@Suite("Files brought into the page cache", .enabled(if: hasDisk))
struct PageCacheTests {
    private static let mebibyte = 1 << 20

    /// A file on the disk, of which nothing is in memory.
    private struct ColdFile: ~Copyable {
        let path: String

        init(size: Int) throws {
            path = FileManager.default.temporaryDirectory.appending(path: "perseid-cold-\(UUID().uuidString)").path
            try Data(repeating: 7, count: size).write(to: URL(fileURLWithPath: path))
            try leaveMemory()
        }

        deinit { unlink(path) }

        func leaveMemory() throws {
            let descriptor = try FileDescriptor.open(path, O_RDWR)
            #expect(fsync(descriptor.raw) == 0)
            #expect(posix_fadvise(descriptor.raw, 0, 0, Int32(POSIX_FADV_DONTNEED)) == 0)
        }

        func opened(inStretches: Bool = true) throws -> ReadOnlyFile {
            try ReadOnlyFile(FileDescriptor.open(path, O_RDONLY), inStretches: inStretches)
        }
    }

    @Test("a part comes with its whole stretch, and with no other")
    func stretches() throws {
        let size = ReadOnlyFile.stretch + 3 * Self.mebibyte + 5
        let cold = try ColdFile(size: size)
        let file = try cold.opened()
        #expect(!file.isResident(0..<1))
        #expect(try file.readAhead(Self.mebibyte..<Self.mebibyte + 1))
        #expect(file.isResident(0..<ReadOnlyFile.stretch))
        #expect(!file.isResident(ReadOnlyFile.stretch..<ReadOnlyFile.stretch + 1))
        #expect(!file.isResident(0..<size))
        _ = try file.readAhead(0..<size)
        #expect(file.isResident(0..<size) && file.isResident(size - 1..<size) && file.isResident(size..<size))
        #expect(try !file.readAhead(0..<size))
    }

    @Test("what is there already is not waited for, but looked at once for each opening")
    func warm() throws {
        let cold = try ColdFile(size: Self.mebibyte)
        let first = try cold.opened()
        #expect(try first.readAhead(0..<Self.mebibyte))
        let second = try cold.opened()
        #expect(!second.isResident(0..<Self.mebibyte))
        #expect(try !second.readAhead(0..<Self.mebibyte))
        #expect(second.isResident(0..<Self.mebibyte))
    }

    @Test("of other files a part comes alone, and what is in memory is not asked for twice")
    func parts() throws {
        let cold = try ColdFile(size: 8 * Self.mebibyte)
        let file = try cold.opened(inStretches: false)
        #expect(try file.readAhead(0..<Self.mebibyte))
        #expect(file.isResident(0..<Self.mebibyte))
        #expect(!file.isResident(6 * Self.mebibyte..<7 * Self.mebibyte))
        let other = try cold.opened(inStretches: false)
        #expect(other.isResident(0..<Self.mebibyte))
    }

    @Test("what cannot be read is an error", arguments: [false, true])
    func unreadable(inStretches: Bool) throws {
        // A directory opens, and no read of it succeeds.
        let file = try ReadOnlyFile(FileDescriptor.open("/tmp", O_RDONLY), inStretches: inStretches)
        try #require(file.size > 0)
        #expect(throws: SystemError.self) { try file.readAhead(0..<1) }
    }

    @Test("what has left the memory comes again")
    func again() throws {
        let cold = try ColdFile(size: 3 * Self.mebibyte)
        let file = try cold.opened()
        #expect(try file.readAhead(0..<Self.mebibyte))
        try cold.leaveMemory()
        #expect(!file.isResident(0..<Self.mebibyte))
        #expect(try file.readAhead(0..<Self.mebibyte))
        #expect(file.isResident(0..<Self.mebibyte))
    }

    @Test("a file that has been cut short is dealt with up to its end", arguments: [0, 1, 5000, 1 << 20])
    func shortened(length: Int) throws {
        let cold = try ColdFile(size: 3 * Self.mebibyte)
        let file = try cold.opened()
        #expect(truncate(cold.path, off_t(length)) == 0)
        _ = try file.readAhead(0..<3 * Self.mebibyte)
        // Sending tells what is wrong.
        #expect(file.isResident(0..<3 * Self.mebibyte))
    }

    @Test("many threads at once get what they want")
    func many() async throws {
        let cold = try ColdFile(size: 2 * ReadOnlyFile.stretch)
        let file = try cold.opened()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<64 {
                group.addTask {
                    let part = number % 32 * Self.mebibyte..<(number % 32 + 1) * Self.mebibyte
                    _ = try file.readAhead(part)
                    return file.isResident(part)
                }
            }
            for try await isResident in group { #expect(isResident) }
        }
    }
}
