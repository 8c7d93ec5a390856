import BootProtocols
import Foundation
import PacketIO
import Synchronization
import TFTPService
import Testing

private let loopback = IPv4Address(value: 0x7f00_0001)

/// Files in memory.
private struct Files: TFTPContent {
    var files: [String: TFTPSource]

    func lookup(_ name: String, for client: TFTPClient) throws(TFTPRefusal) -> TFTPSource {
        guard let source = files[name] else { throw .notFound }
        return source
    }
}

/// Reports as they come, from the server's thread.
private final class Reports: Sendable {
    private let transfers = Mutex<[TFTPTransfer]>([])

    func add(_ transfer: TFTPTransfer) { transfers.withLock { $0.append(transfer) } }
    var all: [TFTPTransfer] { transfers.withLock { $0 } }
}

/// A server on a port that the kernel chooses; stopped at the end.
private final class LiveServer {
    let server: TFTPServer
    let reports = Reports()
    private let thread: LoopThread

    init(
        _ content: any TFTPContent, writes: TFTPWriteDirectory? = nil,
        _ change: (inout TFTPSettings) -> Void = { _ in }
    ) throws {
        var settings = TFTPSettings()
        change(&settings)
        let reports = reports
        server = try TFTPServer(
            .init(address: loopback, port: 0), settings: settings, content: content, writes: writes,
            report: { reports.add($0) })
        thread = try server.start { error in
            if let error { Issue.record("the server ended: \(error)") }
        }
    }

    deinit { thread.stop() }

    /// What the server reported, once there are `count` reports. The last ACK may be under way when a client ends.
    func reported(_ count: Int) -> [TFTPTransfer] {
        for _ in 0..<6000 where reports.all.count < count { usleep(10_000) }
        return reports.all
    }

    func stop() { thread.stop() }

    func url(_ name: String) -> String { "tftp://\(server.local)/\(name)" }
}

/// curl, which these tests need: what it wrote, and its exit status.
private func curl(_ arguments: [String]) throws -> (output: [UInt8], status: Int32) {
    let output = temporaryPath()
    defer { unlink(output) }
    let words = ["curl", "--disable", "--silent", "--noproxy", "*", "--max-time", "60", "--output", output]
    var pointers = (words + arguments).map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    // Not Foundation's Process: on a thread without a run loop it can miss the end of its child.
    var pid: pid_t = 0
    let code = posix_spawnp(&pid, words[0], nil, nil, &pointers, nil)
    guard code == 0 else { throw SystemError(call: "posix_spawnp", code: code, context: words[0]) }
    var status: Int32 = 0
    try systemCall("waitpid") { waitpid(pid, &status, 0) }
    let file = try? FileDescriptor.open(output, O_RDONLY)
    return (try file?.readAll(limit: 64 << 20) ?? [], status >> 8)
}

private func temporaryPath() -> String {
    FileManager.default.temporaryDirectory.appending(path: "perseid-tftp-\(UUID().uuidString)").path
}

/// Bytes that tell every block from its neighbours.
private func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8 &* 17) }
}

@Suite("TFTP server with curl")
struct TFTPServerCurlTests {
    @Test(
        "curl gets every byte",
        arguments: [
            ([], 512), (["--tftp-no-options"], 512), (["--tftp-blksize", "1468"], 1468),
            (["--tftp-blksize", "65464"], 65464),
        ] as [([String], Int)],
        [1, 511, 512, 3_000_001])
    func wholeFile(options: (arguments: [String], blockSize: Int), size: Int) throws {
        let content = bytes(size)
        let live = try LiveServer(Files(files: ["image": .bytes(content)]))
        let (output, status) = try curl(options.arguments + [live.url("image")])
        #expect(status == 0)
        #expect(output == content)
        let report = try #require(live.reported(1).first)
        #expect(report.outcome == .complete)
        #expect((report.bytes, report.size, report.blockSize) == (size, size, options.blockSize))
        #expect(report.client.localAddress == loopback)
    }

    @Test("curl gets an empty file")
    func emptyFile() throws {
        // Without options: curl takes a size of 0 in an OACK for an error.
        let live = try LiveServer(Files(files: ["empty": .bytes([])]))
        let (output, status) = try curl(["--tftp-no-options", live.url("empty")])
        #expect(status == 0)
        #expect(output.isEmpty)
        #expect(live.reported(1).map(\.outcome) == [.complete])
    }

