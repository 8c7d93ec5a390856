import ArgumentParser
import BootPolicy
import Dissection
import Foundation
import PacketCapture

struct DecodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode", abstract: "Tells the DHCP, PXE and TFTP packets of a capture file in words.",
        discussion: """
            For each packet: what it is, every option by name and value, which kind of client sent it by the table that \
            the server goes by, what the server would offer it, and what is odd about it. Reads pcap and pcapng; of other \
            programs too: `tcpdump -i eth1 -w boot.pcap port 67 or port 68 or port 69 or port 4011`.

            Examples:
              perseid dhcp decode boot.pcap
              perseid dhcp decode boot.pcap --json | jq '.[].dhcp.quirks'
            """)

    @Argument(help: "Capture file.", completion: .file(extensions: ["pcap", "pcapng"]))
    var file: String
    @Option(help: "What firmware is given first: ipxe (default), pxelinux, grub or shim.")
    var loader: String?
    @Flag(help: "For programs.")
    var json = false

    func run() throws {
        let given = try loader.map { name in
            guard let known = BootLoader(rawValue: name) else {
                let names = BootLoader.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("`\(name)` is no loader; there are \(names)")
            }
            return known
        }
        var capture = try CaptureFile(file)
        var accounts: [PacketAccount] = []
        var others = 0
        while let frame = try capture.next() {
            guard let account = PacketAccount(frame, giving: given ?? .ipxe) else {
                others += 1
                continue
            }
            if json { accounts.append(account) } else { print(account.text) }
        }
        if json { try printJSON(accounts) }
        if others > 0 { note("\(others) other packets") }
    }
}
