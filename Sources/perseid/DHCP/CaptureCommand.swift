import ArgumentParser
import ControlPlane
import Foundation
import Glibc
import PacketCapture

struct CaptureCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capture", abstract: "Writes the last packets of a node to a capture file.",
        discussion: """
            The running server always keeps the last 64 packets (at most 64 KiB) of each of the last 1,024 machines, both \
            ways: DHCP, PXE, TFTP requests, ARP. Without -o they go to the standard output, unless that is a terminal; \
            without a node the machines are listed of which there are packets.

            Examples:
              perseid dhcp capture n001 -o n001.pcap
              perseid dhcp capture n001 | tshark -r -
              perseid dhcp capture 52:54:00:12:34:56 -o - | tcpdump -nvr -
            """)

    @OptionGroup var state: StateOption
    @Argument(help: "Name or MAC address. Without: the list.")
    var node: String?
    @Option(name: [.customShort("o"), .long], help: "File to write; `-` for the standard output.")
    var output: String?

    func run() async throws {
        let client = state.daemon()
        guard let node else { return try await list(client) }
        if output == nil, isatty(STDOUT_FILENO) != 0 {
            throw ValidationError("a capture is no text: name a file with -o, or pipe it to a program")
        }
        let name = node.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? node
        let bytes = Data(try await client.get("/api/v1/captures/\(name)"))
        guard let output, output != "-" else { return FileHandle.standardOutput.write(bytes) }
        do {
            try bytes.write(to: URL(fileURLWithPath: output))
        } catch {
            throw CaptureError.cannotWrite(path: output, reason: error.localizedDescription)
        }
        note("\(try CaptureFile.frames(of: output).count) packets in \(output)")
    }

    private func list(_ client: ControlClient) async throws {
        var table = TextTable(columns: [.left, .left, .right])
        table.add(["MAC", "NODE", "PACKETS"])
        for capture in try await client.get("/api/v1/captures", as: [CaptureResource].self) {
            table.add([capture.mac, capture.node ?? "-", String(capture.frames)])
        }
        print(table.text, terminator: "")
    }
}