    @Test("curl gets a file over the end of the block numbers, from one port")
    func rolloverFromOnePort() throws {
        let content = bytes(8 * 65_600)
        let live = try LiveServer(Files(files: ["image": .bytes(content)])) { $0.transferPorts = 0 }
        let (output, status) = try curl(["--tftp-blksize", "8", live.url("image")])
        #expect(status == 0)
        #expect(output == content)
        #expect(live.reported(1).map(\.outcome) == [.complete])
    }

    @Test("a directory serves its files and nothing beside it")
    func directory() throws {
        let base = FileManager.default.temporaryDirectory.appending(path: "perseid-tftp-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: base) }
        let root = base.appending(path: "root")
        try FileManager.default.createDirectory(
            at: root.appending(path: "grub"), withIntermediateDirectories: true)
        let content = bytes(100_000)
        try Data(content).write(to: root.appending(path: "grub/grub.cfg"))
        try Data("secret".utf8).write(to: base.appending(path: "secret"))
        try FileManager.default.createSymbolicLink(
            atPath: root.appending(path: "link").path, withDestinationPath: "../secret")
        let live = try LiveServer(TFTPDirectory(ConfinedDirectory(path: root.path)))
        // curl drops the first slash of the path: two of them ask for `/grub/grub.cfg`, as GRUB does.
        for name in ["grub/grub.cfg", "/grub/grub.cfg"] {
            #expect(try curl(["--path-as-is", live.url(name)]).output == content)
        }
        // 68: file not found, 69: permission.
        #expect(try curl([live.url("missing")]).status == 68)
        #expect(try curl([live.url("grub")]).status == 68)
        #expect(try curl(["--path-as-is", live.url("../secret")]).status == 69)
        #expect(try curl(["--path-as-is", live.url("grub/../../secret")]).status == 69)
        #expect(try curl([live.url("link")]).status == 69)
        let outcomes = live.reported(7).map(\.outcome)
        #expect(outcomes.filter { $0 == .complete }.count == 2)
        #expect(outcomes.filter { $0 == .refused("bad file name: it has ..") }.count == 2)
        #expect(outcomes.filter { $0 == .refused("a link leads out of the served directory") }.count == 1)
        #expect(outcomes.filter { $0 == .refused("no such file") || $0 == .refused("file not found") }.count == 2)
    }

    @Test("text is translated where it is asked for")
    func netascii() throws {
        let live = try LiveServer(Files(files: ["grub.cfg": .bytes(Array("a\nb\r\n".utf8))]))
        // curl writes what comes as it is.
        let (output, status) = try curl(["--use-ascii", live.url("grub.cfg")])
        #expect(status == 0)
        #expect(output == Array("a\r\nb\r\0\r\n".utf8))
        #expect(live.reported(1).map(\.size) == [8])
    }

    @Test("curl puts a file where a directory is set for it, and not a second time")
    func put() throws {
        let path = temporaryPath()
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let content = bytes(200_000)
        let source = temporaryPath()
        try Data(content).write(to: URL(fileURLWithPath: source))
        defer { unlink(source) }
        let live = try LiveServer(Files(files: [:]), writes: TFTPWriteDirectory(path: path))
        #expect(try curl(["--tftp-blksize", "1400", "--upload-file", source, live.url("dump")]).status == 0)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path + "/dump")) == Data(content))
        // 73: file exists.
        #expect(try curl(["--upload-file", source, live.url("dump")]).status == 73)
        #expect(live.reported(2).map(\.outcome) == [.complete, .refused("file exists")])
        #expect(live.reports.all.first?.bytes == content.count)
    }

    @Test("writing is refused, and the server goes on")
    func upload() throws {
        let live = try LiveServer(Files(files: ["f": .bytes([1])]))
        #expect(try curl(["--upload-file", #filePath, live.url("f")]).status == 69)
        #expect(try curl([live.url("f")]).output == [1])
        #expect(live.reported(2).map(\.outcome) == [.refused("this server only reads"), .complete])
    }
}

@Suite("TFTP server with a client of our own")
struct TFTPServerWindowTests {
    /// Waits for a packet; gives its bytes and its sender.
    private func receive(
        _ socket: borrowing UDPSocket, _ batch: inout ReceiveBatch
    ) throws -> [(bytes: [UInt8], sender: IPv4Endpoint)] {
        let poller = try Poller(waker: Waker())
        try poller.add(socket.descriptor, token: 0)
        try poller.wait(milliseconds: 10_000) { _, _ in }
        _ = try socket.receive(into: &batch)
        var packets: [(bytes: [UInt8], sender: IPv4Endpoint)] = []
        batch.forEachDatagram { origin, bytes in packets.append((bytes.withUnsafeBytes(Array.init), origin.source)) }
        return packets
    }

