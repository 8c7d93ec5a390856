import BootProtocols
import Foundation
import PacketIO
import Testing

@testable import TFTPService

@Suite("Files that clients write")
struct TFTPWriteDirectoryTests {
    private let path = FileManager.default.temporaryDirectory.appending(path: "perseid-put-\(UUID().uuidString)").path
    private let client = IPv4Endpoint(IPv4Address(value: 0x0a00_0001), port: 9)

    private func uploads(_ change: (inout TFTPWriteDirectory.Limits) -> Void = { _ in }) throws -> TFTPUploads {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        var limits = TFTPWriteDirectory.Limits()
        change(&limits)
        return try TFTPUploads(TFTPWriteDirectory(path: path, limits: limits), at: 0)
    }

    private func id(_ serial: UInt64) -> TFTPSessionID { TFTPSessionID(client: client, socket: 1, serial: serial) }

    private func contents() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }

    @Test("a file has its name when it is whole, and not before; nothing is overwritten")
    func whole() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        var uploads = try uploads()
        try uploads.create(id(1), TFTPRequest(fileName: "/dump"), at: 0)
        try uploads.store(id(1), ([1, 2] as [UInt8]).span.bytes, isLast: false)
        #expect(try contents() == [".upload-1"])
        let taken = #expect(throws: TFTPRefusal.self) {
            try uploads.create(id(2), TFTPRequest(fileName: "dump"), at: 0)
        }
        #expect(taken?.code == .fileExists)
        try uploads.store(id(1), ([3] as [UInt8]).span.bytes, isLast: true)
        #expect(try contents() == [".upload-1"])
        try #require(uploads.publication(of: id(1))).perform()
        uploads.settle(id(1))
        #expect(try contents() == ["dump"])
        #expect(try Data(contentsOf: URL(fileURLWithPath: path + "/dump")) == Data([1, 2, 3]))
        let exists = #expect(throws: TFTPRefusal.self) {
            try uploads.create(id(3), TFTPRequest(fileName: "dump"), at: 0)
        }
        #expect(exists?.code == .fileExists)
    }

    @Test("what is given up is removed, at the next start too")
    func dropped() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        var uploads = try uploads()
        try uploads.create(id(1), TFTPRequest(fileName: "a"), at: 0)
        try uploads.create(id(2), TFTPRequest(fileName: "b"), at: 0)
        uploads.drop(id(1))
        #expect(try contents() == [".upload-2"])
        _ = try self.uploads()
        #expect(try contents() == [])
    }

    @Test("each limit is kept: announced, of a file, of a client, of all")
    func limits() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        var uploads = try uploads {
            $0.file = 8192
            $0.client = 12_288
        }
        let announced = TFTPRequest(fileName: "a", options: [TFTPOption(.transferSize, 9000)])
        var refusal = #expect(throws: TFTPRefusal.self) { try uploads.create(id(1), announced, at: 0) }
        #expect(refusal?.code == .diskFull)
        try uploads.create(id(2), TFTPRequest(fileName: "a"), at: 0)
        let block = [UInt8](repeating: 1, count: 4096)
        try uploads.store(id(2), block.span.bytes, isLast: false)
        try uploads.store(id(2), block.span.bytes, isLast: false)
        refusal = #expect(throws: TFTPRefusal.self) { try uploads.store(id(2), block.span.bytes, isLast: false) }
        #expect(refusal == TFTPRefusal(.diskFull, "more than may be written here"))
        // Small files count too: 8 KiB are taken, one more of 4 KiB fits.
        try uploads.create(id(3), TFTPRequest(fileName: "b"), at: 0)
        refusal = #expect(throws: TFTPRefusal.self) { try uploads.create(id(4), TFTPRequest(fileName: "c"), at: 0) }
        #expect(refusal?.code == .diskFull)
        uploads.drop(id(2))
        try uploads.create(id(5), TFTPRequest(fileName: "c"), at: 0)
    }

    @Test(
        "names that are no plain file name are refused",
        arguments: ["..", "../x", "a/b", "a\\b", ".hidden", "", "/", "x\u{1b}y", String(repeating: "n", count: 201)])
    func names(name: String) throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        var uploads = try uploads()
        let refusal = #expect(throws: TFTPRefusal.self) {
            try uploads.create(id(1), TFTPRequest(fileName: name), at: 0)
        }
        #expect(refusal?.code == .accessViolation)
        #expect(try contents() == [])
    }

    @Test("text is kept with lines that end in LF, wherever a packet ends")
    func netascii() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        var uploads = try uploads()
        try uploads.create(id(1), TFTPRequest(fileName: "t", mode: .netascii), at: 0)
        try uploads.store(id(1), Array("a\r".utf8).span.bytes, isLast: false)
        try uploads.store(id(1), Array("\nb\r\0c\r".utf8).span.bytes, isLast: true)
        try #require(uploads.publication(of: id(1))).perform()
        #expect(try Data(contentsOf: URL(fileURLWithPath: path + "/t")) == Data("a\nb\rc\r".utf8))
    }
}
