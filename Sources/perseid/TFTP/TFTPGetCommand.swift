import ArgumentParser
import BootProtocols
import Foundation
import Glibc
import PacketIO

struct TFTPGetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Fetches a file by TFTP, as firmware does.",
        discussion: """
            Asks for large blocks and a window (RFC 2348, RFC 7440); a server that knows no options is taken as it is. \
            The file appears under its name when it is whole. `--blksize 512 --windowsize 1` asks for nothing.

            Examples:
              perseid tftp get 10.0.0.1:undionly.kpxe
              perseid tftp get 10.0.0.1:stage1/vmlinuz -o /dev/null --windowsize 4
              perseid tftp get 10.0.0.1:grub/grub.cfg -o - --mode netascii
            """)

    @Argument(help: "HOST:NAME, the server's IPv4 address or name and the file's name as the server knows it.")
    var source: String
    @Option(
        name: [.short, .long], help: "Where to write; `-` is standard output. Without: the name's last part, here.")
    var output: String?
    @Option(help: "Bytes in a block, 8 to 65464.")
    var blksize = 1468
    @Option(help: "Blocks before an acknowledgment, 1 to 65535.")
    var windowsize = 16
    @Option(help: "Seconds before a retransmission, 1 to 255; asked of the server too.")
    var timeout: Int?
    @Option(help: "octet or netascii.")
    var mode = "octet"
    @Option(help: "UDP port of the server.")
    var port: UInt16 = 69

    func validate() throws {
        func check(_ condition: Bool, _ message: String) throws {
            guard condition else { throw ValidationError(message) }
        }
        try check((8...65464).contains(blksize), "--blksize is 8 to 65464")
        try check((1...65535).contains(windowsize), "--windowsize is 1 to 65535")
        try check(timeout.map { (1...255).contains($0) } ?? true, "--timeout is 1 to 255")
        try check(["octet", "netascii"].contains(mode), "--mode is octet or netascii")
        try check(port > 0, "--port is 1 to 65535")
        let (host, name) = try parts()
        try check(!host.isEmpty && !name.isEmpty, "the source is HOST:NAME, such as 10.0.0.1:undionly.kpxe")
        try check(!name.utf8.contains(0) && name.utf8.count <= 400, "the name is longer than 400 bytes")
    }

    func run() throws {
        let (host, name) = try parts()
        var wishes = TFTPDownload.Wishes()
        wishes.blockSize = blksize
        wishes.windowSize = windowsize
        wishes.timeout = timeout
        wishes.mode = mode == "netascii" ? .netascii : .octet
        let target = output ?? name.split(separator: "/").last.map(String.init) ?? name
        let server = IPv4Endpoint(try Self.address(of: host), port: port)
        let file = try DownloadFile(target)
        var fetch = try TFTPFetch(name, from: server, wishes, into: file)
        let progress = TFTPProgress(isShown: isatty(STDERR_FILENO) == 1)
        let result = try fetch.run { progress.show($0, of: $1) }
        progress.end()
        try file.publish()
        FileHandle.standardError.write(Data((result.line(name) + "\n").utf8))
    }

    private func parts() throws -> (host: String, name: String) {
        guard let colon = source.firstIndex(of: ":") else {
            throw ValidationError("the source is HOST:NAME, such as 10.0.0.1:undionly.kpxe")
        }
        return (String(source[..<colon]), String(source[source.index(after: colon)...]))
    }

    /// The IPv4 address that a name stands for (getaddrinfo).
    private static func address(of host: String) throws -> IPv4Address {
        if let address = IPv4Address(host) { return address }
        var hints = addrinfo()
        hints.ai_family = AF_INET
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        guard code == 0, let name = list?.pointee.ai_addr else {
            throw ValidationError("\(host): \(String(cString: gai_strerror(code)))")
        }
        return name.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
            IPv4Address(value: UInt32(bigEndian: $0.pointee.sin_addr.s_addr))
        }
    }
}

/// How far it is, on a terminal.
private struct TFTPProgress {
    let isShown: Bool

    func show(_ bytes: Int, of size: Int?) {
        guard isShown else { return }
        let percent = size.map { $0 > 0 ? ", \(bytes * 100 / $0) %" : "" } ?? ""
        FileHandle.standardError.write(Data("\r\(bytes) bytes\(percent)  ".utf8))
    }

    func end() {
        if isShown { FileHandle.standardError.write(Data("\r\u{1b}[K".utf8)) }
    }
}