    @Test("a window of sixteen blocks arrives in order from one port, and the file is whole")
    func window() throws {
        let content = bytes(1_000_000)
        let live = try LiveServer(Files(files: ["image": .bytes(content)]))
        let client = try UDPSocket(.init(address: loopback, port: 0))
        var batch = ReceiveBatch(capacity: 16, datagramSize: 2048)
        let options = [TFTPOption(.blockSize, 1432), TFTPOption(.windowSize, 16), TFTPOption(.transferSize, 0)]
        let request = TFTPPacket.readRequest(TFTPRequest(fileName: "image", options: options))
        try client.send(request.bytes.span.bytes, to: live.server.local)
        let oack = try #require(try receive(client, &batch).first)
        #expect(oack.sender != live.server.local)
        let agreed = options.dropLast() + [TFTPOption(.transferSize, 1_000_000)]
        #expect(try TFTPPacket(decoding: oack.bytes.span.bytes) == .optionAcknowledgment(Array(agreed)))
        try client.send(TFTPPacket.acknowledgment(block: 0).bytes.span.bytes, to: oack.sender)
        var got: [UInt8] = []
        var block: UInt16 = 0
        while got.count < content.count {
            for packet in try receive(client, &batch) {
                guard case .data(let number, let payload) = try TFTPPacket(decoding: packet.bytes.span.bytes),
                    number == block &+ 1, packet.sender == oack.sender
                else { continue }
                block = number
                got += packet.bytes[payload]
                if number % 16 == 0 || payload.count < 1432 {
                    try client.send(TFTPPacket.acknowledgment(block: number).bytes.span.bytes, to: packet.sender)
                }
            }
        }
        #expect(got == content)
        let report = try #require(live.reported(1).first)
        #expect(report.outcome == .complete)
        #expect(report.windowSize == 16)
    }

    @Test("a file that shrinks meanwhile ends in an ERROR with the reason")
    func shrinking() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "perseid-tftp-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: path) }
        try Data(bytes(5000)).write(to: path)
        let file = try ReadOnlyFile(FileDescriptor.open(path.path, O_RDONLY))
        let live = try LiveServer(Files(files: ["f": .file(file)]))
        let client = try UDPSocket(.init(address: loopback, port: 0))
        var batch = ReceiveBatch(capacity: 4, datagramSize: 2048)
        try client.send(
            TFTPPacket.readRequest(TFTPRequest(fileName: "f")).bytes.span.bytes, to: live.server.local)
        let first = try #require(try receive(client, &batch).first)
        #expect(first.bytes.count == 516)
        try systemCall("truncate") { truncate(path.path, 700) }
        // It is looked at every few milliseconds and for the last block, so some blocks may come; never the last.
        var last = try TFTPPacket(decoding: first.bytes.span.bytes)
        while case .data(let block, let payload) = last {
            try #require(payload.count == 512 && block < 10)
            try client.send(TFTPPacket.acknowledgment(block: block).bytes.span.bytes, to: first.sender)
            let next = try #require(try receive(client, &batch).first)
            last = try TFTPPacket(decoding: next.bytes.span.bytes)
        }
        #expect(last == .error(.notDefined, message: "the file was changed while it was sent"))
        #expect(live.reported(1).map(\.outcome) == [.failed("the file was changed while it was sent")])
    }

    @Test("the end of the server is told to clients in the midst of a transfer")
    func stopping() throws {
        let live = try LiveServer(Files(files: ["f": .bytes(bytes(5000))]))
        let client = try UDPSocket(.init(address: loopback, port: 0))
        var batch = ReceiveBatch(capacity: 4, datagramSize: 2048)
        try client.send(
            TFTPPacket.readRequest(TFTPRequest(fileName: "f")).bytes.span.bytes, to: live.server.local)
        _ = try receive(client, &batch)
        live.stop()
        let last = try #require(try receive(client, &batch).first)
        let expected = TFTPPacket.error(.notDefined, message: "the server stops")
        #expect(try TFTPPacket(decoding: last.bytes.span.bytes) == expected)
        #expect(live.reports.all.map(\.outcome) == [.failed("the server stops")])
    }

    @Test("a taken port is an error that can be told apart")
    func takenPort() throws {
        let holder = try UDPSocket(.init(address: loopback, port: 0))
        let error = #expect(throws: SystemError.self) {
            _ = try TFTPServer(
                .init(address: loopback, port: holder.local.port), content: Files(files: [:]), report: { _ in })
        }
        #expect(error?.isAddressInUse == true)
    }
}
