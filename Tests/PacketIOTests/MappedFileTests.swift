import BootProtocols
import Foundation
import Glibc
import PacketIO
import Testing

@Suite("Mapped files and blocks sent from them")
struct MappedFileTests {
    private static let loopback = IPv4Address(value: 0x7f00_0001)

    private func withFile(_ bytes: [UInt8], _ body: (String, MappedFile) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "perseid-map-\(UUID().uuidString)").path
        defer { unlink(path) }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        try body(path, MappedFile(ReadOnlyFile(FileDescriptor.open(path, O_RDONLY))))
    }

    /// Sends `file` to a socket of our own; gives what arrives.
    private func send(_ file: MappedFile, blockSize: Int, _ range: Range<Int>) throws -> [[UInt8]] {
        let server = try UDPSocket(.init(address: Self.loopback, port: 0))
        let client = try UDPSocket(.init(address: Self.loopback, port: 0, bufferSize: 1 << 20))
        var sender = BlockSender(headerSize: 4)
        let blocks = range.count / blockSize + 1
        let sent = try sender.send(
            file.bytes(range), blockSize: blockSize, blocks: blocks, over: server, to: client.local,
            from: Self.loopback
        ) { index, room in
            room.storeBytes(of: UInt32(index).bigEndian, as: UInt32.self)
        }
        #expect(sent == blocks)
        var batch = ReceiveBatch(capacity: 256, datagramSize: 9000)
        _ = try client.receive(into: &batch)
        var arrived: [[UInt8]] = []
        batch.forEachDatagram { arrived.append($1.withUnsafeBytes(Array.init)) }
        return arrived
    }

    @Test("blocks arrive in order, each behind its header, the last short or empty", arguments: [1000, 1468, 8000])
    func blocks(blockSize: Int) throws {
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
        try withFile(bytes) { _, file in
            for end in [100_000, blockSize * 5, 17] {
                let arrived = try send(file, blockSize: blockSize, 0..<end)
                #expect(arrived.count == end / blockSize + 1)
                #expect(arrived.flatMap { $0.dropFirst(4) } == Array(bytes[..<end]))
                #expect(arrived.enumerated().allSatisfy { Int($1[3]) == $0 & 255 })
            }
        }
    }

    @Test("a file that was cut off is EFAULT where its bytes are gone, and no signal; it is known to have changed")
    func shrunk() throws {
        try withFile([UInt8](repeating: 1, count: 100_000)) { path, file in
            #expect(!file.hasChanged)
            try systemCall("truncate") { truncate(path, 5000) }
            #expect(file.hasChanged)
            let error = #expect(throws: SystemError.self) {
                _ = try send(file, blockSize: 1000, 50_000..<60_000)
            }
            #expect(error?.isBadAddress == true)
        }
    }

    @Test("two openings of one file are the same until it is written")
    func identity() throws {
        try withFile([1, 2, 3]) { path, file in
            let again = try MappedFile.Identity(of: ReadOnlyFile(FileDescriptor.open(path, O_RDONLY)))
            #expect(again == file.identity)
            try Data([1, 2, 3, 4]).write(to: URL(fileURLWithPath: path))
            let other = try MappedFile.Identity(of: ReadOnlyFile(FileDescriptor.open(path, O_RDONLY)))
            #expect(other != file.identity)
        }
    }

    @Test("an empty file has no bytes; a range outside has none either")
    func empty() throws {
        try withFile([]) { _, file in #expect(file.bytes(0..<0).isEmpty) }
        try withFile([1]) { _, file in #expect(file.bytes(0..<2).isEmpty) }
    }

    @Test("the path to ourselves takes what loopback does")
    func mtu() throws {
        let loopback = try #require(try NetworkInterface.all().first { $0.isLoopback })
        #expect(pathMTU(to: Self.loopback) == min(loopback.mtu, 65535))
    }
}
