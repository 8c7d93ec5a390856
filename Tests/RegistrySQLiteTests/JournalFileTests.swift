import Foundation
import Testing

@testable import RegistrySQLite

@Suite struct JournalFileTests {
    /// Sizes that O_DIRECT takes, and one that it does not.
    @Test(arguments: [64 * 4096, 400_000])
    func whatIsStoredIsReadBack(size: Int) throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/journal"
            var expected = [UInt8](repeating: 0, count: size)
            var end = 0
            var byte: UInt8 = 1
            do {
                var file = try JournalFile(path: path, size: size)
                // Records, blocks, more than the room for a write, and odd sizes.
                for count in [32, 32, 4032, 1, 8191, 4096, 100_000, 32] {
                    let bytes = [UInt8](repeating: byte, count: count)
                    try file.store(bytes, at: end)
                    expected.replaceSubrange(end..<end + count, with: bytes)
                    end += count
                    byte += 1
                    #expect(try JournalFile.read(path, size: size).prefix(end) == expected.prefix(end))
                }
            }
            // A later process goes on in the middle of a block, and begins anew.
            var file = try JournalFile(path: path, size: size)
            try file.store([77, 78], at: end)
            expected.replaceSubrange(end..<end + 2, with: [77, 78])
            #expect(try JournalFile.read(path, size: size).prefix(end + 2) == expected.prefix(end + 2))
            try file.store([99], at: 0)
            #expect(try JournalFile.read(path, size: size).first == 99)
            let length = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
            #expect(length == size)
        }
    }

    @Test func theFileIsItsOwnersAlone() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/journal"
            _ = try JournalFile(path: path, size: 4096)
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }
}
